import { Crosswalk } from '@crosswalk/sdk';
import { expect, test } from 'vitest';
import { checkAccessibility } from './accessibility.ts';
import { password, useDashboard } from './dashboard.ts';
import { chooseFromMenu, chooseIn, pressOn, tabTo, writeInto } from './keyboard.ts';

const dashboard = useDashboard();

test('a secret is rotated with an overlap in which both work, and the list tells when each was used', async () => {
  const { crosswalk } = dashboard;
  const { client, plain_secret: old } = await crosswalk.client.create({ name: 'Nightly sync' });
  const listing = (secret: string) => new Crosswalk(dashboard.server.url, client.id, secret).organization.list({ pageSize: 1 });
  const page = await dashboard.open('/settings');
  const panel = page.getByRole('region', { name: 'Nightly sync', exact: true });
  await panel.getByText('Never used.').waitFor();
  await pressOn(page, panel.getByRole('button', { name: 'Add secret to Nightly sync' }));
  await pressOn(page, page.getByRole('dialog').getByRole('button', { name: 'Add secret' }));
  const shown = page.getByRole('button', { name: /^Copy secret / });
  const fresh = (await shown.innerText()).trim();
  await pressOn(page, page.getByRole('button', { name: 'I have copied it' }));
  await shown.waitFor({ state: 'detached' });
  expect(await page.getByText(fresh).count()).toBe(0);
  expect(await panel.getByRole('button', { name: 'Add secret to Nightly sync' }).count()).toBe(0);
  await listing(old);
  await listing(fresh);
  await expect
    .poll(
      async () => {
        await page.reload();
        await panel.getByRole('row').nth(2).waitFor();
        return panel.getByRole('row').allInnerTexts();
      },
      { timeout: 60_000, interval: 1000 },
    )
    .toEqual([expect.anything(), expect.not.stringContaining('never'), expect.not.stringContaining('never')]);
  await pressOn(page, panel.getByRole('button', { name: `Delete the secret …${old.slice(-4)}` }));
  await pressOn(page, page.getByRole('dialog').getByRole('button', { name: 'Delete secret' }));
  await page.getByText('Secret deleted.').waitFor();
  await listing(fresh);
  await expect(listing(old)).rejects.toMatchObject({ status: 401 });
  await pressOn(page, panel.getByRole('button', { name: 'Delete the API client Nightly sync' }));
  await writeInto(page, page.getByLabel('Type Nightly sync to confirm'), 'Nightly sync');
  await page.keyboard.press('Enter');
  await panel.waitFor({ state: 'detached' });
});

test('a system is described, and from then on every record shows its ID under its label with a link that leads there', async () => {
  const { id } = await dashboard.crosswalk.organization.create({
    display_name: 'Linked',
    external_ids: { erp: 'K 4711/ä', 'erp-old': 'x' },
  });
  const page = await dashboard.open('/settings?tab=systems');
  await pressOn(page, page.getByRole('button', { name: 'New system' }));
  await writeInto(page, page.getByLabel('Name', { exact: true }), 'erp-new');
  await page.keyboard.press('Enter');
  await page.getByText('System saved.').waitFor();
  await pressOn(page, page.getByRole('button', { name: 'Edit the system erp', exact: true }));
  await writeInto(page, page.getByLabel('Label'), 'The ERP');
  await writeInto(page, page.getByLabel('Link pattern'), 'https://erp.example.com/customers/{id}?tab=1');
  await writeInto(page, page.getByLabel('ID pattern'), 'K ####/?');
  await writeInto(page, page.getByLabel('Try an ID'), 'K 1/ä');
  await page.getByText('unusual form').waitFor();
  await writeInto(page, page.getByLabel('Try an ID'), 'K 4711/ä');
  await page.getByText('looks right').waitFor();
  await page.keyboard.press('Enter');
  await page
    .getByRole('row', { name: /The ERP/ })
    .getByText('https://erp.example.com')
    .waitFor();

  const record = await dashboard.open(`/organizations/${id}`);
  const ids = record.getByRole('region', { name: 'External IDs' });
  const link = ids.getByRole('link', { name: 'Open in The ERP' });
  await link.waitFor();
  expect(await link.getAttribute('href')).toBe('https://erp.example.com/customers/K%204711%2F%C3%A4?tab=1');
  expect(await ids.getByText('unusual form').count()).toBe(0);
  expect(await ids.getByRole('link').count()).toBe(1);

  await page.bringToFront();
  await pressOn(page, page.getByRole('button', { name: 'Delete the system erp', exact: true }));
  await pressOn(page, page.getByRole('button', { name: 'Delete description' }));
  await page.getByText('The description is gone').waitFor();
});

