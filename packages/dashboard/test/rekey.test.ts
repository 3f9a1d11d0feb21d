import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { checkAccessibility, turnTo } from './accessibility.ts';
import { useDashboard } from './dashboard.ts';
import { pressOn } from './keyboard.ts';

const dashboard = useDashboard();

const choose = (page: Page, name: string, content: string) =>
  page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(content) });

test('a file of pairs is checked, its IDs are replaced after a question, and the columns exchanged take it back', async () => {
  const { organization } = dashboard.crosswalk;
  for (const [name, id] of [
    ['Acme', '17'],
    ['Globex', '18'],
  ] as const)
    await organization.create({ display_name: name, external_ids: { erp: id } });
  const page = await dashboard.open('/imports');
  await page.keyboard.press('g');
  await page.keyboard.press('k');
  await page.getByRole('heading', { name: 'Re-key' }).waitFor();
  await choose(page, 'erp numbers.csv', 'Old ID;New ID;Note\n17;E-17;\n\n18;E-18;"of ""Globex"""\n');
  await expect.poll(() => page.getByRole('combobox', { name: 'System whose IDs these are' }).inputValue()).toBe('erp');
  expect(await page.getByLabel('Old IDs').inputValue()).toBe('Old ID');
  expect(await page.getByLabel('New IDs').inputValue()).toBe('New ID');
  await page.getByRole('button', { name: 'Check the file' }).click();
  await page.getByText('2 organizations would get another ID.').waitFor();
  const example = page.getByRole('table', { name: 'What would change, for example' });
  expect(await example.getByRole('row').nth(2).innerText()).toMatch(/^4\s+Globex\s+18\s+E-18$/);
  await checkAccessibility(page);
  await turnTo(page, 'dark');
  await checkAccessibility(page);
  expect(await organization.getByExternalId('17', { system: 'erp' })).toMatchObject({ version: 1 });

  await page.getByRole('button', { name: 'Re-key 2 organizations' }).click();
  await page.getByRole('dialog').getByText('All of it is done, or nothing').waitFor();
  await checkAccessibility(page);
  await page.getByRole('button', { name: 'Replace the IDs' }).click();
  await page.getByText('2 organizations got another ID.').waitFor();
  await checkAccessibility(page);
  expect(await organization.getByExternalId('E-17', { system: 'erp' })).toMatchObject({
    display_name: 'Acme',
    external_ids: { erp: 'E-17' },
  });
  // The old one is an alias.
  expect(await organization.getByExternalId('18', { system: 'erp' })).toMatchObject({ external_ids: { erp: 'E-18' } });

  await page.getByRole('button', { name: 'Exchange the columns' }).click();
  expect(await page.getByLabel('Old IDs').inputValue()).toBe('New ID');
  await page.getByRole('button', { name: 'Check the file' }).click();
  await page.getByRole('button', { name: 'Re-key 2 organizations' }).click();
  await page.getByRole('button', { name: 'Replace the IDs' }).click();
  await page.getByText('2 organizations got another ID.').waitFor();
  expect(await organization.getByExternalId('17', { system: 'erp' })).toMatchObject({ display_name: 'Acme', external_ids: { erp: '17' } });
});

test('rows that are no pairs, IDs that nobody has and IDs that others have are refused by the line of the file, and nothing is changed', async () => {
  const { organization } = dashboard.crosswalk;
  await organization.create({ display_name: 'Refused', external_id: 'R-1' });
  await organization.create({ display_name: 'Refused too', external_id: 'R-2' });
  const holder = await organization.create({ display_name: 'Holder', external_id: 'R-9' });
  const second = await organization.create({ display_name: 'Second holder', external_id: 'R-10' });
  const page = await dashboard.open('/rekey');
  const reasons = page.getByRole('list', { name: 'Why rows are refused' }).getByRole('listitem');
  const check = async (content: string) => {
    await choose(page, 'pairs.csv', content);
    await page.getByRole('button', { name: 'Check the file' }).click();
    await page.getByText('Nothing is changed: all of a re-key is done, or none of it.').waitFor();
    const found = (await reasons.allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim());
    expect(await page.getByRole('button', { name: /^Re-key \d/ }).count()).toBe(0);
    await checkAccessibility(page);
    return found;
  };
  expect(await check('old,new\nR-1,R-2,R-3\nR-1,\nR-1,R-2\nR-5,R-2\n')).toEqual([
    'line 2 row has 3 cells, and the header 2 columns; put cells with commas in quotes',
    'line 3 new has no ID',
    'line 5 R-2 is named in line 4 already',
  ]);
  await page.getByRole('button', { name: 'Choose another' }).click();
  expect(await check('old,new\nR-1,R-2\n\nNONE,R-3\nNOBODY,R-4\n')).toEqual([
    'line 4 NONE no organization has NONE INVALID_REKEY',
    'line 5 NOBODY no organization has NOBODY INVALID_REKEY',
  ]);
  await page.getByRole('button', { name: 'Choose another' }).click();
  expect(await check('old,new\nR-1,R-9\nR-2,R-10\n')).toEqual([
    `line 2 R-9 another organization (${holder.id}) has this external ID EXTERNAL_ID_TAKEN`,
    `line 3 R-10 another organization (${second.id}) has this external ID EXTERNAL_ID_TAKEN`,
  ]);
  await reasons.getByRole('link', { name: holder.id }).click();
  await page.getByRole('heading', { name: 'Holder' }).waitFor();
  expect(await organization.getByExternalId('R-1')).toMatchObject({ display_name: 'Refused', version: 1 });
});

