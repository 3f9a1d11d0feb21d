import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { checkAccessibility } from './accessibility.ts';
import { password, useDashboard } from './dashboard.ts';

const dashboard = useDashboard();

/** What a dialog says when its save came too late. */
const tooLate = 'Somebody else changed this meanwhile';

test('an operator who is here already keeps the role: a new one with their address is refused and told the way', async () => {
  const { crosswalk } = dashboard;
  const other = await dashboard.server.addEnvironment('elsewhere');
  const { id } = await crosswalk.operator.create({ email: 'known@example.com', password, role: 'admin' });
  await other.request('POST', '/api/v1/operators', { email: 'stranger@example.com', password, role: 'admin' });
  // Who gives the role is an admin there, too.
  await dashboard.admit(other, 'admin');
  const page = await dashboard.open('/settings?tab=operators');
  const letIn = async (email: string) => {
    await page.getByRole('button', { name: 'New operator' }).click();
    await page.getByLabel('Email').fill(email);
    await page.getByLabel('Password to begin with').fill(password);
    await page.getByRole('button', { name: 'Add operator' }).click();
  };
  await letIn('known@example.com');
  await page.getByRole('alert').getByText('known@example.com is an operator here already, as admin').waitFor();
  expect((await crosswalk.operator.list()).find((operator) => operator.id === id)?.roles[dashboard.environmentId]).toBe('admin');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await letIn('stranger@example.com');
  await page.getByRole('row', { name: 'stranger@example.com' }).getByText('viewer').waitFor();
});

test('an ID is changed, added and removed, and a record deleted, only as it was when the dialog opened', async () => {
  const { crosswalk } = dashboard;
  const { id } = await crosswalk.organization.create({ display_name: 'Twice', external_id: 'T-1', external_ids: { stripe: 'cus_1' } });
  const page = await dashboard.open(`/organizations/${id}`);
  const ids = page.getByRole('region', { name: 'External IDs' });
  const dialog = page.getByRole('dialog');
  const lateWith = async (change: { external_id?: string; external_ids?: Record<string, string> }, action: string) => {
    await crosswalk.organization.update(id, change);
    await comeBack(page);
    await ids.getByText(change.external_id ?? Object.values(change.external_ids ?? {}).join(), { exact: true }).waitFor();
    await dialog.getByRole('button', { name: action }).click();
    await dialog.getByText(tooLate).waitFor();
  };
  await ids.getByRole('button', { name: 'Change External ID' }).click();
  await dialog.getByLabel('External ID', { exact: true }).fill('MINE');
  await lateWith({ external_id: 'THEIRS' }, 'Change ID');
  await checkAccessibility(page);
  await dialog.getByRole('button', { name: 'Show what is there now' }).click();
  await dialog.waitFor({ state: 'detached' });

  await ids.getByRole('button', { name: 'Add ID' }).click();
  await dialog.getByRole('combobox', { name: 'System' }).fill('hubspot');
  await dialog.getByLabel('ID in hubspot').fill('H-mine');
  await lateWith({ external_ids: { hubspot: 'H-theirs' } }, 'Add ID');
  await dialog.getByRole('button', { name: 'Show what is there now' }).click();

  await ids.getByRole('button', { name: 'Remove stripe' }).click();
  await lateWith({ external_ids: { stripe: 'cus_2' } }, 'Remove ID');
  await dialog.getByRole('button', { name: 'Show what is there now' }).click();

  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Delete organization' }).click();
  await dialog.getByLabel(/^Type/).fill('THEIRS');
  await lateWith({ external_ids: { hubspot: 'H-late' } }, 'Delete organization');
  expect(await crosswalk.organization.get(id)).toMatchObject({
    external_id: 'THEIRS',
    external_ids: { hubspot: 'H-late', stripe: 'cus_2' },
  });
});