test('a role is made, changed and deleted by keyboard, and is what new members get when it is told to be', async () => {
  const { crosswalk } = dashboard;
  const page = await dashboard.open('/settings?tab=roles');
  await pressOn(page, page.getByRole('button', { name: 'New role' }));
  await writeInto(page, page.getByLabel('Name', { exact: true }), 'auditor');
  await writeInto(page, page.getByLabel('Display name'), 'Auditor');
  await tabTo(page, page.getByRole('combobox', { name: 'Permissions' }));
  await page.keyboard.type('books:read');
  await page.keyboard.press('Enter');
  await pressOn(page, page.getByRole('button', { name: 'Save role' }));
  const row = page.getByRole('row', { name: 'auditor' });
  await row.getByText('books:read').waitFor();

  await pressOn(page, page.getByRole('button', { name: 'Edit the role auditor' }));
  await writeInto(page, page.getByLabel('Display name'), 'External auditor');
  await tabTo(page, page.getByRole('combobox', { name: 'Permissions' }));
  await page.keyboard.type('books:export');
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByLabel('New members who are given no role get this one'));
  await page.keyboard.press('Space');
  await pressOn(page, page.getByRole('button', { name: 'Save role' }));
  await row.getByText('External auditor').waitFor();
  await row.getByText('new members').waitFor();
  const { permissions } = await crosswalk.role.get('auditor', { include: 'permissions' });
  expect(permissions?.map(({ name }) => name).sort()).toEqual(['books:export', 'books:read']);
  const { id } = await crosswalk.organization.create({ display_name: 'Audited' });
  const { user } = await crosswalk.user.createUserAndMembership(id, { email: 'new@example.com' });
  expect((await crosswalk.membership.get(id, user.id)).roles).toMatchObject([{ name: 'auditor' }]);

  await crosswalk.role.setDefaults({ default_member_role: 'member' });
  await page.reload();
  await pressOn(page, page.getByRole('button', { name: 'Delete the role auditor' }));
  await page.getByText('1 member has it.').waitFor();
  await chooseIn(page, page.getByLabel('They get instead'), 'Member');
  await pressOn(page, page.getByRole('button', { name: 'Delete role', exact: true }));
  await row.waitFor({ state: 'detached' });
  expect((await crosswalk.membership.get(id, user.id)).roles).toMatchObject([{ name: 'member' }]);
});

test('an operator is let in, gets another role and password, and is removed; each takes effect at once', async () => {
  const page = await dashboard.open('/settings?tab=operators');
  await pressOn(page, page.getByRole('button', { name: 'New operator' }));
  await writeInto(page, page.getByLabel('Email'), 'alan@example.com');
  await writeInto(page, page.getByLabel('Name'), 'Alan Turing');
  await writeInto(page, page.getByRole('textbox', { name: 'Password to begin with' }), password);
  await page.keyboard.press('Enter');
  const row = page.getByRole('row', { name: /Alan Turing/ });
  await row.getByText('viewer').waitFor();
  await row.getByText('never').waitFor();

  const theirs = await dashboard.open('/organizations', { role: 'nobody' });
  const signIn = async (secret: string) => {
    await theirs.getByLabel('Email').fill('alan@example.com');
    await theirs.getByRole('textbox', { name: 'Password' }).fill(secret);
    await theirs.keyboard.press('Enter');
  };
  await signIn(password);
  await theirs.getByRole('heading', { name: 'Organizations' }).waitFor();
  expect(await theirs.getByRole('button', { name: 'New organization' }).count()).toBe(0);

  await page.bringToFront();
  await pressOn(page, page.getByRole('button', { name: 'Edit the operator alan@example.com' }));
  await chooseIn(page, page.getByLabel('Role in this environment'), 'Editor');
  await writeInto(page, page.getByRole('textbox', { name: 'New password' }), 'another password for tests');
  await pressOn(page, page.getByRole('button', { name: 'Save operator' }));
  await row.getByText('editor').waitFor();
  await theirs.bringToFront();
  await theirs.reload();
  await theirs.getByRole('heading', { name: 'Sign in' }).waitFor();
  await signIn('another password for tests');
  await theirs.getByRole('button', { name: 'New organization' }).first().waitFor();

  await page.bringToFront();
  await pressOn(page, page.getByRole('button', { name: 'Remove the operator alan@example.com' }));
  await pressOn(page, page.getByRole('button', { name: 'Remove operator' }));
  await row.waitFor({ state: 'detached' });
  await expect
    .poll(
      async () => {
        await theirs.reload();
        return theirs.getByText('You have no role in this environment').isVisible();
      },
      { timeout: 30_000, interval: 1000 },
    )
    .toBe(true);
});

