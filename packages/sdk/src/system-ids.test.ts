import { expect, test } from 'vitest';
import { quickest } from '../../../test/quickest.ts';
import { systemFields } from '../../server/src/systems/system.ts';
import { knownSystems, matchesIdPattern, systemUrl } from './system-ids.ts';

test('an ID in an address is encoded', () => {
  expect(systemUrl('https://example.com/?id={id}', 'a/b?c&$&{id}')).toBe('https://example.com/?id=a%2Fb%3Fc%26%24%26%7Bid%7D');
});

test.each([
  ['cus_*', 'cus_', true],
  ['cus_*', 'cus', false],
  ['001*', '0015g00000abc', true],
  ['#*', '7x', true],
  ['##', '7x', false],
  ['##', '42', true],
  ['a?c', 'a😀c', true],
  ['*-*-#', 'a-b-c-7', true],
  ['*-*-#', 'a-b-c', false],
  ['*', '', true],
  ['', 'x', false],
  ['(a+)+$', '(a+)+$', true],
])('the pattern %j and %j: %s', (pattern, value, matches) => {
  expect(matchesIdPattern(pattern, value)).toBe(matches);
});

test('the longest pattern is quick with the worst of IDs', () => {
  const time = quickest(() => expect(matchesIdPattern(`${'*a'.repeat(127)}b`, 'a'.repeat(255))).toBe(false));
  expect(time).toBeLessThan(100);
});

test('what is suggested for well-known systems keeps the rules', () => {
  for (const [name, known] of Object.entries(knownSystems)) expect([name, systemFields(known)]).toEqual([name, known]);
});