test('what others changed between the check and the change is told by line; what is done already is told as such', async () => {
  const { user } = dashboard.crosswalk;
  const { id } = await user.createUser({ email: 'one@example.com', external_id: 'U-1' });
  await user.createUser({ email: 'two@example.com', external_id: 'U-2' });
  const page = await dashboard.open('/rekey');
  await choose(page, 'users.csv', 'old,new\nU-1,U-10\nU-2,U-20\n');
  await expect.poll(() => page.getByLabel('Each ID is of').inputValue()).toBe('user');
  await page.getByRole('button', { name: 'Check the file' }).click();
  await page.getByRole('button', { name: 'Re-key 2 users' }).click();
  await user.updateUser(id, { external_id: 'U-else' });
  await page.getByRole('button', { name: 'Replace the IDs' }).click();
  const refused = page.getByRole('list', { name: 'Why rows are refused' });
  await refused.getByText('U-1 is only an alias of').waitFor();
  expect(await user.getByExternalId('U-2')).toMatchObject({ external_id: 'U-2' });

  await user.updateUser(id, { external_id: 'U-1' });
  await dashboard.crosswalk.rekey({ kind: 'user', pairs: [{ from: 'U-1', to: 'U-10' }] });
  await page.getByRole('button', { name: 'Check again' }).click();
  await page.getByText('1 user would get another ID, 1 user has it already.').waitFor();
  await page.getByText('has it already', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Re-key 1 user', exact: true }).click();
  await page.getByRole('button', { name: 'Replace the IDs' }).click();
  await page.getByText('1 user got another ID, 1 user has it already.').waitFor();
  await page.getByText('also to those who had the new one already').waitFor();
});

test('by keyboard alone: choose a file, its columns, check it and re-key; two that exchange their IDs are told how they get them back', async () => {
  const { organization } = dashboard.crosswalk;
  await organization.create({ display_name: 'Left', external_id: 'S-1' });
  await organization.create({ display_name: 'Right', external_id: 'S-2' });
  const page = await dashboard.open('/rekey');
  const chooser = page.waitForEvent('filechooser');
  await pressOn(page, page.locator('input[type=file]'));
  const file = { name: 'swap.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b\nS-1,S-2\nS-2,S-1\n') };
  await (await chooser).setFiles(file);
  await page.getByText('Say which column has the old IDs, and which one the new.').waitFor();
  expect(await page.getByRole('button', { name: 'Check the file' }).isDisabled()).toBe(true);
  await page.getByLabel('Old IDs').selectOption('a');
  await page.getByLabel('New IDs').selectOption('a');
  await page.getByText('The old and the new IDs are two columns').waitFor();
  await page.getByLabel('New IDs').selectOption('b');
  await pressOn(page, page.getByRole('button', { name: 'Check the file' }));
  await pressOn(page, page.getByRole('button', { name: 'Re-key 2 organizations' }));
  await pressOn(page, page.getByRole('button', { name: 'Replace the IDs' }));
  await page.getByText('give one of them a third ID first').waitFor();
  expect(await organization.getByExternalId('S-1')).toMatchObject({ display_name: 'Right' });
});

test('what was chosen for a file is not left without a question; other files say what to do; viewers do not re-key', async () => {
  const page = await dashboard.open('/rekey');
  const asked: string[] = [];
  page.on('dialog', (question) => {
    asked.push(question.message());
    void question.dismiss();
  });
  await choose(page, 'rows.ndjson', '{"old":"1","new":"2"}\n');
  await page.getByText('rows.ndjson is NDJSON: choose a CSV with the columns old and new.').waitFor();
  await page.getByRole('button', { name: 'Choose another' }).click();
  await choose(page, 'book.xlsx', 'PK\u0003\u0004 and so on');
  await page.getByText('is an Excel workbook or a ZIP file: save the sheet as CSV UTF-8').waitFor();
  await choose(page, 'empty.csv', 'old,new\n');
  await page.getByRole('button', { name: 'Check the file' }).click();
  await page.getByRole('alert').getByText('the file has no pairs').waitFor();
  await page.getByLabel('Each ID is of').selectOption('user');
  await page.getByRole('link', { name: 'Users' }).click();
  await expect.poll(() => asked).toEqual(['Leave? The IDs have not been replaced yet.']);
  await page.getByLabel('Each ID is of').selectOption('organization');
  await page.getByRole('link', { name: 'Users' }).click();
  await page.getByRole('heading', { name: 'Users' }).waitFor();
  expect(asked).toHaveLength(1);
  const viewer = await dashboard.open('/rekey', { role: 'viewer' });
  await viewer.getByText('Viewers cannot re-key').waitFor();
  expect(await viewer.locator('input[type=file]').count()).toBe(0);
});
