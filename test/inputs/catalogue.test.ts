import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { inputs, rows } from './catalogue/index.ts';
import { wireInputs } from './catalogue/wire.ts';

/** The numbers of every row, as the list of bad inputs that this product is measured by has them. A row may not get lost. */
const numbers = {
  E: [1, 2, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14, 16, 17, 18, 19, 21, 22, 23, 24],
  K: [2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 14, 15, 17, 18],
  V: [1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16, 17, 19, 20],
  M: [1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16, 17, 19, 20, 21, 22],
  N: [2, 3, 4, 5, 7, 8, 9, 10],
  P: [2, 3, 4, 5, 7, 8, 9, 10, 12],
  I: [1, 2, 3, 5, 6, 7, 8, 10],
  H: [1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 15, 16, 17, 18, 20, 21, 22, 23, 25, 26],
  B: [1, 2, 4, 5, 6, 7, 9, 10, 11, 12],
  G: [2, 3, 4, 5, 7, 8],
  D: [1, 2, 4, 5, 6, 7],
  X: [1, 2, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14, 16, 17, 18, 19, 21, 22],
  W: [1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16, 17, 19, 20, 21, 22],
  A: [1, 2, 3, 4, 6, 7, 8, 9],
};
const all = Object.entries(numbers).flatMap(([letter, counts]) => counts.map((count) => `${letter}${count}`));
const requested = new Set([...inputs, ...wireInputs].map(({ row }) => row));

test('every number has its row, and every row is one of the numbers', () => {
  expect([...rows.keys()].sort()).toEqual([...all].sort());
});

test('every row is held by a request or by a test that it names; every request is of a row', () => {
  expect([...rows].filter(([number, { places }]) => places.length === 0 && !requested.has(number)).map(([number]) => number)).toEqual([]);
  expect([...requested].filter((number) => !rows.has(number))).toEqual([]);
});

test('the tests that rows name are there', async () => {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const places = [...rows].flatMap(([number, row]) => row.places.map((place) => ({ number, ...place })));
  const missing = await Promise.all(
    places.map(async ({ number, file, title }) => {
      const text = await readFile(root + file, 'utf8').catch(() => '');
      const isThere = text
        .split('\n')
        .some((line) => line.includes(title) && (/\b(?:test|describe)\b/.test(line) || /^\s*(?:[\])]\))?\(?['"`]/.test(line)));
      return isThere ? [] : [`${number}: ${file} has no ${title}`];
    }),
  );
  expect(missing.flat()).toEqual([]);
});
