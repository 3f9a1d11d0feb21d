import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing.ts';
import { jsonColumn, jsonLines, plainArray, textArray } from './columns.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const texts = ['', ' ', 'null', 'NULL', null, '"', '\\', '\\"', 'a,b', '{a}', 'a\nb\tc\r', '\\n', "'", 'é\u2028\ud83d\ude00', '}"{', '$1'];

test('texts of any kind arrive as they were', async () => {
  const { rows } = await database.pool.query('select $1::text[] as texts, $2::text[] as none', [textArray(texts), textArray([])]);
  expect(rows).toEqual([{ texts, none: [] }]);
});

test('numbers, IDs, words and nulls arrive as they were', async () => {
  const { rows } = await database.pool.query('select $1::bigint[] as ids, $2::int[] as numbers, $3::text[] as words', [
    plainArray(['9223372036854775807', null, '1']),
    plainArray([1, 0, -5, null]),
    plainArray(['user', 'user.created', null]),
  ]);
  expect(rows).toEqual([{ ids: ['9223372036854775807', null, '1'], numbers: [1, 0, -5, null], words: ['user', 'user.created', null] }]);
});

test('JSON of any kind arrives as it was, a row for each beside the other columns', async () => {
  const values = [{}, { 'a\nb': texts }, [], null, 'a\nb', 1.5, { deep: { '': [true] } }];
  const { rows } = await database.pool.query<{ n: number; value: unknown }>(
    `select n, value::jsonb from rows from (unnest($1::int[]), ${jsonLines('$2')}) as t (n, value)`,
    [plainArray(values.map((_, n) => n)), jsonColumn(values)],
  );
  expect(rows).toEqual(values.map((value, n) => ({ n, value })));
});
