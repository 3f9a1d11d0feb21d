import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from './json-scan.ts';

test('reads any JSON as JSON.parse does', () => {
  fc.assert(
    fc.property(fc.json({ noUnicodeString: false }), (text) => {
      // Duplicate and forbidden keys cannot come from here: the generator prints objects.
      if (text.includes('__proto__')) return;
      expect(parseJson(text)).toEqual(JSON.parse(text));
    }),
  );
});

test.each([
  '0',
  '-0',
  '1.0',
  '1e2',
  '0.1',
  '9007199254740991',
  '-9007199254740991',
  '1e308',
  '5e-324',
  '123456789012345680000',
  '1.50',
  '100e-2',
  '12e0',
  '0e5',
])('the number %s is exact', (text) => expect(parseJson(text)).toBe(Number(text)));

test.each(['9007199254740993', '-9007199254740993', '1e400', '-1e309', `0.1${'0'.repeat(40)}1`, '1e-400', '123456789012345678'])(
  'the number %s would change and is refused (V2, V6)',
  (text) => expect(() => parseJson(`{"a":${text}}`)).toThrow(/cannot be stored exactly/),
);

test.each([
  ['{"a":1,"a":2}', /twice/],
  ['{"a":{"b":1,"\\u0062":2}}', /twice/],
  ['{"__proto__":1}', /__proto__/],
  ['{"\\u005f_proto__":1}', /__proto__/],
])('%s is refused: one of the keys would be lost (K2, K3, K8)', (text, message) => expect(() => parseJson(text)).toThrow(message));

test('a text that looks like keys is a text', () => {
  expect(parseJson('["a","a",{"a":"a","b":"{\\"a\\":1,\\"a\\":2}"}]')).toEqual(['a', 'a', { a: 'a', b: '{"a":1,"a":2}' }]);
});

test.each([
  ['', 'empty'],
  ['{"a":1', 'truncated'],
  ['{"a":1}}', 'too much'],
  ['{} {}', 'two'],
  ['{a:1}', 'bare key'],
  ["{'a':1}", 'single quotes'],
  ['{"a":NaN}', 'NaN'],
  ['[+1]', 'plus'],
  ['[01]', 'zero'],
  ['[1.]', 'dot'],
  ['[.5]', 'dot'],
  ['[0x10]', 'hex'],
  ['// x\n{}', 'comment'],
  ['\ufeff{}', 'BOM'],
  ['"\\ud8', 'half escape'],
])('%j (%s) is refused (B1, V4)', (text) => expect(() => parseJson(text)).toThrow(/the body/));

test('100,000 levels and a megabyte of brackets are refused in a moment (V7, B9)', () => {
  const start = performance.now();
  for (const text of ['['.repeat(100_000), '{"a":'.repeat(200_000), `${'['.repeat(33)}${']'.repeat(33)}`])
    expect(() => parseJson(text)).toThrow(/32 levels/);
  expect(parseJson(`${'['.repeat(32)}${']'.repeat(32)}`)).toBeDefined();
  expect(performance.now() - start).toBeLessThan(1000);
});
