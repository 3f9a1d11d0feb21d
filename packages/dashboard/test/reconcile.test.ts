import { beforeAll, expect, test } from 'vitest';
import { checkAccessibility, turnTo } from './accessibility.ts';
import { useDashboard } from './dashboard.ts';
import { hostileTexts } from './hostile-texts.ts';
import { pressOn, tabTo } from './keyboard.ts';

const dashboard = useDashboard();
beforeAll(() => dashboard.server.startWork());

test('the list of another system is compared, its findings told by tabs, and mended by an import that leaves no difference', async () => {
  const { organization } = dashboard.crosswalk;
  await organization.create({ display_name: 'Acme', external_ids: { stripe: 'cus_1' }, metadata: { plan: 'pro' } });
  await organization.create({ display_name: 'Globex' });
  await organization.create({ display_name: 'Gone there', external_ids: { stripe: 'cus_9' } });
  const page = await dashboard.open('/reconcile');
  const list = `id,Name,Plan,Description,Email,Currency\ncus_1,Acme,enterprise,,,\ncus_2,Globex,,,,\ncus_3,Initech,basic,,,\ncus_4,"${hostileTexts[0]}",,,,\n`;
  const file = { name: 'customers.csv', mimeType: 'text/csv', buffer: Buffer.from(list) };
  await page.locator('input[type=file]').setInputFiles(file);
  await expect.poll(() => page.getByLabel('What the file is').inputValue()).toBe('stripe-customers');
  await page.getByRole('button', { name: 'Compare' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('4 entries, of which 1 organization is known here.').waitFor();
  await page.getByRole('tab', { name: /Missing here\s*3/ }).waitFor();
  await page.getByRole('tab', { name: /Missing there\s*1/ }).click();
  await page.getByText('Gone there').waitFor();
  await page.getByRole('tab', { name: /Different\s*1/ }).click();
  await page.locator('del', { hasText: 'pro' }).waitFor();
  await page.locator('ins', { hasText: 'enterprise' }).waitFor();
  await page.getByRole('tab', { name: /May be/ }).click();
  await page.getByText('the same name').waitFor();
  await checkAccessibility(page);
  await turnTo(page, 'dark');
  await checkAccessibility(page);
  await page.getByRole('button', { name: 'Show the rows' }).click();
  await page.getByRole('button', { name: 'Check and import 4 rows' }).click();
  await page.getByText('mend customers.ndjson').waitFor();
  await page.getByRole('button', { name: 'Check the file' }).click();
  await page.getByRole('button', { name: 'Import 4 rows' }).click();
  await page.getByRole('heading', { name: /mend customers\.ndjson.*Done/ }).waitFor();
  await page.getByRole('link', { name: 'Reconcile' }).click();
  await page.locator('input[type=file]').setInputFiles(file);
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.getByText('There is nothing to mend: both sides agree.').waitFor();
  expect(await page.evaluate(() => 'pwned' in window)).toBe(false);
});

test('by keyboard alone: a list is compared, its findings walked through, and mended', async () => {
  const { organization } = dashboard.crosswalk;
  await organization.create({ display_name: 'By keys', external_ids: { stripe: 'cus_keys' }, metadata: { plan: 'pro' } });
  const page = await dashboard.open('/reconcile');
  const chooser = page.waitForEvent('filechooser');
  await pressOn(page, page.locator('input[type=file]'));
  const list = 'id,Name,Plan,Description,Email,Currency\ncus_keys,By keys,basic,,,\n';
  await (await chooser).setFiles({ name: 'keys.csv', mimeType: 'text/csv', buffer: Buffer.from(list) });
  await pressOn(page, page.getByRole('button', { name: 'Compare' }));
  await page.getByText('1 entry, of which 1 organization is known here.').waitFor();
  await tabTo(page, page.getByRole('tab', { selected: true }));
  const different = page.getByRole('tab', { name: /Different\s*1/ });
  for (let presses = 0; presses < 6 && (await different.getAttribute('aria-selected')) !== 'true'; presses += 1)
    await page.keyboard.press('ArrowRight');
  await page.locator('ins', { hasText: 'basic' }).waitFor();
  await pressOn(page, page.getByRole('button', { name: 'Show the rows' }));
  await pressOn(page, page.getByRole('button', { name: 'Check and import 1 row' }));
  await pressOn(page, page.getByRole('button', { name: 'Check the file' }));
  await pressOn(page, page.getByRole('button', { name: 'Import 1 row', exact: true }));
  await page.getByRole('heading', { name: /mend keys\.ndjson.*Done/ }).waitFor();
  expect((await organization.getByExternalId('cus_keys', { system: 'stripe' }))?.metadata).toEqual({ plan: 'basic' });
});
