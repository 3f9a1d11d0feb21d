import { expect, test } from 'vitest';
import { isExactNumber } from './exact-number.ts';

test.each([
  '0',
  '-0',
  '0.0',
  '0e5',
  '0.1',
  '250',
  '-1.5',
  '1.50',
  '9007199254740992',
  '9007199254740992.0',
  '90071992547409920e-1',
  '9007199254740994',
  '100000000000000000000',
  '1e21',
  '1e2',
  '1E+2',
  '1200e-2',
  '1.7976931348623157e308',
  '5e-324',
])('%s is held exactly', (number) => {
  expect(isExactNumber(number)).toBe(true);
});

test.each([
  '9007199254740993',
  '-9007199254740993',
  '9007199254740993.0',
  '9007199254740993e0',
  '90071992547409930e-1',
  '0.12345678901234567891',
  '1e400',
  '-1e400',
  '1e-400',
  '1e2e3',
  '0x1',
  '1 ',
  'NaN',
])('%s is not', (number) => {
  expect(isExactNumber(number)).toBe(false);
});

test('a number of a megabyte takes no time that grows by its square', () => {
  const zeros = '0'.repeat(1_000_000);
  const began = performance.now();
  expect([`0.1${zeros}1`, `${zeros}1`, `0.1${zeros}`].map(isExactNumber)).toEqual([false, true, true]);
  expect(performance.now() - began).toBeLessThan(10_000);
});
