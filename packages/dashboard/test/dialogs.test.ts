import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useDashboard } from './dashboard.ts';
import { chooseFromMenu, pressOn, tabTo } from './keyboard.ts';

const dashboard = useDashboard();

test('what is typed into a dialog is not lost by a key of a page, a click beside it, Escape, going back or loading anew, unless one says so', async () => {
  const { id } = await dashboard.crosswalk.organization.create({ display_name: 'Kept', metadata: { plan: 'pro' } });
  const page = await dashboard.open('/organizations');
  const asked: string[] = [];
  page.on('dialog', (question) => {
    asked.push(question.type());
    void question.dismiss();
  });
  await page.getByRole('link', { name: 'Kept' }).click();
  await page.getByRole('button', { name: 'Edit details' }).click();
  const dialog = page.getByRole('dialog');
  const name = dialog.getByLabel('Name');
  await name.fill('Half typed');
  await tabTo(page, dialog.getByRole('button', { name: 'Cancel' }));
  for (const key of ['g', 'u', 'e', 'c', '?', 'Control+k']) await page.keyboard.press(key);
  expect(await page.getByRole('dialog').count()).toBe(1);
  expect(asked).toEqual([]);
  await page.mouse.click(5, 400);
  await expect.poll(() => asked).toEqual(['confirm']);
  await page.keyboard.press('Escape');
  await expect.poll(() => asked).toEqual(['confirm', 'confirm']);
  await page.evaluate(() => window.history.back());
  await expect.poll(() => asked).toEqual(['confirm', 'confirm', 'confirm']);
  await page.evaluate(() => window.location.reload());
  await expect.poll(() => asked.at(-1)).toBe('beforeunload');
  expect(await name.inputValue()).toBe('Half typed');
  expect(page.url()).toContain(id);

  await name.fill('Kept');
  await page.mouse.click(5, 400);
  await dialog.waitFor({ state: 'detached' });
  expect(asked).toHaveLength(4);

  await page.getByRole('button', { name: 'Edit metadata' }).click();
  await page.getByLabel('Value of plan').fill('enterprise');
  await page.evaluate(() => window.history.back());
  await expect.poll(() => asked.length).toBe(5);
  await page.getByRole('button', { name: 'Review changes' }).click();
  await page.evaluate(() => window.location.reload());
  await expect.poll(() => asked.length).toBe(6);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Metadata saved.').waitFor();
  await page.evaluate(() => window.history.back());
  await page.getByRole('heading', { name: 'Organizations' }).waitFor();
  expect(asked).toHaveLength(6);
});

test('a dialog that closes gives the focus back to what opened it, and to the page when that is gone', async () => {
  const { id } = await dashboard.crosswalk.organization.create({ display_name: 'Focus', external_ids: { stripe: 'cus_1' } });
  const page = await dashboard.open(`/organizations/${id}`);
  const ids = page.getByRole('region', { name: 'External IDs' });
  for (const opener of [
    ids.getByRole('button', { name: 'Add ID' }),
    ids.getByRole('button', { name: 'Change stripe' }),
    ids.getByRole('button', { name: 'Remove stripe' }),
    page.getByRole('button', { name: 'Edit details' }),
    page.getByRole('button', { name: 'Edit metadata' }),
    page.getByRole('button', { name: 'Code', exact: true }),
    page.getByRole('button', { name: 'Find any ID, email, name or value' }),
  ]) {
    await opener.press('Enter');
    await leaveByEscape(page);
    await expectFocus(opener);
  }
  const more = page.getByRole('button', { name: 'More' });
  await chooseFromMenu(page, more, 'Delete organization');
  await leaveByEscape(page);
  await expectFocus(more);
  const account = page.getByRole('button', { name: 'Account' });
  await account.click();
  await page.getByRole('menuitem', { name: 'Change password' }).click();
  await leaveByEscape(page);
  await expectFocus(account);

  await pressOn(page, ids.getByRole('button', { name: 'Remove stripe' }));
  await pressOn(page, page.getByRole('button', { name: 'Remove ID' }));
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await expectFocus(page.locator('#content'));

  await page.getByRole('link', { name: 'Events' }).click();
  const row = page.getByRole('table', { name: 'Events' }).locator('[data-opens]').first();
  await pressOn(page, row);
  await leaveByEscape(page);
  await expectFocus(row);
});

