import { expect, test } from 'vitest';
import { checkAccessibility } from './accessibility.ts';
import { useDashboard } from './dashboard.ts';
import { hostileTexts } from './hostile-texts.ts';

const dashboard = useDashboard();

test('by keyboard alone: create an organization, find it by an ID, add metadata with its types, save', async () => {
  const page = await dashboard.open('/users');
  await page.keyboard.press('g');
  await page.keyboard.press('o');
  await page.getByRole('heading', { name: 'Organizations' }).waitFor();
  await page.getByText('No organizations yet').waitFor();
  await page.keyboard.press('c');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.type('Acme Corporation');
  await page.keyboard.press('Tab');
  await page.keyboard.type('CUST-1');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Acme Corporation' }).waitFor();
  await page.getByRole('region', { name: 'Metadata' }).waitFor();

  await page.keyboard.press('e');
  await page.getByRole('dialog', { name: 'Edit metadata' }).waitFor();
  await page.getByRole('button', { name: 'Add key' }).press('Enter');
  await page.keyboard.type('seats');
  await page.keyboard.press('Tab');
  await page.keyboard.type('Number');
  await page.keyboard.press('Tab');
  await page.keyboard.type('12x');
  await page.getByText('A number, such as 250').waitFor();
  await checkAccessibility(page);
  await page.keyboard.press('Backspace');
  await page.getByRole('button', { name: 'Review changes' }).press('Enter');
  await page.getByRole('dialog', { name: 'Save these changes?' }).waitFor();
  await page.getByRole('button', { name: 'Save' }).press('Enter');
  await page.getByText('Metadata saved.').waitFor();
  expect((await dashboard.crosswalk.organization.getByExternalId('CUST-1'))?.metadata).toEqual({ seats: 12 });

  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').waitFor();
  await page.keyboard.type('CUST-1');
  await page.getByRole('option', { name: /Acme Corporation.*External ID CUST-1/ }).waitFor();
  await checkAccessibility(page);
  await page.keyboard.press('Escape');
  expect(await page.getByRole('combobox').count()).toBe(0);
});

