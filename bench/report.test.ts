import { afterEach, expect, test, vi } from 'vitest';
import { seedOf } from './report.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([0, 0.5, 1 - Number.EPSILON / 2])('a seed that a program chose (at random %j) is one that it takes', (chance) => {
  vi.spyOn(Math, 'random').mockReturnValue(chance);
  const seed = seedOf(undefined);
  expect(seedOf(String(seed))).toBe(seed);
});
