import { expect, test } from 'vitest';
import { newRequestId, requestIdOf } from './request-id.ts';

test('the IDs that are made are req_ and 32 hexadecimal digits, and no two are alike', () => {
  // More than random bytes are fetched for at once.
  const made = Array.from({ length: 2_000 }, newRequestId);
  expect(made.filter((id) => !/^req_[0-9a-f]{32}$/.test(id))).toEqual([]);
  expect(new Set(made).size).toBe(made.length);
});

test.each([
  [undefined, false],
  ['', false],
  ['a b', false],
  ['x'.repeat(65), false],
  [['a', 'b'], false],
  ['x'.repeat(64), true],
  ['Trace_1.2-3', true],
])('of %j as an ID of the caller it is %s that it is kept', (sent, isKept) => {
  expect(requestIdOf(sent) === sent).toBe(isKept);
});