test('whoever saved too late reads what is there now without loading the page, and saves then', async () => {
  const { crosswalk } = dashboard;
  const { id } = await crosswalk.organization.create({ display_name: 'Before' });
  const user = await crosswalk.user.createUser({ email: 'late@example.com' });
  await crosswalk.membership.create(id, user.id, { send_invitation_email: false });
  await crosswalk.role.create({ name: 'late', display_name: 'Late' });
  await crosswalk.system.put('late', { label: 'Late' });
  const page = await dashboard.open(`/organizations/${id}`);
  const dialog = page.getByRole('dialog');
  /** Fills a form, lets somebody else be faster, reads what is there, and saves then. */
  const saveLate = async (form: {
    open: string;
    field: string;
    save: string;
    faster: () => Promise<unknown>;
    /** what the field says afterwards */
    theirs: string;
    own: string;
  }) => {
    await page.getByRole('button', { name: form.open }).click();
    await dialog.getByLabel(form.field, { exact: true }).fill(form.own);
    await form.faster();
    await dialog.getByRole('button', { name: form.save }).click();
    await dialog.getByText(tooLate).waitFor();
    await dialog.getByRole('button', { name: 'Show what is there now' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText(form.theirs).first().waitFor();
    await page.getByRole('button', { name: form.open }).click();
    expect(await dialog.getByLabel(form.field, { exact: true }).inputValue()).toBe(form.theirs);
    await dialog.getByLabel(form.field, { exact: true }).fill(form.own);
    await dialog.getByRole('button', { name: form.save }).click();
    await dialog.waitFor({ state: 'detached' });
  };
  await saveLate({
    open: 'Edit details',
    field: 'Name',
    save: 'Save details',
    faster: () => crosswalk.organization.update(id, { display_name: 'Of somebody else' }),
    theirs: 'Of somebody else',
    own: 'Of mine',
  });
  expect((await crosswalk.organization.get(id)).display_name).toBe('Of mine');

  await page.getByRole('tab', { name: 'Members' }).click();
  await page.getByRole('button', { name: 'Change the membership of late@example.com' }).click();
  await crosswalk.membership.update(id, user.id, { roles: [{ name: 'late' }] });
  await dialog.getByLabel('Status').selectOption('INACTIVE');
  await dialog.getByRole('button', { name: 'Save membership' }).click();
  await dialog.getByRole('button', { name: 'Show what is there now' }).click();
  await page.getByRole('cell', { name: 'Late', exact: true }).waitFor();

  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('tab', { name: 'Systems' }).click();
  await saveLate({
    open: 'Edit the system late',
    field: 'Label',
    save: 'Save system',
    faster: () => crosswalk.system.put('late', { label: 'Their label' }),
    theirs: 'Their label',
    own: 'My label',
  });
  await page.getByRole('tab', { name: 'Roles' }).click();
  await saveLate({
    open: 'Edit the role late',
    field: 'Display name',
    save: 'Save role',
    faster: () => crosswalk.role.update('late', { display_name: 'Their role' }),
    theirs: 'Their role',
    own: 'My role',
  });
});

test('settings of invitations that two people change are both kept where they are different ones, and told where they are the same', async () => {
  const { invitation } = dashboard.crosswalk;
  const page = await dashboard.open('/settings?tab=invitations');
  const days = page.getByLabel('Open for days');
  await days.fill('7');
  await invitation.updateSettings({ templates: { en: { subject: 'S', text: '{{accept_url}}', html: null } } });
  await comeBack(page);
  await expect.poll(() => page.getByLabel('Subject').inputValue()).toBe('S');
  expect(await days.inputValue()).toBe('7');
  await page.getByRole('button', { name: 'Save settings' }).click();
  await page.getByText('Settings saved.').waitFor();
  expect(await invitation.getSettings()).toMatchObject({ invitation_days: 7, templates: { en: { subject: 'S' } } });

  await days.fill('8');
  await page.getByLabel('Subject').fill('Mine');
  await invitation.updateSettings({ invitation_days: 30, templates: { en: { subject: 'Theirs', text: '{{accept_url}}', html: null } } });
  await comeBack(page);
  for (const action of ['Save settings', 'Save template']) {
    await page.getByRole('button', { name: action }).click();
    await page.getByRole('alert').getByText(tooLate).waitFor();
    await page.getByRole('button', { name: 'Show what is there now' }).click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
  }
  expect(await days.inputValue()).toBe('30');
  expect(await page.getByLabel('Subject').inputValue()).toBe('Theirs');
  expect(await invitation.getSettings()).toMatchObject({ invitation_days: 30, templates: { en: { subject: 'Theirs' } } });
});

test('an endpoint that somebody else changed behind the form is not overwritten, and what fails in its menu is told', async () => {
  const { webhookEndpoint } = dashboard.crosswalk;
  const { webhook_endpoint: endpoint } = await webhookEndpoint.create({ url: 'https://example.com/hook', description: 'Before' });
  const page = await dashboard.open(`/webhooks/${endpoint.id}`);
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByLabel('Description').fill('Mine');
  await webhookEndpoint.update(endpoint.id, { description: 'Theirs' });
  await comeBack(page);
  await page.getByText('Theirs').waitFor();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('dialog').getByText(tooLate).waitFor();
  await page.getByRole('button', { name: 'Show what is there now' }).click();
  expect((await webhookEndpoint.get(endpoint.id)).description).toBe('Theirs');

  await webhookEndpoint.disable(endpoint.id);
  await comeBack(page);
  await page.getByRole('heading', { name: /Disabled/ }).waitFor();
  await page.route('**/webhook_endpoints/*:enable', (route) => route.fulfill({ status: 403, body: '{}' }));
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Enable' }).click();
  await page.getByRole('alert').getByText('Not enabled').waitFor();
});

/** What coming back to the tab does: what is on screen is read again, as it is older than ten seconds by then. */
async function comeBack(page: Page): Promise<void> {
  await page.evaluate(() => {
    const before = Date.now;
    Date.now = () => before() + 11_000;
    window.dispatchEvent(new Event('visibilitychange'));
  });
}
