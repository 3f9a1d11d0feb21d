import { text } from 'node:stream/consumers';
import type { Page } from 'playwright-core';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { readCsv } from '../src/imports/csv.ts';
import { checkAccessibility, turnTo } from './accessibility.ts';
import { useDashboard } from './dashboard.ts';
import { hostileTexts } from './hostile-texts.ts';
import { pressOn } from './keyboard.ts';

const dashboard = useDashboard();
beforeAll(() => dashboard.server.startWork());

const choose = (page: Page, name: string, content: string) =>
  page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(content) });

test('a file of one’s own is mapped by its names and values, checked, imported, watched after a reload, and undone', async () => {
  await dashboard.crosswalk.organization.create({ display_name: 'Acme', external_id: 'C-1', metadata: { seats: 5 } });
  const page = await dashboard.open('/imports');
  await page.getByText('No imports yet').waitFor();
  await page.getByRole('button', { name: 'New import' }).first().click();
  await choose(
    page,
    'kunden.csv',
    'Customer Number;Company;Stripe ID;Seats;Active;Postal code;Note\nC-1;Acme;cus_1;7;true;00501;\nC-2;"Globex; Inc";cus_2;12;false;10115;"two\nlines"\nC-3;;;3;true;1;\n',
  );
  const becomes = (column: string) => page.getByLabel(`What ${column} becomes`);
  await expect.poll(() => becomes('Customer Number').inputValue()).toBe('external_id');
  expect(await becomes('Company').inputValue()).toBe('display_name');
  expect(await page.getByRole('combobox', { name: 'System whose ID Stripe ID is' }).inputValue()).toBe('stripe');
  expect(await page.getByLabel('Type of Seats').inputValue()).toBe('number');
  expect(await page.getByLabel('Type of Active').inputValue()).toBe('boolean');
  // Text: a leading zero is part of it.
  await page.getByLabel('Metadata key of Postal code').fill('zip');
  await page.getByLabel('Type of Postal code').selectOption('text');
  await page.getByRole('button', { name: 'Check the file' }).click();
  const counts = page.getByRole('table', { name: 'Rows by kind and outcome' });
  await expect.poll(() => counts.getByRole('row', { name: 'Organizations' }).innerText()).toMatch(/^Organizations\s+1\s+1\s+0\s+0\s+1$/);
  await page.getByText('line 5', { exact: true }).waitFor();
  await checkAccessibility(page);
  await turnTo(page, 'dark');
  await checkAccessibility(page);
  expect(await dashboard.crosswalk.organization.list()).toMatchObject({ total_size: 1 });

  await page.getByRole('button', { name: 'Import 2 rows' }).click();
  await page.getByRole('heading', { name: /kunden\.csv.*Done/ }).waitFor();
  expect(await dashboard.crosswalk.organization.getByExternalId('C-1')).toMatchObject({
    external_ids: { stripe: 'cus_1' },
    metadata: { seats: 7, active: true, zip: '00501' },
  });
  const made = await dashboard.crosswalk.organization.getByExternalId('C-2');
  expect(made).toMatchObject({ display_name: 'Globex; Inc', metadata: { note: 'two\nlines' } });
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download them' }).click()]);
  expect(await text(await download.createReadStream())).toContain('C-3');
  await page.reload();
  await page.getByRole('heading', { name: /kunden\.csv/ }).waitFor();

  await dashboard.crosswalk.organization.update(made?.id ?? '', { metadata: { seats: 13 } });
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('button', { name: 'Undo the import' }).click();
  await page.getByText('0 records removed, 1 record put back as before, 1 record left alone').waitFor();
  await page.getByRole('list', { name: 'Records that were left alone' }).getByText('Changed since').waitFor();
  expect(await dashboard.crosswalk.organization.getByExternalId('C-1')).toHaveProperty('metadata', { seats: 5 });
});

