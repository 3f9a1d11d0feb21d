import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing.ts';
import { compileFilter } from './filter.ts';
import { parseFilter } from './filter-grammar.ts';

test('AND binds tighter than OR, NOT tightest; parentheses group', () => {
  expect(parseFilter('metadata.a = 1 OR metadata.b = 2 AND NOT metadata.c :*')).toEqual({
    type: 'or',
    operands: [
      { type: 'comparison', path: ['a'], operator: '=', value: 1 },
      {
        type: 'and',
        operands: [
          { type: 'comparison', path: ['b'], operator: '=', value: 2 },
          { type: 'not', operands: [{ type: 'comparison', path: ['c'], operator: ':*', value: null }] },
        ],
      },
    ],
  });
  expect(parseFilter('(metadata.a=1 OR metadata.b=2) AND metadata.c=3')).toMatchObject({ type: 'and' });
});

test('a key is exact: names by dots are levels, any other key goes in brackets', () => {
  expect(parseFilter('metadata.a.b = "x"')).toMatchObject({ path: ['a', 'b'] });
  expect(parseFilter('metadata["a.b"]["ü \\"q\\""] = true')).toMatchObject({ path: ['a.b', 'ü "q"'], value: true });
  expect(parseFilter('metadata.AND = 1 AND metadata.10 = 2')).toMatchObject({
    type: 'and',
    operands: [{ path: ['AND'] }, { path: ['10'] }],
  });
});

test.each([
  ['', 'expected metadata'],
  ['plan = "x"', 'expected metadata'],
  ['metadata = 1', 'after metadata'],
  ['metadata.a', 'expected one of'],
  ['metadata.a = pro', 'a text in double quotes'],
  ['metadata.a = null', 'NOT metadata.<key> :*'],
  ["metadata.a = 'x'", 'cannot be read here'],
  ['metadata.a = "x', 'cannot be read here'],
  ['metadata.a = "\\u0000"', 'not a JSON string'],
  ['metadata.a = 1e999', 'a text in double quotes'],
  ['metadata.a = 01', 'a text in double quotes'],
  ['metadata.a ^= 5', 'compares texts'],
  ['metadata.a < true', 'compares texts and numbers'],
  ['metadata.a = 1 metadata.b = 2', 'AND, OR or the end'],
  ['(metadata.a = 1', '")"'],
  [Array.from({ length: 51 }, () => 'metadata.a = 1').join(' OR '), 'more than 50 comparisons'],
  [`${'('.repeat(1000)}metadata.a = 1`, 'more than 10 levels'],
  [`${'NOT '.repeat(11)}metadata.a :*`, 'more than 10 levels'],
])('%j is refused with the position (P10)', (text, message) => {
  expect(() => compileFilter(text, 2)).toThrow(new RegExp(`${message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}.*at character`));
});

test.each([
  ['external_ids :*', '"." and a system'],
  ['external_ids.stripe > "a"', 'one of = != ^= :*'],
  ['external_ids.stripe = 7', 'an ID in double quotes'],
  ['external_id.stripe :*', 'one of = != ^= :*'],
  ['other.x :*', 'metadata.<key>, external_id or external_ids.<system>'],
])('%j is refused where records have external IDs', (text, message) => {
  expect(() => compileFilter(text, 2, { kind: 'user', sets: [], indexedKeys: [] })).toThrow(message);
});

test('records without external IDs are not asked for them', () => {
  expect(() => compileFilter('external_ids.stripe :*', 2)).toThrow('expected metadata.<key>');
});

test('an equality or an external ID that decides uses an index, nothing else does', () => {
  const indexed = (text: string) => compileFilter(text, 2, { kind: 'organization', sets: [], indexedKeys: [] }).indexed;
  expect([indexed('external_ids.crm :*'), indexed('NOT external_ids.crm :*'), indexed('NOT external_id :*')]).toEqual([true, true, true]);
  expect([indexed('external_id :*'), indexed('external_id != "x"')]).toEqual([false, false]);
  expect(indexed('metadata.a = 1 AND metadata.b > 2')).toBe(true);
  expect(indexed('metadata.a = 1 OR metadata.b = 2')).toBe(true);
  expect(indexed('metadata.a = 1 OR metadata.b > 2')).toBe(false);
  expect(indexed('NOT metadata.a = 1')).toBe(false);
});

describe('in the database', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    await database.pool.query(`create table samples (name text, metadata jsonb);
      insert into samples values
        ('number', '{"v": 5}'), ('text', '{"v": "5"}'), ('truth', '{"v": true}'), ('absent', '{}'), ('list', '{"v": [5]}'),
        ('nested', '{"v": {"w": 1}}'), ('dotted', '{"v.w": 1}'), ('like', '{"v": "100%_x"}'), ('big', '{"v": 150000}'), ('umlaut', '{"v": "ä"}')`);
  });
  afterAll(() => database.drop());

  test.each([
    ['metadata.v = 5', ['number']],
    ['metadata.v = 5.0', ['number']],
    ['metadata.v = "5"', ['text']],
    ['metadata.v = true', ['truth']],
    ['metadata.v != 5', ['absent', 'big', 'dotted', 'like', 'list', 'nested', 'text', 'truth', 'umlaut']],
    ['metadata.v > 4', ['big', 'number']],
    ['metadata.v >= "5"', ['text', 'umlaut']],
    ['metadata.v < "5"', ['like']],
    ['metadata.v ^= "100%"', ['like']],
    ['metadata.v ^= "1_0"', []],
    ['metadata.v :*', ['big', 'like', 'list', 'nested', 'number', 'text', 'truth', 'umlaut']],
    ['NOT metadata.v :*', ['absent', 'dotted']],
    ['NOT metadata.v > 4', ['absent', 'dotted', 'like', 'list', 'nested', 'text', 'truth', 'umlaut']],
    ['metadata.v.w = 1', ['nested']],
    ['metadata["v.w"] = 1', ['dotted']],
    [`metadata.v = "'; drop table samples; --"`, []],
  ])('%s', async (text, names) => {
    const { sql, values } = compileFilter(text, 1);
    const { rows } = await database.pool.query(`select name from samples where ${sql} order by name`, values);
    expect(rows.map((row) => row.name)).toEqual(names);
  });
});