test('an environment is made and renamed by keyboard, opened by the switcher, and has nothing of the other', async () => {
  await dashboard.crosswalk.organization.create({ display_name: 'Of the first environment' });
  const page = await dashboard.open('/settings?tab=environments');
  await pressOn(page, page.getByRole('button', { name: 'New environment' }));
  await writeInto(page, page.getByRole('textbox', { name: 'Name' }), 'sandbox');
  await page.keyboard.press('Enter');
  await pressOn(page, page.getByRole('button', { name: 'Rename sandbox' }));
  await writeInto(page, page.getByRole('textbox', { name: 'Name' }), 'test');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('Not saved').waitFor();
  await writeInto(page, page.getByRole('textbox', { name: 'Name' }), 'sandbox 2');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Open sandbox 2' }).waitFor();
  await page.keyboard.press('Escape');
  await chooseFromMenu(page, page.getByRole('button', { name: /^Environment test/ }), /sandbox 2/);
  await page.getByRole('button', { name: 'Environment sandbox 2, change it' }).waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('o');
  await page.getByText('No organizations yet').waitFor();
  expect(await page.getByText('Of the first environment').count()).toBe(0);
});

test('the template of invitations is written by keyboard beside its preview, is what people get, and can be deleted again', async () => {
  const { crosswalk } = dashboard;
  const page = await dashboard.open('/settings?tab=invitations');
  const preview = page.getByRole('region', { name: 'Preview' });
  await pressOn(page, page.getByRole('button', { name: 'Write a template' }));
  await writeInto(page, page.getByLabel('Subject'), 'Come to {{organization_name}}');
  await preview.getByText('Come to Acme').waitFor();
  await writeInto(page, page.getByRole('textbox', { name: 'HTML' }), '<p>Hi</p><a href="{{accept_url}}">Enter here</a>');
  await preview.frameLocator('iframe').getByRole('link', { name: 'Enter here' }).waitFor();
  await checkAccessibility(page);
  await pressOn(page, page.getByRole('button', { name: 'Save template' }));
  await page.getByText('Template saved.').waitFor();
  const { id } = await crosswalk.organization.create({ display_name: 'Templated' });
  await crosswalk.user.createUserAndMembership(id, { email: 'mailed@example.com' });
  const [message] = (await crosswalk.mailbox.list({ organizationId: id })).messages;
  expect([message?.subject, message?.html]).toEqual(['Come to Templated', expect.stringContaining('Enter here')]);
  await pressOn(page, page.getByRole('button', { name: 'Delete template' }));
  await pressOn(page, page.getByRole('dialog').getByRole('button', { name: 'Delete template' }));
  await page.getByText('Template deleted.').waitFor();
  await preview.getByText('invited to Acme').first().waitFor();
  expect((await crosswalk.invitation.getSettings()).templates).toEqual({});
});

test('an index is asked for by keyboard, is ready when it is built, and is deleted; a key that is none is told in the dialog', async () => {
  dashboard.server.startWork();
  const page = await dashboard.open('/settings?tab=indexes');
  await page.getByText('No indexes').waitFor();
  await pressOn(page, page.getByRole('button', { name: 'New index' }));
  await writeInto(page, page.getByRole('textbox', { name: 'Key' }), 'seats');
  await page.keyboard.press('Enter');
  await page
    .getByRole('dialog')
    .getByText(/metadata\["a key"\]\.city/)
    .last()
    .waitFor();
  await writeInto(page, page.getByRole('textbox', { name: 'Key' }), 'metadata.seats');
  await chooseIn(page, page.getByLabel('Values'), 'Numbers');
  await pressOn(page, page.getByRole('button', { name: 'Create index' }));
  const row = page.getByRole('row', { name: /metadata\.seats/ });
  await row.getByText('ready').waitFor();
  expect(await dashboard.crosswalk.metadataIndex.list()).toMatchObject([{ kind: 'organization', key: 'metadata.seats', type: 'number' }]);
  await checkAccessibility(page);
  await pressOn(page, page.getByRole('button', { name: 'Delete the index of metadata.seats' }));
  await pressOn(page, page.getByRole('dialog').getByRole('button', { name: 'Delete index' }));
  await page.getByText('No indexes').waitFor();
  expect(await dashboard.crosswalk.metadataIndex.list()).toEqual([]);
});

test('a signing key is replaced and revoked by keyboard, and programs go on', async () => {
  const { crosswalk } = dashboard;
  const [old] = await crosswalk.signingKey.list();
  const page = await dashboard.open('/settings?tab=signing-keys');
  await pressOn(page, page.getByRole('button', { name: 'New signing key' }));
  await pressOn(page, page.getByRole('button', { name: 'Publish key' }));
  await page.getByRole('row').getByText('next').waitFor();
  await pressOn(page, page.getByRole('button', { name: `Revoke the key ${old?.kid}` }));
  await pressOn(page, page.getByRole('button', { name: 'Revoke key' }));
  await page
    .getByRole('row', { name: old?.kid ?? '' })
    .getByText('revoked')
    .waitFor();
  expect((await crosswalk.signingKey.list()).map(({ state }) => state)).toEqual(['SIGNING', 'REVOKED']);
  expect((await crosswalk.organization.list({ pageSize: 1 })).organizations).toHaveLength(1);
});
