import { afterAll, expect, test } from 'vitest';
import { startNameServer } from '../../server/src/domains/testing.ts';
import { checkAccessibility, turnTo } from './accessibility.ts';
import { useDashboard } from './dashboard.ts';
import { chooseIn, pressOn, writeInto } from './keyboard.ts';

const names = await startNameServer();
afterAll(() => names.close());
const dashboard = useDashboard({ nameServers: [names.address] });

test('a domain is added, proved by the TXT record that its panel shows, and deleted: a check says what it found', async () => {
  const { organization, domain } = dashboard.crosswalk;
  const { id } = await organization.create({ display_name: 'Prover' });
  const page = await dashboard.open(`/organizations/${id}`);
  const domains = page.getByRole('region', { name: 'Domains' });
  await domains.getByText('None yet.').waitFor();
  await domains.getByRole('button', { name: 'Add domain' }).click();
  await page.getByRole('dialog').getByLabel('Domain', { exact: true }).fill('Prover.Example');
  await page.getByRole('dialog').getByRole('button', { name: 'Add domain' }).click();
  await domains.getByText('not verified').waitFor();
  const [made] = (await domain.list(id)).domains;
  expect(made).toMatchObject({ domain: 'prover.example', domain_type: 'ORGANIZATION_DOMAIN', verification_status: 'PENDING' });
  const [key, secret] = [made?.txt_record_key ?? '', made?.txt_record_secret ?? ''];
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  for (const [piece, text] of [
    ['name', key],
    ['value', secret],
  ] as const) {
    await domains.getByRole('button', { name: `Copy ${piece} of the TXT record ${text}` }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(text);
  }
  const check = domains.getByRole('button', { name: 'Check now: prover.example' });
  await check.click();
  await domains.getByText('no TXT record of this name has this value').waitFor();
  await domains.getByText('not proved').waitFor();
  await checkAccessibility(page);
  await turnTo(page, 'dark');
  await checkAccessibility(page);

  names.records.set(key, [secret]);
  await check.click();
  await page.getByText('prover.example is verified.').waitFor();
  await domains.getByText('The organization has proved that the domain is its own').waitFor();
  expect(await check.count()).toBe(0);
  expect(await domains.getByText(secret).count()).toBe(0);

  await domains.getByRole('button', { name: 'Delete the domain prover.example' }).click();
  await page.getByRole('dialog').getByText('Another organization may have it at once').waitFor();
  await checkAccessibility(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Delete domain' }).click();
  await domains.getByText('None yet.').waitFor();
  expect(await domain.list(id)).toMatchObject({ total_size: 0 });
});

test('a check that cannot be made says so, and leaves the domain as it was', async () => {
  const { organization, domain } = dashboard.crosswalk;
  const { id } = await organization.create({ display_name: 'Unreachable' });
  await domain.create(id, { domain: 'broken.example' });
  const page = await dashboard.open(`/organizations/${id}`);
  await page.getByRole('button', { name: 'Check now: broken.example' }).click();
  const failure = page.getByRole('alert').filter({ hasText: 'Not checked' });
  await failure.getByText('the name servers of the domain do not answer').waitFor();
  await page.getByText('not verified').waitFor();
  expect((await domain.list(id)).domains).toMatchObject([{ verification_status: 'PENDING', version: 1 }]);
});

test('a domain that is none, or that another organization has, stays in the form with the reason; keys alone add one for joining', async () => {
  const { organization, domain } = dashboard.crosswalk;
  const { id } = await organization.create({ display_name: 'Second' });
  const holder = await organization.create({ display_name: 'First' });
  await domain.create(holder.id, { domain: 'taken.example' });
  const page = await dashboard.open(`/organizations/${id}`);
  const dialog = page.getByRole('dialog');
  const field = dialog.getByLabel('Domain', { exact: true });
  await pressOn(page, page.getByRole('button', { name: 'Add domain' }));
  for (const [text, reason] of [
    ['http://none', 'must be a domain name of at least two labels'],
    ['taken.example', `${holder.id} has this domain`],
  ] as const) {
    await writeInto(page, field, text);
    await page.keyboard.press('Enter');
    await dialog.getByRole('alert').getByText(reason).waitFor();
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    await checkAccessibility(page);
  }
  await chooseIn(page, dialog.getByLabel('What it is'), 'For joining');
  await dialog.getByText('Any number of organizations can have it').waitFor();
  await pressOn(page, dialog.getByRole('button', { name: 'Add domain' }));
  await page.getByText('There is nothing to prove.').waitFor();
  expect((await domain.list(id)).domains).toMatchObject([{ domain: 'taken.example', verification_status: 'AUTO_VERIFIED' }]);
  expect(await page.getByRole('button', { name: /^Check / }).count()).toBe(0);
});

test('a domain is deleted only as it was when the question was asked', async () => {
  const { organization, domain } = dashboard.crosswalk;
  const { id } = await organization.create({ display_name: 'Late' });
  const { id: domainId } = await domain.create(id, { domain: 'late.example' });
  const page = await dashboard.open(`/organizations/${id}`);
  await page.getByRole('button', { name: 'Delete the domain late.example' }).click();
  await domain.verify(id, domainId);
  await page.getByRole('dialog').getByRole('button', { name: 'Delete domain' }).click();
  await page.getByRole('dialog').getByText('Somebody else changed this meanwhile').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Show what is there now' }).click();
  await page.getByText('not proved').waitFor();
  expect(await domain.list(id)).toMatchObject({ total_size: 1 });
});

test('viewers see the domains of an organization and their TXT records, and change none; a user has no domains', async () => {
  const { organization, domain, user } = dashboard.crosswalk;
  const { id } = await organization.create({ display_name: 'Seen' });
  const { txt_record_secret: secret } = await domain.create(id, { domain: 'seen.example' });
  const person = await user.createUser({ email: 'somebody@seen.example' });
  const page = await dashboard.open(`/organizations/${id}`, { role: 'viewer' });
  const domains = page.getByRole('region', { name: 'Domains' });
  await domains.getByText(secret ?? '').waitFor();
  for (const name of [/^Add domain/, /^Check /, /^Delete /]) expect(await domains.getByRole('button', { name }).count()).toBe(0);
  await page.goto(`${dashboard.server.url}/dashboard/${dashboard.environmentId}/users/${person.id}`);
  await page.getByRole('region', { name: 'External IDs' }).waitFor();
  expect(await domains.count()).toBe(0);
});
