import { expect, test } from 'vitest';
import { checkAccessibility } from './accessibility.ts';
import { useDashboard } from './dashboard.ts';
import { chooseFromMenu, chooseIn, pressOn, tabTo, writeInto } from './keyboard.ts';

const dashboard = useDashboard();

test('external IDs are added, changed and removed; those the record had are listed with their end', async () => {
  const { crosswalk } = dashboard;
  const { id } = await crosswalk.user.createUser({ email: 'keys@example.com', external_id: 'U-1' });
  const page = await dashboard.open(`/users/${id}`);
  const ids = page.getByRole('region', { name: 'External IDs' });
  await pressOn(page, ids.getByRole('button', { name: 'Add ID' }));
  await writeInto(page, page.getByRole('combobox', { name: 'System' }), 'hubspot');
  await writeInto(page, page.getByLabel('ID in hubspot'), 'H-1');
  await page.keyboard.press('Enter');
  await ids.getByText('H-1', { exact: true }).waitFor();
  for (const next of ['H-2', 'H-3']) {
    await pressOn(page, ids.getByRole('button', { name: 'Change hubspot' }));
    await writeInto(page, page.getByLabel('ID in hubspot'), next);
    await page.keyboard.press('Enter');
    await ids.getByText(next, { exact: true }).waitFor();
  }
  await ids.getByText('still leads here').nth(1).waitFor();
  expect(await ids.getByRole('button', { name: /^Copy former ID/ }).allInnerTexts()).toEqual(['H-2', 'H-1']);
  await pressOn(page, ids.getByRole('button', { name: 'Remove hubspot' }));
  await page.getByText('leads nowhere from now on').waitFor();
  await pressOn(page, page.getByRole('button', { name: 'Remove ID' }));
  await page.getByText('External ID removed.').waitFor();
  expect(await crosswalk.user.getByExternalId('H-3', { system: 'hubspot' })).toBeNull();
  expect(await crosswalk.user.getByExternalId('H-2', { system: 'hubspot' })).toMatchObject({ id });
});

test('members are added, changed and removed, a value of the history comes back, and the record is deleted', async () => {
  const { crosswalk } = dashboard;
  const { id } = await crosswalk.organization.create({ display_name: 'By keys', external_id: 'BK-1', metadata: { plan: 'starter' } });
  const user = await crosswalk.user.createUser({ email: 'member@example.com' });
  await crosswalk.organization.update(id, { metadata: { plan: 'team' } });
  const page = await dashboard.open(`/organizations/${id}`);
  await tabTo(page, page.getByRole('tab', { name: 'Record' }));
  await page.keyboard.press('ArrowRight');
  await page.getByText('No memberships yet').waitFor();
  await pressOn(page, page.getByRole('button', { name: 'Add member' }));
  await writeInto(page, page.getByLabel('User'), 'member@example.com');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'member@example.com' }).waitFor();
  await pressOn(page, page.getByRole('button', { name: 'Change the membership of member@example.com' }));
  await chooseIn(page, page.getByRole('dialog').getByLabel('Status'), 'Inactive');
  await pressOn(page, page.getByRole('button', { name: 'Save membership' }));
  await page.getByRole('cell', { name: 'Inactive' }).waitFor();
  await pressOn(page, page.getByRole('button', { name: 'Remove the membership of member@example.com' }));
  await pressOn(page, page.getByRole('button', { name: 'Remove membership' }));
  await page.getByText('No memberships yet').waitFor();
  await expect(crosswalk.membership.get(id, user.id)).rejects.toMatchObject({ status: 404 });

  await tabTo(page, page.getByRole('tab', { name: 'Members' }));
  await page.keyboard.press('ArrowRight');
  await pressOn(page, page.getByRole('button', { name: 'Revert plan' }));
  await pressOn(page, page.getByRole('dialog').getByRole('button', { name: 'Revert' }));
  await page.getByText('plan has its former value again.').waitFor();
  expect((await crosswalk.organization.get(id)).metadata).toEqual({ plan: 'starter' });

  await chooseFromMenu(page, page.getByRole('button', { name: 'More' }), 'Delete organization');
  await writeInto(page, page.getByLabel('Type BK-1 to confirm'), 'BK-1');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Organizations' }).waitFor();
  await expect(crosswalk.organization.get(id)).rejects.toMatchObject({ status: 404 });
});

