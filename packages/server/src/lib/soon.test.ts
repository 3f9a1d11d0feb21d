import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { soon } from './soon.ts';

test.each([
  ['what comes in time', () => Promise.resolve('here'), 'here'],
  ['nothing where it takes longer', () => sleep(1_000, 'late', { ref: false }), undefined],
  ['nothing where it fails', () => Promise.reject(new Error('lost')), undefined],
])('gives %s', async (_, promised, expected) => {
  expect(await soon(promised(), 20)).toBe(expected);
});