test('the ID that a row is matched by is chosen, and told of the import', async () => {
  await dashboard.crosswalk.organization.create({ display_name: 'Lynx', external_ids: { stripe: 'cus_lynx' } });
  const page = await dashboard.open('/imports/new');
  await choose(page, 'slipped.csv', 'Customer Number;Company;Stripe ID\nS-1;Slipped;cus_lynx\n');
  const match = page.getByLabel('Match by');
  await expect.poll(() => match.locator('option').allInnerTexts()).toContain('ID of stripe');
  await match.selectOption('email');
  await page.getByText('organizations have no address to match by').waitFor();
  await match.selectOption('external_id');
  await page.getByRole('button', { name: 'Check the file' }).click();
  await page.getByText('external_ids.stripe').last().waitFor();
  expect(await page.getByRole('button', { name: 'Import 0 rows' }).isDisabled()).toBe(true);
  await match.selectOption('stripe');
  await page.getByRole('button', { name: 'Check again' }).click();
  await page.getByRole('button', { name: 'Import 1 row', exact: true }).click();
  await page.getByRole('heading', { name: /slipped\.csv.*Done/ }).waitFor();
  await page.getByText('ID of stripe').waitFor();
  expect(await dashboard.crosswalk.organization.getByExternalId('S-1')).toMatchObject({ external_ids: { stripe: 'cus_lynx' } });
});

test('a mapping that was changed is not left without a question, until the file is imported', async () => {
  const page = await dashboard.open('/imports');
  const asked: string[] = [];
  let answer = false;
  page.on('dialog', (question) => {
    asked.push(question.message());
    void (answer ? question.accept() : question.dismiss());
  });
  const begin = async () => {
    await page.getByRole('button', { name: 'New import' }).first().click();
    await choose(page, 'seats.csv', 'Customer Number;Company;Seats\nL-1;Lark;5\n');
    await page.getByLabel('Metadata key of Seats').waitFor();
  };
  await begin();
  await page.getByRole('link', { name: 'Users' }).click();
  await page.getByRole('heading', { name: 'Users' }).waitFor();
  expect(asked).toEqual([]);
  await page.getByRole('link', { name: 'Imports' }).click();
  await begin();
  await page.getByLabel('Metadata key of Seats').fill('paid_seats');
  await page.getByRole('link', { name: 'Users' }).click();
  await expect.poll(() => asked).toEqual(['Leave? The file has not been imported yet.']);
  await page.getByRole('button', { name: 'Check the file' }).click();
  await page.getByRole('button', { name: 'Import 1 row' }).click();
  await page.getByRole('heading', { name: /seats\.csv.*Done/ }).waitFor();
  expect((await dashboard.crosswalk.organization.getByExternalId('L-1'))?.metadata).toEqual({ paid_seats: 5 });
  expect(asked).toHaveLength(1);
  await page.getByRole('link', { name: 'Imports' }).first().click();
  await begin();
  await page.getByLabel('Metadata key of Seats').fill('paid_seats');
  answer = true;
  await page.getByRole('link', { name: 'Users' }).click();
  await page.getByRole('heading', { name: 'Users' }).waitFor();
  expect(asked).toHaveLength(2);
});

test('the export of a known system is recognised; reasons name the lines of the file that was chosen; keys alone do', async () => {
  const page = await dashboard.open('/imports/new');
  await choose(
    page,
    'contacts.csv',
    'Id,FirstName,LastName,Email,Phone,Title,Department,AccountId\n003A,Ada,Lovelace,ada@acme.example,,,,001MISSING\n003B,Grace,Hopper,not an address,,,,\n',
  );
  await expect.poll(() => page.getByLabel('What the file is').inputValue()).toBe('salesforce-contacts');
  await page.getByText('external_ids.salesforce').first().waitFor();
  const check = page.getByRole('button', { name: 'Check the file' });
  await pressOn(page, check);
  const reasons = page.getByRole('list', { name: 'Why rows were rejected' });
  await reasons.getByRole('listitem').nth(1).waitFor();
  await expect
    .poll(async () => (await reasons.getByRole('listitem').allInnerTexts()).map((text) => text.slice(0, 6)))
    .toEqual(['line 2', 'line 3']);
  await pressOn(page, page.getByRole('button', { name: 'Import 1 row', exact: true }));
  await page.getByRole('heading', { name: /contacts\.csv.*Done/ }).waitFor();
  expect(await dashboard.crosswalk.user.getByExternalId('003A', { system: 'salesforce' })).toMatchObject({ email: 'ada@acme.example' });
});

