import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing.ts';
import { storedBytes } from './stored-json.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** The bytes of each value as the database prints it, without the white space that it adds in lists. */
async function printed(values: readonly number[]): Promise<number[]> {
  const { rows } = await database.pool.query<{ bytes: number }>(
    'select octet_length(v::text) as bytes from unnest($1::jsonb[]) with ordinality as t (v, i) order by i',
    [values.map((value) => JSON.stringify(value))],
  );
  return rows.map(({ bytes }) => bytes);
}

test('a number counts as the database prints it', async () => {
  const numbers = [0, -0, 7, -1.5, 0.000001, 1e-7, -1.5e-7, 5e-324, 1e20, 1e21, -1e21, 1.5e300, 1e300, Number.MAX_VALUE, -Number.MIN_VALUE];
  const any = fc.sample(fc.double({ noNaN: true, noDefaultInfinity: true }), 500);
  expect([...numbers, ...any].map(storedBytes)).toEqual(await printed([...numbers, ...any]));
  expect([1e300, -1e300, 5e-324].map(storedBytes)).toEqual([301, 302, 326]);
});

test('numbers count wherever they are, texts that look like them as they are', () => {
  expect(storedBytes({ a: [1e21, { b: -1e21 }], c: 1e-7, d: [true, null, 'ü'] })).toBe(
    Buffer.byteLength('{"a":[1000000000000000000000,{"b":-1000000000000000000000}],"c":0.0000001,"d":[true,null,"ü"]}'),
  );
  for (const value of ['1e+300', { '1e+300': '5e-324' }, [], {}, null, true]) expect(storedBytes(value)).toBe(JSON.stringify(value).length);
});