test('whatever a record is known by leads to it from everywhere, by Enter or by a click, and says how it matched', async () => {
  const { crosswalk } = dashboard;
  const { id } = await crosswalk.organization.create({
    display_name: 'Findable Industries',
    external_id: 'FIND-1',
    external_ids: { stripe: 'cus_find' },
    metadata: { region: 'emea-north' },
  });
  await crosswalk.organization.update(id, { external_id: 'FIND-2' });
  const { id: userId } = await crosswalk.user.createUser({ email: 'findable@example.com' });
  const page = await dashboard.open('/overview');
  const find = async (text: string, option: RegExp) => {
    await page.keyboard.press('Control+k');
    // At once, as whoever knows the key does: no letter is lost.
    await page.keyboard.type(text);
    const found = page.getByRole('option', { name: option });
    await found.waitFor();
    return found;
  };
  for (const [text, option] of [
    ['FIND-1', /Findable Industries.*Former external ID FIND-1/],
    ['cus_find', /Findable Industries.*stripe ID cus_find/],
    ['emea-north', /Findable Industries.*region emea-north/],
    ['dable Indus', /Findable Industries.*Name/],
    [id, /Findable Industries.*Crosswalk ID/],
  ] as const) {
    await find(text, option);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Findable Industries' }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('u');
    await page.getByRole('heading', { name: 'Users' }).waitFor();
  }
  await (await find('findable@example.com', /findable@example\.com.*Email/)).click();
  await page.getByRole('heading', { name: 'findable@example.com' }).waitFor();
  expect(page.url()).toContain(userId);

  await page.getByRole('button', { name: 'Find any ID, email, name or value' }).click();
  await page.keyboard.type('nobody has this');
  await page.getByText('Nothing has').waitFor();
  await page.keyboard.press('Escape');
  const search = await dashboard.open('/search?q=FIND-1');
  const row = search.getByRole('table', { name: 'Found' }).getByRole('row', { name: /Findable Industries/ });
  await row.getByText('Former external ID').waitFor();
  await checkAccessibility(search);
  await pressOn(search, row.getByRole('link'));
  await search.getByRole('heading', { name: 'Findable Industries' }).waitFor();
});

test('a table is narrowed by a typed comparison, and given a column', async () => {
  const { crosswalk } = dashboard;
  await Promise.all([3, 30, 300].map((seats) => crosswalk.organization.create({ display_name: `Seats ${seats}`, metadata: { seats } })));
  const page = await dashboard.open('/organizations');
  const table = page.getByRole('table', { name: 'Organizations' });
  await table.getByRole('link', { name: 'Seats 300' }).waitFor();
  await pressOn(page, page.getByRole('button', { name: 'Filter', exact: true }));
  await writeInto(page, page.getByLabel('Metadata key').first(), 'seats');
  await chooseIn(page, page.getByLabel('Comparison'), 'is at least');
  await writeInto(page, page.getByLabel('Value', { exact: true }), '30');
  await page.keyboard.press('Enter');
  await page.getByText('2 organizations', { exact: true }).waitFor();
  expect(new URL(page.url()).searchParams.getAll('where')).toEqual(['metadata.seats >= 30']);
  await pressOn(page, page.getByRole('button', { name: 'Columns' }));
  await tabTo(page, page.getByLabel('seats', { exact: true }));
  await page.keyboard.press('Space');
  await page.keyboard.press('Escape');
  await table.getByRole('columnheader', { name: 'seats' }).waitFor();
});
