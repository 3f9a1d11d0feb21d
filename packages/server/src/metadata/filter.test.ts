import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing.ts';
import { compileFilter } from './filter.ts';
import { formatKey, parseFilter, parseKey } from './filter-grammar.ts';

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
  ['metadata.123abc', ['123abc']],
  ['metadata.10x', ['10x']],
  ['metadata.a.1.2', ['a', '1', '2']],
  ['metadata.2024.5', ['2024', '5']],
  ['metadata.1.2', ['1', '2']],
  ['metadata.1e5.-1', ['1e5', '-1']],
  ['metadata.a-1', ['a-1']],
  ['metadata.-.--', ['-', '--']],
  ['metadata . 1\t.\n2', ['1', '2']],
  ['metadata["1.2"].3["4"].5', ['1.2', '3', '4', '5']],
  ['metadata.٣.ü١', ['٣', 'ü١']],
])('a name between dots may begin with any of its characters: %s', (key, path) => {
  for (const [rest, value] of [
    ['= -7', -7],
    ['>=-1.5e-3', -0.0015],
    ['="x"', 'x'],
    ['<10', 10],
  ] as const)
    expect(parseFilter(key + rest)).toMatchObject({ path, value });
  expect(parseKey(key)).toEqual(path);
});

test('any keys are read as they are spelled, and only what needs them has brackets', () => {
  const letters = fc.string({ unit: fc.constantFrom(...'a1.2-_e+"\\[] ü٣\u0301'), minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.array(letters, { minLength: 1, maxLength: 5 }), (path) => {
      expect(parseKey(formatKey(path))).toEqual(path);
      expect(parseFilter(`NOT (${formatKey(path)}=-1)AND ${formatKey(path)} :*`)).toMatchObject({
        operands: [{ operands: [{ path }] }, { path }],
      });
    }),
  );
  expect(formatKey(['a', '1', '2b', '-', 'a.b', 'a key'])).toBe('metadata.a.1.2b.-["a.b"]["a key"]');
});

test.each(['9007199254740993', '-9007199254740993', '1e400', '1e-400', `0.1${'0'.repeat(40)}1`])(
  'no record has the number %s, so a comparison with it is refused rather than with its neighbour (V2)',
  (number) => {
    for (const operator of ['=', '!=', '<', '>=']) {
      expect(() => parseFilter(`metadata.n ${operator} ${number}`)).toThrow(
        `filter: the number ${number} cannot be stored exactly, so no record has it; it may be stored as a text in double quotes (at character`,
      );
    }
    expect(parseFilter(`metadata.n = "${number}"`)).toMatchObject({ value: number });
  },
);

test('numbers that a double holds are compared with as they are written', () => {
  for (const number of ['9007199254740992', '1e308', '-0.1', '1.50', '1E2', '123456789012345680000'])
    expect(parseFilter(`metadata.n = ${number}`)).toMatchObject({ value: Number(number) });
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
  ['metadata.a = 12abc', 'true or false, not 12abc'],
  ['metadata.a = 1.2.3', 'true or false, not 1.2.3'],
  ['metadata.1+2 = 3', 'cannot be read here: +2'],
  ['metadata. = 3', 'expected a key, not ='],
  ['metadata.a..b = 3', 'expected a key, not .'],
  ['metadata.', 'expected a key, but the filter ends'],
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
