import type { JsonValue, Metadata } from '@crosswalk/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiError } from '../lib/api-error.ts';
import { createTestDatabase, type TestDatabase } from '../testing.ts';
import { checkStored, mergeMetadata, metadataPatch, newMetadata } from './metadata.ts';

const nested = (depth: number): Metadata => (depth === 1 ? {} : { a: nested(depth - 1) });
const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 1]));

function refusal(value: Record<string, unknown>): { message: string; constraint: string | undefined } {
  try {
    newMetadata(value);
  } catch (error) {
    if (error instanceof ApiError && error.code === 'INVALID_METADATA')
      return { message: error.message, constraint: error.detail.violations?.[0]?.constraint };
    throw error;
  }
  throw new Error('was accepted');
}

test.each([
  ['100 keys', keys(100)],
  ['8 levels', nested(8)],
  ['a key of 64 code points outside the BMP', { ['😀'.repeat(64)]: 1 }],
  ['8,000 code points in a string', { a: '😀'.repeat(8000) }],
  ['names of methods', { toString: 1, hasOwnProperty: 'x', toJSON: 'x', then: 1, length: 0 }],
  ['keys that look like paths and operators', { 'a.b': 1, 'a[b]': 1, $where: 1, '#>>': 1, 'a,b': 1, 'a"b': 1, "a'b": 1 }],
  ['values that are dangerous elsewhere', { a: '<img src=x onerror=alert(1)>', b: '\r\nX-A: b', c: '${jndi:ldap://x}', d: '\u2028' }],
])('%s are accepted and unchanged', (_name, value) => {
  expect(newMetadata(value)).toEqual(value);
});

test.each([
  ['101 keys', keys(101), 'max_keys', /101 \(1 too many\)/],
  ['9 levels', nested(9), 'max_depth', /8 levels/],
  ['a key of 65 code points', { ['k'.repeat(65)]: 1 }, 'max_key_length', /this one has 65/],
  ['an empty key', { '': 1 }, 'min_key_length', /empty/],
  ['more than 32 KB', { a: 'x'.repeat(32 * 1024) }, 'max_bytes', /32776 \(8 too many\)/],
  ['__proto__', JSON.parse('{"a": {"__proto__": 1}}'), 'forbidden_key', /__proto__/],
  ['constructor', { constructor: 1 }, 'forbidden_key', /constructor/],
  ['prototype, in an array', { a: [{ prototype: 1 }] }, 'forbidden_key', /prototype/],
  ['a reserved key', { _internal: 1 }, 'reserved_key', /reserved/],
  ['a reserved prefix', { 'system:x': 1 }, 'reserved_key', /reserved/],
  ['NUL in a value', { a: ['\u0000'] }, 'no_nul', /NUL/],
  ['a lone surrogate', { a: '\ud800' }, 'well_formed', /surrogate/],
  ['NUL in a key', { 'a\u0000': 1 }, 'no_nul', /NUL/],
  ['a line break in a key', { 'a\nb': 1 }, 'no_control', /control/],
  ['a direction override in a key', { 'a\u202eb': 1 }, 'no_bidi', /direction/],
  ['a key that is not NFC', { 'e\u0301': 1 }, 'nfc', /NFC/],
  ['infinity', { a: Number.POSITIVE_INFINITY }, 'finite', /finite/],
])('%s is refused, telling limit and excess', (_name, value, constraint, message) => {
  const refused = refusal(value);
  expect(refused.constraint).toBe(constraint);
  expect(refused.message).toMatch(message);
  expect(Object.hasOwn({}, 'x')).toBe(false);
});

test('null in a new object is dropped at every level, and kept in a patch and in arrays', () => {
  expect(newMetadata({ a: null, b: { c: null, d: 1 }, e: [null] })).toEqual({ b: { d: 1 }, e: [null] });
  expect(metadataPatch({ a: null }).metadata).toEqual({ a: null });
});

test('the number of keys is a limit of what is stored, not of a patch', () => {
  expect(() => metadataPatch(Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`k${index}`, null])))).not.toThrow();
  expect(() => checkStored(keys(101))).toThrow(/101/);
});

describe('a patch', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  const json = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      // Within the levels that metadata may have.
      { depthSize: 'small', maxDepth: 6 },
      fc.constantFrom(null, true, false, 0, 1, -2.5, 'x', ''),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('value'), { maxKeys: 4 }),
    ),
  })).value;
  const object = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), json, { maxKeys: 4 });

  test('does what the algorithm of RFC 7396 does, for any target and patch, in the database and here', async () => {
    await fc.assert(
      fc.asyncProperty(object, object, async (target, patch) => {
        const { rows } = await database.pool.query('select crosswalk_merge_patch($1, $2) as merged', [
          JSON.stringify(target),
          JSON.stringify(patch),
        ]);
        expect(rows[0].merged).toEqual(mergePatch(target, patch));
        expect(mergeMetadata(target, patch, 'metadata')).toEqual(mergePatch(target, patch));
      }),
      { numRuns: 300 },
    );
  });

  /** RFC 7396 section 2, to the letter. */
  function mergePatch(target: unknown, patch: unknown): unknown {
    if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
    const result = new Map<string, unknown>(
      typeof target === 'object' && target !== null && !Array.isArray(target) ? Object.entries(target) : [],
    );
    for (const [key, value] of Object.entries(patch)) {
      if (value === null) result.delete(key);
      else result.set(key, mergePatch(result.get(key), value));
    }
    return Object.fromEntries(result);
  }
});
