import { expect, test } from 'vitest';
import { exactJson, InexactJsonError } from './exact-json.ts';

test.each([
  '{"a":1,"b":[1.50,-0,1e3,{"a":null}],"c":{"a":true}}',
  '["9007199254740993","\\"9007199254740993","a\\\\",{"a":"{\\"a\\":1,\\"a\\":2}"}]',
  ' [ "a" , "a" ] ',
  '"a"',
  '7',
  '{"":1," ":2}',
])('%s is what JSON.parse says', (text) => {
  expect(exactJson(text)).toEqual(JSON.parse(text));
});

test.each([
  ['9007199254740993', 'has 9007199254740993, which cannot be held exactly as a number: write it as a text'],
  ['[9007199254740993.0]', 'has 9007199254740993.0, which'],
  ['[1,9007199254740993e0]', 'has 9007199254740993e0, which'],
  ['0.12345678901234567891', 'has 0.12345678901234567891, which'],
  ['1e400', 'has 1e400, which'],
  ['{"id":"x","fields":{"seats":[1,-9007199254740993]}}', 'has -9007199254740993 in fields.seats, which'],
  ['{"a":{"b":1},"c":9007199254740993}', 'has 9007199254740993 in c, which'],
  ['{"a":1,"a":2}', 'has the key "a" twice in one object: leave one of them out'],
  ['[{"b":{"a":1, "x":{"a":1}, "\\u0061" : 2}}]', 'has the key "a" twice'],
  ['{"":1,"":2}', 'has the key "" twice'],
  [`{"${'k'.repeat(200)}":1${'9'.repeat(200)}}`, `has 1${'9'.repeat(99)} in ${'k'.repeat(100)}, which`],
])('%s is refused, as it would become something else', (text, message) => {
  expect(() => exactJson(text)).toThrow(InexactJsonError);
  expect(() => exactJson(text)).toThrow(message);
});

test.each(['', '{', '[1,]', 'nothing', '{"a":1,"a":2'])('%j is no JSON', (text) => {
  expect(() => exactJson(text)).toThrow(SyntaxError);
});

test('a text of a megabyte takes no time that grows by its square', () => {
  const texts = [`"${'x'.repeat(1_000_000)}"`, `"${'\\\\'.repeat(500_000)}"`, `[${'[],'.repeat(100_000)}1]`, `0.1${'0'.repeat(1_000_000)}`];
  const began = performance.now();
  for (const text of texts) exactJson(text);
  expect(performance.now() - began).toBeLessThan(10_000);
});
