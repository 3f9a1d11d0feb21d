import { expect, test } from 'vitest';
import { randomNumbers } from '../../tools/programs/random.ts';
import { compareTimes, leakFrom, tellApart, type WrongPlace } from './timing.ts';

test('a comparison that ends at the first difference is found out', async () => {
  // Long, so that the way to its end takes longer than anything else that is usual; and often enough that what takes long for another reason is cut.
  const right = Buffer.alloc(20_000, 7);
  const compare = (sent: Buffer) => {
    for (let index = 0; index < right.length; index += 1) if (sent[index] !== right[index]) return false;
    return true;
  };
  const attempt = (place: WrongPlace) => {
    const sent = Buffer.from(right);
    sent[place === 'first' ? 0 : right.length - 1] = 1;
    return () => compare(sent);
  };
  const { t, taken } = await compareTimes(attempt, 5_000, randomNumbers(1));
  expect(t).toBeGreaterThan(leakFrom);
  expect(taken).toBe(false);
});

test('a comparison that takes a wrong secret is found out', async () => {
  expect((await compareTimes((place) => async () => place === 'last', 10, randomNumbers(1))).taken).toBe(true);
});

test('t is that of Welch', () => {
  const one = Float64Array.of(27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4);
  const other = Float64Array.of(27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.5, 24.4);
  expect(tellApart(one, other)).toEqual({ t: expect.closeTo(2.852955, 6), median: 22.0 });
});

test('what is told apart neither depends on a few long times nor is hidden by them', () => {
  const random = randomNumbers(7);
  // A thousandth of the times is the machine's, a thousand times as long as the others.
  const times = (more: number) =>
    Float64Array.from({ length: 20_000 }, () => (random(1000) === 1 ? random(1_000_000) : 1000 + random(100) + more));
  expect(Math.abs(tellApart(times(0), times(0)).t)).toBeLessThan(leakFrom);
  expect(tellApart(times(0), times(5)).t).toBeGreaterThan(leakFrom);
  expect(tellApart(times(5), times(0)).t).toBeLessThan(-leakFrom);
});