test('by mouse: external IDs are added, changed and removed; the former one is shown with its end; the system shows the record', async () => {
  const { crosswalk } = dashboard;
  await crosswalk.system.put('stripe', {
    label: 'Stripe',
    url_pattern: 'https://dashboard.stripe.com/customers/{id}',
    id_pattern: 'cus_*',
  });
  const { id } = await crosswalk.organization.create({ display_name: 'Globex', external_id: 'G-1' });
  const page = await dashboard.open(`/organizations/${id}`);
  const ids = page.getByRole('region', { name: 'External IDs' });

  await ids.getByRole('button', { name: 'Add ID' }).click();
  await page.getByLabel('System').first().fill('stripe');
  await page.getByLabel('ID in stripe').fill('acct 1/2');
  await page.getByRole('dialog').getByRole('button', { name: 'Add ID' }).click();
  await ids.getByText('acct 1/2').waitFor();
  expect(await ids.getByRole('link', { name: 'Open in Stripe' }).getAttribute('href')).toBe(
    'https://dashboard.stripe.com/customers/acct%201%2F2',
  );
  await ids.getByText('unusual form').waitFor();

  await ids.getByRole('button', { name: 'Change External ID' }).click();
  await page.getByLabel('External ID', { exact: true }).fill('G-2');
  await page.getByRole('dialog').getByRole('button', { name: 'Change ID' }).click();
  await ids.getByText('still leads here').waitFor();
  await ids.getByText('G-1').waitFor();
  expect(await ids.getByText('in 30 days').count()).toBe(1);

  await ids.getByRole('button', { name: 'Remove Stripe' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove ID' }).click();
  await page.getByText('External ID removed.').waitFor();
  expect(await crosswalk.organization.get(id)).toMatchObject({ external_id: 'G-2', external_ids: {} });
});

test('an ID that another record has is refused in the dialog, and the message names the holder', async () => {
  const holder = await dashboard.crosswalk.organization.create({ display_name: 'Holder', external_id: 'TAKEN' });
  const { id } = await dashboard.crosswalk.organization.create({ display_name: 'Taker' });
  const page = await dashboard.open(`/organizations/${id}`);
  await page.getByRole('button', { name: 'Add ID' }).click();
  await page.getByLabel('External ID', { exact: true }).fill('TAKEN');
  await page.getByRole('dialog').getByRole('button', { name: 'Add ID' }).click();
  await page.getByRole('alert').getByText(holder.id).waitFor();
  await page.getByRole('alert').getByText('Request').waitFor();
});

test('what another browser changed meanwhile is shown beside one’s own, and nothing is lost', async () => {
  const { crosswalk } = dashboard;
  const { id } = await crosswalk.organization.create({ display_name: 'Contested', metadata: { plan: 'starter', seats: 10, owner: 'ada' } });
  const [first, second] = await Promise.all([dashboard.open(`/organizations/${id}`), dashboard.open(`/organizations/${id}`)]);
  for (const [page, plan, key] of [
    [first, 'enterprise', 'seats'],
    [second, 'team', 'owner'],
  ] as const) {
    await page.getByRole('button', { name: 'Edit metadata' }).click();
    await page.getByLabel('Value of plan').fill(plan);
    await page.getByLabel(`Value of ${key}`).fill(key === 'seats' ? '20' : 'grace');
    await page.getByRole('button', { name: 'Review changes' }).click();
  }
  await first.getByRole('button', { name: 'Save' }).click();
  await first.getByText('Metadata saved.').waitFor();
  await second.getByRole('button', { name: 'Save' }).click();
  const conflict = second.getByRole('dialog', { name: 'Somebody else changed this meanwhile' });
  await conflict.waitFor();
  const row = conflict.getByRole('row', { name: /^plan/ });
  expect(await row.innerText()).toMatch(/plan\s+starter\s+team\s+enterprise/);
  await checkAccessibility(second);
  expect(await conflict.getByRole('button', { name: 'Review the result' }).isDisabled()).toBe(true);
  await conflict.getByLabel('Take your plan').check();
  await conflict.getByRole('button', { name: 'Review the result' }).click();
  await second.getByRole('button', { name: 'Save' }).click();
  await second.getByText('Metadata saved.').waitFor();
  expect((await crosswalk.organization.get(id)).metadata).toEqual({ plan: 'team', seats: 20, owner: 'grace' });
});

test('metadata as JSON keeps every type; what JavaScript would round is refused', async () => {
  const { id } = await dashboard.crosswalk.user.createUser({ email: 'json@example.com', metadata: { a: 1 } });
  const page = await dashboard.open(`/users/${id}`);
  await page.getByRole('button', { name: 'Edit metadata' }).click();
  await page.getByText('JSON', { exact: true }).and(page.locator('.mantine-SegmentedControl-innerLabel')).click();
  const editor = page.getByRole('textbox', { name: 'Metadata as JSON' });
  await editor.fill('{"a": 9007199254740993}');
  await page.getByText('cannot be kept exactly').waitFor();
  await editor.fill('{"a": "1", "b": [1, null, {"c": true}], "d": 1.5}');
  await page.getByRole('button', { name: 'Review changes' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Metadata saved.').waitFor();
  expect((await dashboard.crosswalk.user.getUser(id)).metadata).toEqual({ a: '1', b: [1, null, { c: true }], d: 1.5 });
});

test('members are added by email, changed and removed; the history tells who did what, and a value goes back', async () => {
  const { crosswalk } = dashboard;
  const { id } = await crosswalk.organization.create({ display_name: 'Initech', metadata: { plan: 'starter' } });
  const user = await crosswalk.user.createUser({ email: 'peter@example.com' });
  const page = await dashboard.open(`/organizations/${id}?tab=memberships`, { role: 'editor' });
  await page.getByText('No memberships yet').waitFor();
  await page.getByRole('button', { name: 'Add member' }).click();
  await page.getByLabel('User').fill('peter@example.com');
  await page.getByRole('dialog').getByRole('button', { name: 'Add member' }).click();
  await page.getByRole('link', { name: 'peter@example.com' }).waitFor();
  expect(await crosswalk.membership.get(id, user.id)).toMatchObject({ membership_status: 'ACTIVE' });
  await page.getByRole('button', { name: 'Change the membership of peter@example.com' }).click();
  await page.getByLabel('Status').last().selectOption('INACTIVE');
  await page.getByRole('button', { name: 'Save membership' }).click();
  await page.getByRole('cell', { name: 'Inactive' }).waitFor();
  await page.getByRole('button', { name: 'Remove the membership of peter@example.com' }).click();
  await page.getByRole('button', { name: 'Remove membership' }).click();
  await page.getByText('No memberships yet').waitFor();

  await page.getByRole('button', { name: 'Add member' }).click();
  await page.getByLabel('User').fill('samir@example.com');
  await page.getByRole('dialog').getByRole('button', { name: 'Add member' }).click();
  await page.getByText('Who is new can be invited by email.').waitFor();
  await page.getByLabel('Invite by email').check();
  await page.getByRole('dialog').getByRole('button', { name: 'Add member' }).click();
  await page.getByRole('cell', { name: 'Invited' }).waitFor();
  await page.getByRole('link', { name: 'samir@example.com' }).waitFor();
  const samir = await crosswalk.user.getByEmail('samir@example.com');
  expect(samir?.memberships).toMatchObject([{ organization_id: id, membership_status: 'PENDING_INVITE' }]);

  await crosswalk.organization.update(id, { metadata: { plan: 'enterprise' } });
  await page.getByRole('tab', { name: 'History' }).click();
  await page.getByRole('button', { name: 'Revert plan' }).click();
  await page.getByText('plan gets the value that it had at version 1: starter').waitFor();
  await page.getByRole('button', { name: 'Revert', exact: true }).click();
  await page.getByText('editor@example.com').first().waitFor();
  expect((await crosswalk.organization.get(id)).metadata).toEqual({ plan: 'starter' });
});

test('a revert to a version without the key says that it is removed', async () => {
  const { organization } = dashboard.crosswalk;
  const { id } = await organization.create({ display_name: 'Reverted' });
  await organization.update(id, { metadata: { beta: true } });
  const page = await dashboard.open(`/organizations/${id}?tab=history`, { role: 'editor' });
  await page.getByRole('button', { name: 'Revert beta' }).click();
  await page.getByText('beta is removed: it was not there at version 1.').waitFor();
  await page.getByRole('button', { name: 'Revert', exact: true }).click();
  await page.getByText('beta is removed.', { exact: true }).waitFor();
  expect((await organization.get(id)).metadata).toEqual({});
});

test('a record that was deleted says when and by whom, with its history, which nothing reverts', async () => {
  const { organization } = dashboard.crosswalk;
  const { id } = await organization.create({ display_name: 'Gone Inc' });
  await organization.update(id, { metadata: { plan: 'pro' } });
  await organization.delete(id);
  const page = await dashboard.open(`/organizations/${id}?tab=history`);
  await page.getByRole('heading', { name: 'Gone Inc' }).waitFor();
  await page.getByText('Deleted just now by').waitFor();
  await page.locator('ins', { hasText: 'pro' }).first().waitFor();
  expect(await page.getByRole('button', { name: /^Revert/ }).count()).toBe(0);
  await checkAccessibility(page);
  const none = await dashboard.open('/organizations/org_999');
  await none.getByRole('alert').getByText('The organization could not be read').waitFor();
});

test('metadata is ordered by its names; without any, the key e leads to the first', async () => {
  const { organization } = dashboard.crosswalk;
  const { id } = await organization.create({ display_name: 'Ordered', metadata: { zip: 1, address: 2, seats: 3 } });
  const page = await dashboard.open(`/organizations/${id}`);
  await page.getByText('address', { exact: true }).waitFor();
  const names = await page.locator('dt').allInnerTexts();
  expect(names.filter((name) => ['zip', 'address', 'seats'].includes(name))).toEqual(['address', 'seats', 'zip']);
  await organization.replaceMetadata(id, {});
  await page.reload();
  await page.getByText('None yet. Metadata').waitFor();
  await page.keyboard.press('e');
  const add = page.getByRole('button', { name: 'Add key' });
  await expect.poll(() => add.evaluate((button) => button === document.activeElement)).toBe(true);
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'Key of new key' }).waitFor();
});

test('on a phone the roles and the status of a member are whole', async () => {
  const { crosswalk } = dashboard;
  const { id } = await crosswalk.organization.create({ display_name: 'Phoned' });
  const { id: userId } = await crosswalk.user.createUser({ email: 'a-rather-long-address@phoned.example.com' });
  await crosswalk.membership.create(id, userId, { send_invitation_email: false });
  const page = await dashboard.open(`/organizations/${id}?tab=memberships`, { viewport: { width: 390, height: 800 } });
  const badges = page.locator('td .mantine-Badge-label');
  await badges.last().waitFor();
  expect(await badges.evaluateAll((labels) => labels.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).length)).toBe(0);
});

test('the metadata of a membership is seen from both of its ends, and edited with its types; what somebody else changed stays', async () => {
  const { crosswalk } = dashboard;
  const { id } = await crosswalk.organization.create({ display_name: 'Seated' });
  const user = await crosswalk.user.createUser({ email: 'seated@example.com' });
  await crosswalk.membership.create(id, user.id, { send_invitation_email: false, metadata: { desk: 7 } });
  const page = await dashboard.open(`/organizations/${id}?tab=memberships`, { role: 'editor' });
  await page.getByRole('cell', { name: '{"desk":7}' }).waitFor();
  await page.getByRole('button', { name: 'Edit the metadata of the membership of seated@example.com' }).click();
  await page.getByLabel('Value of desk').fill('8');
  await crosswalk.membership.update(id, user.id, { metadata: { floor: 2 } });
  await page.getByRole('button', { name: 'Review changes' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  const conflict = page.getByRole('dialog', { name: 'Somebody else changed this meanwhile' });
  await conflict.getByRole('button', { name: 'Review the result' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Metadata saved.').waitFor();
  expect((await crosswalk.membership.get(id, user.id)).metadata).toEqual({ desk: 8, floor: 2 });
  await page.getByRole('cell', { name: '"floor":2' }).waitFor();
  const viewer = await dashboard.open(`/users/${user.id}?tab=memberships`, { role: 'viewer' });
  await viewer.getByRole('cell', { name: '"floor":2' }).waitFor();
  expect(await viewer.getByRole('button', { name: /^Edit the metadata/ }).count()).toBe(0);
});

test('a deletion asks for the ID first; the record is gone then', async () => {
  const { id } = await dashboard.crosswalk.organization.create({ display_name: 'Short lived', external_id: 'GONE-1' });
  const page = await dashboard.open(`/organizations/${id}`);
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Delete organization' }).click();
  const button = page.getByRole('button', { name: 'Delete organization' });
  expect(await button.isDisabled()).toBe(true);
  await page.getByLabel('Type GONE-1 to confirm').fill('GONE-1');
  await button.click();
  await page.getByRole('heading', { name: 'Organizations' }).waitFor();
  await expect(dashboard.crosswalk.organization.get(id)).rejects.toMatchObject({ status: 404 });
});

test('names and values from outside are text, whatever they contain', async () => {
  const { crosswalk } = dashboard;
  const metadata = Object.fromEntries(hostileTexts.map((text, index) => [`h${index}`, text]));
  const { id } = await crosswalk.organization.create({ display_name: 'Аpple <b>Inc</b>', metadata });
  const names = hostileTexts.filter((text) => text.trim() !== '');
  const created = await Promise.all(
    names.map((name) => crosswalk.organization.create({ display_name: name, metadata: { hostile: true } }).catch(() => undefined)),
  );
  const page = await dashboard.open(`/organizations/${id}`);
  const panel = page.getByRole('region', { name: 'Metadata' });
  await panel.waitFor();
  const shown = await panel.locator('dd').allInnerTexts();
  expect(shown).toHaveLength(hostileTexts.length);
  // What is not seen is shown by its number, so that two texts that differ look different.
  expect(new Set(shown).size).toBe(hostileTexts.length);
  await page
    .getByRole('heading', { name: /<b>Inc<\/b>/ })
    .getByText('mixed scripts')
    .waitFor();
  await checkAccessibility(page);
  const listed = await dashboard.open('/organizations?where=metadata.hostile+%3D+true');
  await listed.getByRole('table').getByRole('link').nth(5).waitFor();
  const links = await listed.getByRole('table').getByRole('link').allInnerTexts();
  // The first page has the newest; those that are made at once are made in no order.
  const newest = created.flatMap((made) => made ?? []).sort((a, b) => (BigInt(a.id.slice(4)) < BigInt(b.id.slice(4)) ? 1 : -1));
  for (const { display_name: record } of newest.slice(0, 5)) {
    expect(links.join('\n')).toContain(
      record
        .replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, (sign) => `U+${sign.charCodeAt(0).toString(16).toUpperCase()}`)
        .trim(),
    );
  }
  for (const one of [page, listed]) {
    expect(
      await one.evaluate(() => [
        Reflect.has(window, 'pwned'),
        document.querySelectorAll('main script, main img, main iframe, main b').length,
      ]),
    ).toEqual([false, 0]);
    expect(await one.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1280);
  }
});
