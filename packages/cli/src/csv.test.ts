import type { CsvRecord } from '@crosswalk/sdk';
import { expect, test } from 'vitest';
import { readCsv } from './csv.ts';

/** The records of a file that comes in parts. */
async function read(...parts: string[]) {
  async function* bytes() {
    for (const part of parts) yield Buffer.from(part, 'latin1');
  }
  const records: CsvRecord[] = [];
  for await (const record of readCsv('a.csv', bytes())) records.push(record);
  return records;
}
const lines = async (text: string) => (await read(text)).map(({ line }) => line);

test.each([
  ['breaks of two characters within quotes', 'h,n\r\nA,"x\r\ny\r\nz"\r\nB,b\r\nC\r\n', [1, 2, 5, 6]],
  ['breaks of one character', 'h,n\nA,"x\ny\nz"\nB,b\n', [1, 2, 5]],
  ['old breaks', 'h,n\rA,"x\ry"\rB,b', [1, 2, 4]],
  ['breaks of several sorts', 'h,n\r\nA,"x\ry\nz\r\n"\nB,b\r\r\nC,c', [1, 2, 6, 8]],
  ['empty lines', '\r\n\n\r\nh,n\r\n\r\n\nA,"\r\n"\r\n\r\nB,b\n\n', [4, 7, 10]],
  ['a last record without a break, which ends in quotes', 'h,n\r\nA,"x\r\n"', [1, 2]],
])('records are told by the line they begin at: %s', async (_name, text, expected) => {
  expect(await lines(text)).toEqual(expected);
});

test('what is no CSV is told by the line where the record begins', async () => {
  await expect(read('h,n\r\nA,"x\r\ny\r\nz"\r\nB,"b\r\n')).rejects.toThrow(
    'a.csv is no CSV: Quote Not Closed: the parsing is finished with an opening quote at line 5',
  );
  await expect(read('h,n\r\nA,"x\r\ny"\r\n\r\nB,"b"c\r\n')).rejects.toThrow('at line 5 ');
});

test('lines are counted in a time that grows with the text alone', async () => {
  const cell = '\r\n'.repeat(200_000);
  const started = performance.now();
  expect(await lines(`h,n\r\nA,"x${cell}y"\r\n${'\r\n'.repeat(400_000)}B,b\r\n`)).toEqual([1, 2, 600_003]);
  expect(performance.now() - started).toBeLessThan(5_000);
});

test.each([
  ['names that come in parts', ['Numb', 'er;Na', 'me\n1;Acme\n']],
  ['a byte order mark that comes alone', ['\xef\xbb\xbf', 'Number;Name\n1;Acme\n']],
  ['a byte at a time', [...'\xef\xbb\xbfNumber;Name\r\n1;Acme\r\n']],
  ['no line break at all', ['Number;', 'Name']],
])('the delimiter is that of the whole first line: %s', async (_name, parts) => {
  expect((await read(...parts))[0]).toEqual({ line: 1, cells: ['Number', 'Name'] });
});
