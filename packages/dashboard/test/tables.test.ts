import { expect, inject, test } from 'vitest';
import { useDashboard } from './dashboard.ts';

const dashboard = useDashboard();

/** As many as a large customer of ours has; fewer where the run is to be short. */
const records = inject('long') ? 100_000 : 20_000;

test('a table of many thousand organizations is scrolled, walked by keys, filtered and left and found again', {
  timeout: 120_000,
}, async () => {
  await insertOrganizations(records);
  const page = await dashboard.open('/organizations');
  const table = page.getByRole('table', { name: 'Organizations' });
  await table.getByRole('link', { name: `Customer ${records}`, exact: true }).waitFor();
  await page.getByText('more than 10,000 organizations').waitFor();

  // Far down: nothing before it was held, only what is on screen is in the page.
  await page.keyboard.press('Tab');
  const passed = records / 10;
  await page.evaluate((row) => window.scrollTo(0, row * 41), passed);
  await table.getByRole('link', { name: `Customer ${records - passed}`, exact: true }).waitFor();
  expect(await table.getByRole('row').count()).toBeLessThan(80);

  // Back at the top, the keys walk.
  await page.evaluate(() => window.scrollTo(0, 0));
  const first = table.getByRole('link', { name: `Customer ${records}`, exact: true });
  await first.waitFor();
  await first.focus();
  for (const key of ['ArrowDown', 'ArrowDown', 'PageDown', 'ArrowUp']) await page.keyboard.press(key);
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe(`Customer ${records - 11}`);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: `Customer ${records - 11}` }).waitFor();
  await page.goBack();
  await first.waitFor();

  // A typed comparison, in the address; a text; a column of metadata that this browser remembers.
  await page.getByRole('button', { name: 'Filter', exact: true }).click();
  await page.getByLabel('Metadata key').first().fill('seats');
  await page.getByLabel('Comparison').selectOption('=');
  await page.getByLabel('Value', { exact: true }).fill('77');
  await page.getByRole('button', { name: 'Add condition' }).click();
  await page.getByText(`${records / 500} organizations`).waitFor();
  expect(new URL(page.url()).searchParams.getAll('where')).toEqual(['metadata.seats = 77']);
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByLabel('seats', { exact: true }).check();
  await page.keyboard.press('Escape');
  await table.getByRole('columnheader', { name: 'seats' }).waitFor();
  await page.reload();
  await table.getByRole('columnheader', { name: 'seats' }).waitFor();
  await table.getByRole('cell', { name: '77' }).first().waitFor();
  await page.getByRole('button', { name: 'Remove metadata.seats = 77' }).click();
  await page.keyboard.press('/');
  await page.keyboard.type('CUST-12345');
  await table.getByRole('link', { name: 'Customer 12345' }).waitFor();
  await page.getByText('1 organization', { exact: true }).waitFor();
});

/** Organizations 1 to `count`, the last one newest, past the API. */
async function insertOrganizations(count: number): Promise<void> {
  await dashboard.server.database.pool.query(
    `with made as (
       insert into organizations (environment_id, id, display_name, external_id, metadata)
       select $1::bigint, 1000000000000 + n, 'Customer ' || n, 'CUST-' || n, jsonb_build_object('plan', 'team', 'seats', n % 500)
       from generate_series(1, $2::integer) n returning id, external_id)
     insert into external_ids (environment_id, kind, system, value, record_id)
     select $1::bigint, 'organization', '', external_id, id from made`,
    [dashboard.server.client.environmentId, count],
  );
  await dashboard.server.database.pool.query('analyze organizations');
}
