import { afterEach, expect, test, vi } from 'vitest';
import { onlyNamed, seedOf } from './command-line.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([0, 0.5, 1 - Number.EPSILON / 2])('a seed that a program chose (at random %j) is one that it takes', (chance) => {
  vi.spyOn(Math, 'random').mockReturnValue(chance);
  const seed = seedOf(undefined);
  expect(seedOf(String(seed))).toBe(seed);
});

const items = ['T1', 'T1', 'T13', 'T2', 'look-up by ID', 'look-up by ID of a system', 'page 1,000', 'one, and another', 'another', '*'].map(
  (name) => ({ name }),
);

test.each([
  [undefined, items.map(({ name }) => name)],
  ['t1', ['T1', 'T1']],
  ['T13, T1', ['T1', 'T1', 'T13']],
  ['T', ['T1', 'T1', 'T13', 'T2', 'look-up by ID of a system', 'one, and another', 'another']],
  ['look-up by ID', ['look-up by ID']],
  ['look-up', ['look-up by ID', 'look-up by ID of a system']],
  ['system,*', ['look-up by ID of a system', '*']],
  ['page 1,000', ['page 1,000']],
  ['one, and another', ['one, and another']],
])('--only %j is %j', (text, names) => {
  expect(onlyNamed(text, items).map(({ name }) => name)).toEqual(names);
});

test.each(['T3', '3', 'T1,', '', 'export'])('--only %j is refused, with what there is', (text) => {
  expect(() => onlyNamed(text, items)).toThrow(/^--only: nothing is named .*; there are T1, T13, T2, look-up by ID, /);
});
