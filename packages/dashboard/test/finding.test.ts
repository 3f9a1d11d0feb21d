import { expect, test } from 'vitest';
import { useDashboard } from './dashboard.ts';
import { tabTo } from './keyboard.ts';

const dashboard = useDashboard();

test('Enter in the search opens what was found for the text that is there, however fast one types', async () => {
  const { crosswalk } = dashboard;
  await crosswalk.organization.create({ display_name: 'The first one', external_id: 'FAST-1' });
  await crosswalk.organization.create({ display_name: 'The second one', external_id: 'FAST-22' });
  const page = await dashboard.open('/organizations');
  await page.keyboard.press('Control+k');
  const field = page.getByRole('combobox');
  await field.waitFor();
  await page.keyboard.type('FAST-1');
  await page.getByRole('option', { name: /The first one/ }).waitFor();
  await page.route('**/api/v1/search?*', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 400));
    await route.continue();
  });
  await field.fill('FAST-22');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: /^The (?:first|second) one/ }).waitFor();
  expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('The second one');
});

test('the page of the search shows what its address asks for, also when only that changes', async () => {
  await dashboard.crosswalk.organization.create({ display_name: 'Asked first', external_id: 'ASK-1' });
  await dashboard.crosswalk.organization.create({ display_name: 'Asked second', external_id: 'ASK-2' });
  const page = await dashboard.open('/search?q=ASK-1');
  await page.getByRole('link', { name: 'Asked first' }).waitFor();
  await page.evaluate(() => {
    window.history.pushState({}, '', `${window.location.pathname}?q=ASK-2`);
    window.dispatchEvent(new PopStateEvent('popstate'));
  });
  await page.getByRole('link', { name: 'Asked second' }).waitFor();
  const field = page.getByRole('textbox', { name: 'Search everything' });
  expect(await field.inputValue()).toBe('ASK-2');
  await field.fill('ASK-1');
  await page.getByRole('link', { name: 'Asked first' }).waitFor();
  await expect.poll(() => new URL(page.url()).searchParams.get('q')).toBe('ASK-1');
});

test('a text that is pasted is taken whole: 255 characters of two units each are an ID, and a longer one is refused, not cut', async () => {
  const { crosswalk } = dashboard;
  const long = '🦊'.repeat(255);
  const page = await dashboard.open('/organizations');
  await page.getByRole('button', { name: 'New organization' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill('Long');
  await dialog.getByLabel('External ID').focus();
  await page.keyboard.insertText(`${long}x`);
  await page.keyboard.press('Enter');
  await dialog.getByRole('alert').getByText('external_id').first().waitFor();
  await dialog.getByLabel('External ID').fill('');
  await dialog.getByLabel('External ID').focus();
  await page.keyboard.insertText(long);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Long' }).waitFor();
  expect((await crosswalk.organization.getByExternalId(long))?.display_name).toBe('Long');

  await page.getByRole('button', { name: 'Add ID' }).click();
  await dialog.getByRole('combobox', { name: 'System' }).fill('constructor');
  expect(await dialog.getByText('It takes the place of').count()).toBe(0);
  await tabTo(page, dialog.getByLabel('ID in constructor'));
  await page.keyboard.insertText(long);
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').waitFor();
  await page.keyboard.insertText(long);
  await page.getByRole('option', { name: /Long/ }).waitFor();
  await page.keyboard.press('Escape');
  const user = await dashboard.open('/users');
  await user.keyboard.press('c');
  await user.getByRole('dialog').getByLabel('Email').fill('long@example.com');
  await user.getByRole('dialog').getByLabel('External ID').focus();
  await user.keyboard.insertText(long);
  await user.keyboard.press('Enter');
  await user.getByRole('heading', { name: 'long@example.com' }).waitFor();
  expect((await crosswalk.user.getByExternalId(long))?.email).toBe('long@example.com');
});

test('a key of metadata with a dot is suggested as the filter takes it', async () => {
  await dashboard.crosswalk.organization.create({ display_name: 'Dotted', metadata: { 'plan.tier': 'gold', plan: { tier: 'silver' } } });
  const page = await dashboard.open('/organizations');
  await page.getByRole('link', { name: 'Dotted' }).waitFor();
  for (const [key, value, condition] of [
    ['["plan.tier"]', 'gold', 'metadata["plan.tier"] = "gold"'],
    ['plan.tier', 'silver', 'metadata.plan.tier = "silver"'],
  ] as const) {
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    const field = page.getByRole('combobox', { name: 'Metadata key' });
    await field.click();
    if (key.startsWith('[')) await page.getByRole('option', { name: key }).click();
    else await field.fill(key);
    await page.getByLabel('Value', { exact: true }).fill(value);
    await page.getByRole('button', { name: 'Add condition' }).click();
    await expect.poll(() => new URL(page.url()).searchParams.getAll('where')).toEqual([condition]);
    await page.getByText('1 organization', { exact: true }).waitFor();
    await page.getByRole('button', { name: `Remove ${condition}` }).click();
  }
});
