import { Crosswalk } from '@crosswalk/sdk';
import { beforeAll, expect, test } from 'vitest';
import { barsOf, withoutSystem } from '../src/pages/overview/series.ts';
import { checkAccessibility, turnTo } from './accessibility.ts';
import { useDashboard } from './dashboard.ts';
import { pressOn, tabTo } from './keyboard.ts';

const dashboard = useDashboard();

// Imports are work in the background.
beforeAll(() => dashboard.server.startWork());

test('an empty environment shows credentials that work, and a first call', async () => {
  const page = await dashboard.open('/overview');
  await page.getByRole('button', { name: 'New secret' }).focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'The new secret' });
  await dialog.getByText('nobody can show it again').waitFor();
  const [url = '', id = '', secret = ''] = (await dialog.getByRole('region', { name: 'Lines of a file .env' }).innerText())
    .trim()
    .split('\n')
    .map((line) => line.slice(line.indexOf('=') + 1));
  expect((await new Crosswalk(url, id, secret).organization.list()).organizations).toEqual([]);
  await dialog.getByRole('button', { name: 'I have copied it' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await page.getByRole('tab', { name: 'Command line' }).click();
  await page.getByText('npx crosswalk orgs create').waitFor();
  await checkAccessibility(page);
});

test('a new secret stays until it is copied, also when the environment is not empty any more', async () => {
  const empty = await dashboard.server.addEnvironment('with a secret');
  await dashboard.admit(empty, 'admin');
  const page = await dashboard.open('/overview', { environmentId: `env_${empty.environmentId}` });
  await page.getByRole('button', { name: 'New secret' }).click();
  const copied = page.getByRole('button', { name: 'I have copied it' });
  await copied.waitFor();
  await empty.request('POST', '/api/v1/organizations', { display_name: 'The first' });
  // The figures are read again.
  await page.locator('input[type=radio][value="90"]').dispatchEvent('click');
  await page.getByText('This environment is empty').waitFor({ state: 'hidden' });
  await copied.click();
  await copied.waitFor({ state: 'hidden' });
});

test('the sample is loaded by a click, looked at by what it lacks, and taken back as if it had never been', async () => {
  const page = await dashboard.open('/overview');
  await page.getByRole('button', { name: 'Load sample data' }).click();
  await page.getByRole('button', { name: 'Remove sample data' }).waitFor();
  await page.getByRole('link', { name: /^Organizations 20/ }).waitFor();
  await page.getByRole('link', { name: /^Users 60/ }).waitFor();
  await page.locator('figure svg').nth(1).waitFor();
  for (const theme of ['light', 'dark'] as const) {
    await turnTo(page, theme);
    await checkAccessibility(page);
  }
  await page.getByRole('row', { name: 'stripe' }).getByRole('link', { name: '4 without' }).click();
  await page.getByText('4 organizations', { exact: true }).waitFor();
  await page.goBack();

  const kept = await dashboard.crosswalk.organization.getByExternalId('SAMPLE-1001');
  if (kept === null) throw new Error('the sample has no SAMPLE-1001');
  await dashboard.crosswalk.organization.update(kept.id, { metadata: { mine: true } });
  await page.getByRole('button', { name: 'Remove sample data' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove sample data' }).click();
  await page.getByText('The sample is gone but for').waitFor();
  const { organizations } = await dashboard.crosswalk.organization.list();
  expect(organizations.map(({ id }) => id)).toEqual([kept.id]);
  await page.getByRole('link', { name: /^Organizations 1/ }).waitFor();
  expect(await page.getByRole('button', { name: 'Remove sample data' }).count()).toBe(0);
});

test('by keyboard alone: load the sample, look further back, and take the sample back', async () => {
  const empty = await dashboard.server.addEnvironment('by keyboard');
  const { request, environmentId } = empty;
  await dashboard.admit(empty, 'admin');
  const page = await dashboard.open('/overview', { environmentId: `env_${environmentId}` });
  await pressOn(page, page.getByRole('button', { name: 'Load sample data' }));
  await page.getByRole('link', { name: /^Users 60/ }).waitFor();
  await tabTo(page, page.getByRole('radio', { name: '30 days' }));
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => new URL(page.url()).searchParams.get('days')).toBe('90');
  await pressOn(page, page.getByRole('button', { name: 'Remove sample data' }));
  await pressOn(page, page.getByRole('dialog').getByRole('button', { name: 'Remove sample data' }));
  await page.getByText('This environment is empty.').waitFor();
  expect(Object((await request('GET', '/api/v1/organizations')).body).total_size).toBe(0);
});

test('a failure leads to where it is mended, and a viewer is offered nothing to change', async () => {
  const { id } = await dashboard.crosswalk.imports.create('{"kind":"organization","display_name":7}\n');
  await dashboard.crosswalk.imports.wait(id, { interval: 50 });
  const page = await dashboard.open('/overview', { role: 'viewer' });
  const link = page.getByRole('link', { name: 'Import rejected rows' });
  await link.waitFor();
  expect(await link.getAttribute('href')).toBe(`/dashboard/${dashboard.environmentId}/imports/${id}`);
  expect(await page.getByRole('button', { name: /sample|secret/i }).count()).toBe(0);
});

test('hours become bars of equal width, those without a value too', () => {
  const now = Date.parse('2026-03-02T13:30:00Z');
  const given = [
    { time: '2026-03-01T05:00:00Z', total: 9 },
    { time: '2026-03-01T23:00:00Z', total: 1 },
    { time: '2026-03-02T12:00:00Z', total: 2 },
    { time: '2026-03-02T13:00:00Z', total: 3 },
  ];
  const bars = barsOf(given, ({ total }) => [total], { hours: 24, width: 6, now, values: 1 });
  expect(bars).toEqual([
    { time: '2026-03-01T18:00:00.000Z', values: [1] },
    { time: '2026-03-02T00:00:00.000Z', values: [0] },
    { time: '2026-03-02T06:00:00.000Z', values: [0] },
    { time: '2026-03-02T12:00:00.000Z', values: [5] },
  ]);
  expect(['stripe', 'hubspot-eu', 'a "b"'].map(withoutSystem)).toEqual([
    'NOT external_ids.stripe :*',
    'NOT external_ids.hubspot-eu :*',
    'NOT external_ids["a \\"b\\""] :*',
  ]);
});
