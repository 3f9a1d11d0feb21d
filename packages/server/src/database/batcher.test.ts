import { expect, test } from 'vitest';
import { createBatcher } from './batcher.ts';

test('look-ups that wait together travel in one statement and each gets its own answer', async () => {
  const batches: number[][] = [];
  const look = createBatcher(async (keys: readonly number[]) => {
    batches.push([...keys]);
    return keys.map((key) => key * 2);
  });
  const answers = await Promise.all(Array.from({ length: 140 }, (_, index) => look(index)));
  expect(answers).toEqual(Array.from({ length: 140 }, (_, index) => index * 2));
  expect(batches.map((batch) => batch.length)).toEqual([64, 64, 12]);
});

test('while statements are under way the next ones gather, and none is started before it was asked for', async () => {
  let release: () => void = () => {};
  const sizes: number[] = [];
  const look = createBatcher(
    async (keys: readonly number[]) => {
      sizes.push(keys.length);
      if (sizes.length === 1)
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      return keys;
    },
    { maxBatch: 10, maxConcurrent: 1 },
  );
  const first = look(1);
  await new Promise((resolve) => setImmediate(resolve));
  const others = [look(2), look(3), look(4)];
  release();
  expect(await first).toBe(1);
  expect(await Promise.all(others)).toEqual([2, 3, 4]);
  expect(sizes).toEqual([1, 3]);
});

test('a failing statement fails the look-ups in it and no later ones', async () => {
  let calls = 0;
  const look = createBatcher(async (keys: readonly number[]) => {
    calls += 1;
    if (calls === 1) throw new Error('connection lost');
    return keys;
  });
  await expect(Promise.all([look(1), look(2)])).rejects.toThrow('connection lost');
  expect(await look(3)).toBe(3);
});
