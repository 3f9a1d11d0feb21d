import type { Metadata } from '@crosswalk/contract';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ApiError } from '../lib/api-error.ts';
import {
  changeOf,
  checkStored,
  keyReplacement,
  type MetadataUpdate,
  mergeMetadata,
  metadataPatch,
  metadataReplacement,
  newMetadata,
} from './metadata.ts';
import { anyObject, mergePatch } from './testing.ts';

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
  ['9 levels', nested(9), 'max_depth', /8 levels are taken; there would be 9 \(1 too many\)/],
  ['12 levels', nested(12), 'max_depth', /8 levels are taken; there would be 12 \(4 too many\)/],
  ['a key of 65 code points', { ['k'.repeat(65)]: 1 }, 'max_key_length', /this one has 65/],
  ['an empty key', { '': 1 }, 'min_key_length', /empty/],
  ['more than 32 KB', { a: 'x'.repeat(32 * 1024) }, 'max_bytes', /32776 \(8 too many\)/],
  ['4,600 numbers of 301 digits', { a: Array(4600).fill(1e300) }, 'max_bytes', /1389207 \(1356439 too many\)/],
  ['101 numbers of 326 characters', { a: Array(101).fill(5e-324) }, 'max_bytes', /33034 \(266 too many\)/],
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
  expect(() => checkStored(keys(101))).toThrow(/^metadata: .*101/);
});

test('a patch that is too large alone is refused by itself, and so are its numbers written out', () => {
  for (const patch of [keys(101), { a: 'x'.repeat(32 * 1024) }, { a: Array(150_000).fill(5e-324) }])
    expect(() => metadataPatch(patch)).toThrow(/^metadata: may .*too many/);
});

test.each<[path: string, description: string, value: Record<string, unknown>]>([
  ['._a', 'keys that begin with "_" or "system:" are reserved', { _a: 1 }],
  ['.constructor', 'this key is not allowed: it names a part of every JavaScript object', { constructor: 1 }],
  ['.a.b.1.c', 'must not contain NUL', { a: { b: ['', { c: '\0' }] } }],
  ['.a.0.b.constructor', 'this key is not allowed: it names a part of every JavaScript object', { a: [{ b: { constructor: 1 } }] }],
  ['.a', 'has an empty key', { a: { '': 1 } }],
  ['.a', 'a key must not contain control characters or line breaks', { a: { 'b\n': 1 } }],
  [`.${'x'.repeat(99)}…`, 'a key may have at most 64 characters; this one has 129', { ['x'.repeat(129)]: 1 }],
  ['.a.b.e\u0301', 'a key must be in Unicode normal form NFC', { a: { b: { 'e\u0301': 1 } } }],
  ['.a.0.0.0.0.0.0.0', 'at most 8 levels are taken; there would be 9 (1 too many)', { a: [[[[[[[[]]]]]]]] }],
  ['.a', 'must be a JSON value, not undefined', { a: undefined }],
  ['.a.0', 'must be a JSON value, not undefined', { a: [undefined] }],
  ['', 'may have at most 100 keys; it would have 101 (1 too many)', keys(101)],
  ['', 'may take at most 32768 bytes; it would take 32769 (1 too many)', { a: 'x'.repeat(32_761) }],
])('the field is named, and what is wrong: metadata%s %s', (path, description, value) => {
  for (const [field, work] of [
    ['metadata', () => newMetadata(value)],
    ['metadata', () => metadataReplacement(value)],
    ['rows.1', () => newMetadata(value, 'rows.1')],
    ...(path === '' ? [] : [['metadata', () => metadataPatch(value)] as const]),
  ] as const) {
    expect(work).toThrow(expect.objectContaining({ message: `${field}${path}: ${description}` }));
  }
});

test('32 KB and eight levels of lists are enough', () => {
  for (const value of [{ a: 'x'.repeat(32_760) }, { a: Array(108).fill(1e300) }, { a: [[[[[[[]]]]]]] }])
    expect(newMetadata(value)).toEqual(value);
});

test('an update merges, replaces, or depends on what is stored', () => {
  const stored = { a: 1, b: { c: 2 } };
  const change = (update: MetadataUpdate) => changeOf(update, stored);
  expect(change(metadataPatch({ a: null }))).toEqual({ metadata: { a: null }, replace: false });
  expect(change(metadataPatch(undefined))).toEqual({ metadata: {}, replace: false });
  expect(change(metadataReplacement({ d: 1, e: null }))).toEqual({ metadata: { d: 1 }, replace: true });
  expect(change(keyReplacement('b', { d: 3 }))).toEqual({ metadata: { a: 1, b: { d: 3 } }, replace: true });
  expect(change(keyReplacement('e', 4))).toEqual({ metadata: { ...stored, e: 4 }, replace: true });
  expect(change(keyReplacement('b', undefined))).toEqual({ metadata: { a: 1 }, replace: true });
  expect(change(keyReplacement('e', undefined))).toEqual({ metadata: stored, replace: true });
});

// Last, as it takes long to say what is wrong.
test('a patch does what the algorithm of RFC 7396 does, for any target and patch, as it does in the database', () => {
  fc.assert(
    fc.property(anyObject, anyObject, (target, patch) => {
      expect(mergeMetadata(target, patch, 'metadata')).toEqual(mergePatch(target, patch));
    }),
    { numRuns: 300 },
  );
});