test('a form that was cancelled while it was sent opens no page later', async () => {
  const page = await dashboard.open('/organizations');
  for (const [title, key, field, text] of [
    ['Organizations', 'o', 'Name', 'Made too late'],
    ['Users', 'u', 'Email', 'too-late@example.com'],
  ] as const) {
    const path = title.toLowerCase();
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await page.getByRole('heading', { name: title, exact: true }).waitFor();
    let pass = () => {};
    const held = new Promise<void>((resolve) => {
      pass = resolve;
    });
    await page.route(`**/api/v1/${path}`, async (route) => {
      if (route.request().method() === 'POST') await held;
      await route.continue();
    });
    await page.keyboard.press('c');
    await page.getByRole('dialog').getByLabel(field, { exact: true }).fill(text);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Cancel' }).click();
    pass();
    await page.getByRole('link', { name: text }).waitFor();
    await page.waitForTimeout(300);
    expect(new URL(page.url()).pathname).toMatch(new RegExp(`/${path}$`));
  }
});

test('a new secret stays on screen until one says that it is kept: neither a second Enter nor Escape closes it', async () => {
  const page = await dashboard.open('/settings');
  await page.getByRole('button', { name: 'New API client' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Twice Enter');
  await page.keyboard.press('Enter');
  const secret = page.getByRole('region', { name: 'Lines of a file .env' });
  await secret.waitFor();
  await stays(page, secret);
  await page.getByRole('button', { name: 'I have copied it' }).click();
  await secret.waitFor({ state: 'detached' });
  await expectFocus(page.getByRole('button', { name: 'New API client' }));

  await page.getByRole('link', { name: 'Webhooks' }).click();
  await page.getByRole('button', { name: 'New endpoint' }).first().click();
  await page.getByLabel('Address').fill('https://example.com/hook');
  await page.keyboard.press('Enter');
  const signing = page.getByRole('region', { name: 'Secret' });
  await signing.waitFor();
  await stays(page, signing);
});

test('a name is confirmed as one reads it, with one space or two', async () => {
  const { crosswalk } = dashboard;
  const { id } = await crosswalk.organization.create({ display_name: 'Two  spaces' });
  const page = await dashboard.open(`/organizations/${id}`);
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Delete organization' }).click();
  await page.getByLabel(/^Type/).fill('Two spaces');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete organization' }).click();
  await page.getByRole('heading', { name: 'Organizations' }).waitFor();
  await expect(crosswalk.organization.get(id)).rejects.toMatchObject({ status: 404 });
});

/** Presses what closes other dialogs, as whoever is too fast does. */
async function stays(page: Page, shown: Locator): Promise<void> {
  // The dialog has taken the focus.
  await page.waitForFunction(() => document.activeElement?.closest('[role=dialog]') != null);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await page.mouse.click(5, 400);
  await page.waitForTimeout(300);
  expect(await shown.isVisible()).toBe(true);
}

/** Closes a dialog once it has the focus. A list of suggestions in it closes before. */
async function leaveByEscape(page: Page): Promise<void> {
  await page.waitForFunction(() => document.activeElement?.closest('[role=dialog]') != null);
  await expect
    .poll(async () => {
      await page.keyboard.press('Escape');
      return page.getByRole('dialog').count();
    })
    .toBe(0);
}

async function expectFocus(target: Locator): Promise<void> {
  await expect.poll(() => target.evaluate((element) => element === document.activeElement), { message: String(target) }).toBe(true);
}