test('lines with more or fewer cells are listed with the rejected rows, also by the import after a reload; the cell that makes a column text is told', async () => {
  const page = await dashboard.open('/imports/new');
  await choose(
    page,
    'ragged.csv',
    'Customer Number,Company,Seats,Zip\nRG-1,One,5,00501\nRG-2,Two, Inc,7,2\nRG-3,,8,3\nRG-4,Four\nRG-5,Five,n/a,5\nRG-6,Six,9,6\n',
  );
  await page.getByText('Text because of line 6: n/a. The others are numbers.').waitFor();
  // Of several there is none to blame.
  expect(await page.getByText(/^Text because/).count()).toBe(2);
  await page.getByLabel('Type of Zip').selectOption('number');
  expect(await page.getByText(/^Text because/).count()).toBe(1);
  await page.getByLabel('Type of Zip').selectOption('text');
  await page.getByRole('button', { name: 'Check the file' }).click();
  const reasons = page.getByRole('list', { name: 'Why rows were rejected' }).getByRole('listitem');
  const linesOf = async () => (await reasons.allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').slice(0, 22));
  const expected = ['line 3 row has 5 cells', 'line 4 display_name di', 'line 5 row has 2 cells'];
  await expect.poll(linesOf).toEqual(expected);
  const counts = page.getByRole('table', { name: 'Rows by kind and outcome' });
  expect(await counts.getByRole('row', { name: 'Not readable' }).innerText()).toMatch(/0\s+2$/);
  await checkAccessibility(page);
  await page.getByRole('button', { name: 'Import 3 rows' }).click();
  await page.getByRole('heading', { name: /ragged\.csv.*Done/ }).waitFor();
  await page.reload();
  await expect.poll(linesOf).toEqual(expected);
  await page.getByRole('heading', { name: '3 rejected rows' }).waitFor();
});

test('by keyboard alone: choose a file, check it, import it, and undo it', async () => {
  const page = await dashboard.open('/imports');
  await page.keyboard.press('c');
  const chooser = page.waitForEvent('filechooser');
  await pressOn(page, page.locator('input[type=file]'));
  await (await chooser).setFiles({ name: 'few.csv', mimeType: 'text/csv', buffer: Buffer.from('external_id,display_name\nK-1,By keys\n') });
  await pressOn(page, page.getByRole('button', { name: 'Check the file' }));
  await pressOn(page, page.getByRole('button', { name: 'Import 1 row', exact: true }));
  await page.getByRole('heading', { name: /few\.csv.*Done/ }).waitFor();
  expect(await dashboard.crosswalk.organization.getByExternalId('K-1')).toMatchObject({ display_name: 'By keys' });
  await pressOn(page, page.getByRole('button', { name: 'Undo', exact: true }));
  await pressOn(page, page.getByRole('button', { name: 'Undo the import' }));
  await page.getByRole('heading', { name: /few\.csv.*Undone/ }).waitFor();
  expect(await dashboard.crosswalk.organization.getByExternalId('K-1')).toBeNull();
});

test.each(['mouse', 'keyboard'])(
  'an import that runs is canceled by %s: what was done stays, nothing follows, and it can be undone',
  async (by) => {
    const { pool } = dashboard.server.database;
    // However fast the machine is, a batch takes a second here.
    await pool.query(`create function take_time() returns trigger language plpgsql as 'begin perform pg_sleep(1); return null; end'`);
    await pool.query('create trigger take_time after insert on users for each statement execute function take_time()');
    onTestFinished(async () => {
      await pool.query('drop function take_time cascade');
    });
    const count = 30_000;
    const rows = Array.from(
      { length: count },
      (_, nth) => `{"kind":"user","email":"${by}${nth}@example.com","external_id":"${by}-${nth}"}`,
    );
    const { id } = await dashboard.crosswalk.imports.create(rows.join('\n'));
    const page = await dashboard.open(`/imports/${id}`);
    await page.getByText(/^Importing: [1-9]/).waitFor();
    const cancel = page.getByRole('button', { name: 'Cancel', exact: true });
    const confirm = page.getByRole('dialog').getByRole('button', { name: 'Cancel the import' });
    if (by === 'mouse') {
      await cancel.click();
      await page.getByText('What was done until then stays').waitFor();
      await checkAccessibility(page);
      await confirm.click();
    } else {
      await pressOn(page, cancel);
      await pressOn(page, confirm);
    }
    await page.getByRole('heading', { name: /Canceled/ }).waitFor();
    expect(await cancel.count()).toBe(0);
    const { state, rows_done: done } = await dashboard.crosswalk.imports.get(id);
    expect([state, done % 1000]).toEqual(['CANCELED', 0]);
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(count);
    const { rows: kept } = await pool.query('select count(*)::int as count from users where external_id like $1', [`${by}-%`]);
    expect(kept).toEqual([{ count: done }]);
    await page.getByRole('button', { name: 'Undo', exact: true }).waitFor();
  },
);

test('hostile names of files, columns and cells are text; what is no table says what to do', async () => {
  const page = await dashboard.open('/imports/new');
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const texts = hostileTexts.filter((text) => text.trim() !== '' && text !== 'constructor');
  await choose(page, '<img src=x onerror=pwned=1>.csv', `${texts.map(quoted).join(',')}\n${texts.map(quoted).join(',')}\n`);
  await page.getByLabel('What <b>bold</b> & <i>italic</i> becomes').waitFor();
  await page.getByLabel('What <b>bold</b> & <i>italic</i> becomes').selectOption('display_name');
  await page.getByRole('button', { name: 'Check the file' }).click();
  await page.getByRole('table', { name: 'Rows by kind and outcome' }).waitFor();
  expect(await page.evaluate(() => 'pwned' in window)).toBe(false);
  await page.getByRole('button', { name: 'Choose another' }).click();
  await choose(page, 'book.xlsx', 'PK\u0003\u0004 and so on');
  await page.getByText('is an Excel workbook or a ZIP file: save the sheet as CSV UTF-8').waitFor();
  const viewer = await dashboard.open('/imports', { role: 'viewer' });
  await viewer.getByRole('table', { name: 'Imports' }).getByRole('link').first().waitFor();
  expect(await viewer.getByRole('button', { name: 'New import' }).count()).toBe(0);
});

test('CSV is read in parts of any size: letters, quotes and line ends that are cut through stay whole', async () => {
  const text = '\ufeffname\tnote\r\n"Zoë ""Z"" Ω"\t"two\r\nlines"\r\n\r\n𝒽\tx';
  const bytes = new TextEncoder().encode(text);
  for (const size of [1, 2, 3, 7, 1000]) {
    const file = Object.assign(new Blob([bytes]), {
      stream: () =>
        new ReadableStream<Uint8Array<ArrayBuffer>>({
          start(controller) {
            for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
            controller.close();
          },
        }),
    });
    const records: unknown[] = [];
    for await (const record of readCsv(file)) records.push(record);
    expect(records).toEqual([
      { line: 1, cells: ['name', 'note'] },
      { line: 2, cells: ['Zoë "Z" Ω', 'two\r\nlines'] },
      { line: 5, cells: ['𝒽', 'x'] },
    ]);
  }
});
