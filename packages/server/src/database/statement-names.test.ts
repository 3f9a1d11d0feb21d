import pg from 'pg';
import { expect, test } from 'vitest';
import { nameOf } from './statement-names.ts';

test('a statement gets its name at the tenth time, and keeps it', () => {
  const pool = new pg.Pool();
  const names = Array.from({ length: 12 }, () => nameOf(pool, 'select 1'));
  expect(names.slice(0, 9)).toEqual(Array.from({ length: 9 }));
  expect(new Set(names.slice(9))).toEqual(new Set([expect.stringMatching(/^page-[\w-]{16}$/)]));
});

test('at most fifty statements of a pool get one, however many there are', () => {
  const pool = new pg.Pool();
  const texts = Array.from({ length: 200 }, (_, n) => `select ${n}`);
  for (let times = 0; times < 20; times += 1) for (const text of texts) nameOf(pool, text);
  expect(texts.filter((text) => nameOf(pool, text) !== undefined)).toEqual(texts.slice(0, 50));
});
