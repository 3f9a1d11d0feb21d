import { expect, test } from 'vitest';
import { nameOf } from './statement-names.ts';

test('a statement gets its name at the tenth time, and keeps it', () => {
  const names = Array.from({ length: 12 }, () => nameOf('select 1'));
  expect(names.slice(0, 9)).toEqual(Array.from({ length: 9 }));
  expect(new Set(names.slice(9))).toEqual(new Set([expect.stringMatching(/^page-[\w-]{16}$/)]));
});

test('at most fifty statements get one, however many there are', () => {
  const texts = Array.from({ length: 200 }, (_, n) => `select 'one of many', ${n}`);
  for (let times = 0; times < 20; times += 1) for (const text of texts) nameOf(text);
  const named = texts.filter((text) => nameOf(text) !== undefined);
  // One has the statement of the test before.
  expect(named).toEqual(texts.slice(0, 49));
});
