import { expect, test } from 'vitest';
import { sharedBuffers } from './memory.ts';

const gigabyte = 1024 ** 3;

test.each([
  ['a quarter of the machine', 4 * gigabyte, 0, '1024MB'],
  ['a quarter of the container, where that has less', 64 * gigabyte, gigabyte, '256MB'],
  ['a quarter of the machine, where the container has no limit', 4 * gigabyte, 2 ** 64, '1024MB'],
  ['no less than by default', gigabyte / 4, 0, '128MB'],
  ['no more than every start should pay for', 64 * gigabyte, 0, '2048MB'],
])('PostgreSQL keeps pages in %s', (_name, total, constrained, expected) => {
  expect(sharedBuffers(total, constrained)).toBe(expected);
});
