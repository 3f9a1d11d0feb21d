import { AuthenticationError, Crosswalk } from '@crosswalk/sdk';
import { expect, test } from 'vitest';
import { checkAccessibility } from './accessibility.ts';
import { password, useDashboard } from './dashboard.ts';

const dashboard = useDashboard();

test('an API client is made by keyboard, its secret shown once, and rotated without a gap', async () => {
  const page = await dashboard.open('/settings');
  await page.getByRole('button', { name: 'New API client' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'Name' }).waitFor();
  await page.keyboard.type('Billing <b>webhooks</b>');
  await page.keyboard.press('Enter');
  const lines = page.getByRole('region', { name: 'Lines of a file .env' });
  const first = readEnv(await lines.innerText());
  await checkAccessibility(page);
  await page.getByRole('button', { name: 'I have copied it' }).press('Enter');
  await lines.waitFor({ state: 'detached' });
  await new Crosswalk(first.url, first.id, first.secret).organization.list({ pageSize: 1 });

  const panel = page.getByRole('region', { name: 'Billing <b>webhooks</b>', exact: true });
  await panel.getByRole('button', { name: 'Add secret' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Add secret' }).click();
  const second = readEnv(await lines.innerText());
  await page.getByRole('button', { name: 'I have copied it' }).click();
  await panel.getByRole('button', { name: `Delete the secret …${first.secret.slice(-4)}` }).click();
  await page.getByRole('button', { name: 'Delete secret', exact: true }).click();
  await page.getByText('Secret deleted.').waitFor();
  await new Crosswalk(second.url, second.id, second.secret).organization.list({ pageSize: 1 });
  await expect(new Crosswalk(first.url, first.id, first.secret).organization.list()).rejects.toThrow(AuthenticationError);

  await panel.getByRole('button', { name: /^Delete the API client/ }).click();
  await page.getByLabel('Type Billing <b>webhooks</b> to confirm').fill('Billing <b>webhooks</b>');
  await page.getByRole('button', { name: 'Delete API client', exact: true }).click();
  await panel.waitFor({ state: 'detached' });
  await expect(new Crosswalk(second.url, second.id, second.secret).organization.list()).rejects.toThrow(AuthenticationError);
});

test('a known system is described with what others are like, tried with an ID, changed and deleted', async () => {
  await dashboard.crosswalk.organization.create({ display_name: 'Acme', external_ids: { stripe: 'cus_1' } });
  const page = await dashboard.open('/settings?tab=systems');
  await page.getByRole('button', { name: 'Edit the system stripe' }).click();
  await page.getByLabel('Try an ID').fill('cus_9/ä');
  await page.getByText('https://dashboard.stripe.com/customers/cus_9%2F%C3%A4').waitFor();
  await page.getByText('looks right').waitFor();
  await page.getByLabel('Try an ID').fill('sub_9');
  await page.getByText('unusual form').waitFor();
  await checkAccessibility(page);
  await page.keyboard.press('Enter');
  await page.getByText('System saved.').waitFor();
  expect(await dashboard.crosswalk.system.get('stripe')).toMatchObject({ label: 'Stripe', id_pattern: 'cus_*' });

  await page.getByRole('button', { name: 'Edit the system stripe' }).click();
  await page.getByLabel('Link pattern').fill('javascript:alert(1)//{id}');
  await page.getByRole('button', { name: 'Save system' }).click();
  await page.getByRole('alert').getByText('url_pattern').first().waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Delete the system stripe' }).click();
  await page.getByRole('button', { name: 'Delete description' }).click();
  await page.getByText('The description is gone').waitFor();
  expect(await dashboard.crosswalk.system.list()).toMatchObject([{ name: 'stripe', label: null }]);
});

test('a role is made with permissions that are new, and deleted with another in its place', async () => {
  const page = await dashboard.open('/settings?tab=roles');
  await page.getByRole('button', { name: 'New role' }).click();
  await page.getByLabel('Name', { exact: true }).fill('billing_admin');
  await page.getByLabel('Display name').fill('Billing administrator');
  await page.getByLabel('Extends', { exact: true }).selectOption('member');
  await page.getByRole('combobox', { name: 'Permissions' }).fill('invoices:read');
  await page.keyboard.press('Enter');
  await checkAccessibility(page);
  await page.getByRole('button', { name: 'Save role' }).click();
  await page.getByRole('row', { name: 'billing_admin' }).getByText('invoices:read').waitFor();
  expect(await dashboard.crosswalk.role.get('billing_admin', { include: 'permissions' })).toMatchObject({
    extends: 'member',
    permissions: [{ name: 'invoices:read' }],
  });

  const { id } = await dashboard.crosswalk.organization.create({ display_name: 'Roles' });
  const { user } = await dashboard.crosswalk.user.createUserAndMembership(id, {
    email: 'role@example.com',
    membership: { roles: [{ name: 'billing_admin' }] },
  });
  await page.getByRole('button', { name: 'Delete the role billing_admin' }).click();
  await page.getByText('1 member has it.').waitFor();
  await page.getByLabel('They get instead').selectOption('member');
  await page.getByRole('button', { name: 'Delete role', exact: true }).click();
  await page.getByText('Role deleted.').waitFor();
  expect((await dashboard.crosswalk.membership.get(id, user.id)).roles).toMatchObject([{ name: 'member' }]);
});

test('an operator is let in with a role, loses it, and the last admin cannot give up theirs', async () => {
  const page = await dashboard.open('/settings?tab=operators');
  await page.getByRole('button', { name: 'New operator' }).click();
  await page.getByLabel('Email').fill('grace@example.com');
  await page.getByLabel('Role in this environment').selectOption('editor');
  await page.getByLabel('Password to begin with').fill(password);
  await page.keyboard.press('Enter');
  const row = page.getByRole('row', { name: 'grace@example.com' });
  await row.getByText('editor').waitFor();
  await row.getByRole('button', { name: /^Remove the operator/ }).click();
  await page.getByRole('button', { name: 'Remove operator' }).click();
  await row.waitFor({ state: 'detached' });

  await page.getByRole('button', { name: 'Edit the operator admin@example.com' }).click();
  await page.getByLabel('Role in this environment').selectOption('viewer');
  await page.getByRole('button', { name: 'Save operator' }).click();
  await page.getByRole('alert').getByText('last admin').waitFor();
  await checkAccessibility(page);
});

test('an environment is made, opened and renamed', async () => {
  const page = await dashboard.open('/settings?tab=environments');
  await page.getByRole('button', { name: 'New environment' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('staging');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Rename staging' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('pre-production');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Open pre-production' }).click();
  await page.getByRole('button', { name: 'Environment pre-production, change it' }).waitFor();
  await page.getByText('This environment is empty.').waitFor();
});

test('what invitations say is seen before it is saved, and what is wrong with it too', async () => {
  const page = await dashboard.open('/settings?tab=invitations');
  await page.getByRole('button', { name: 'Write a template' }).click();
  await page.getByLabel('Subject').fill('Welcome to {{organization_name}}');
  await page.getByRole('region', { name: 'Preview' }).getByText('Welcome to Acme').waitFor();
  await page.getByLabel('Text', { exact: true }).first().fill('no link');
  await page.getByText('accept_url').last().waitFor();
  await page.getByRole('alert').waitFor();
  await page.getByLabel('Text', { exact: true }).first().fill('Go to {{accept_url}}');
  await page.getByRole('button', { name: 'Save template' }).click();
  await page.getByText('Template saved.').waitFor();
  await page.getByLabel('Open for days').fill('7');
  await page.getByRole('button', { name: 'Save settings' }).click();
  await page.getByText('Settings saved.').waitFor();
  expect(await dashboard.crosswalk.invitation.getSettings()).toMatchObject({
    invitation_days: 7,
    templates: { en: { subject: 'Welcome to {{organization_name}}', text: 'Go to {{accept_url}}' } },
  });
  await checkAccessibility(page);
});

test('settings are for admins', async () => {
  const page = await dashboard.open('/settings', { role: 'editor' });
  await page.getByText('Admins have settings').waitFor();
  expect(await page.getByRole('link', { name: 'Settings' }).count()).toBe(0);
});

/** Reads the three lines of a file `.env`. */
function readEnv(text: string): { url: string; id: string; secret: string } {
  const [url = '', id = '', secret = ''] = text
    .trim()
    .split('\n')
    .map((line) => line.slice(line.indexOf('=') + 1));
  return { url, id, secret };
}
