import { expect, test } from 'vitest';
import { shareAnswer } from './shared-answer.ts';

test('all who ask at the same moment share one question about what they named', async () => {
  const asked: string[][] = [];
  const answerTo = shareAnswer(async (about: readonly string[]) => asked.push([...about]));
  expect(await Promise.all(['a', 'b', 'a'].map(answerTo))).toEqual([1, 1, 1]);
  expect(asked).toEqual([['a', 'b']]);
});

test('who comes while a question is under way waits for the next, which is asked when that has been answered', async () => {
  const asked: string[][] = [];
  const releases: (() => void)[] = [];
  const answerTo = shareAnswer(async (about: readonly string[]) => {
    asked.push([...about]);
    await new Promise<void>((resolve) => releases.push(resolve));
    return asked.length;
  });
  const first = answerTo('a');
  await new Promise((resolve) => setImmediate(resolve));
  const [second, third] = [answerTo('b'), answerTo('c')];
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toEqual([['a']]);
  releases[0]?.();
  expect(await first).toBe(1);
  await new Promise((resolve) => setImmediate(resolve));
  releases[1]?.();
  expect(await Promise.all([second, third])).toEqual([2, 2]);
  expect(asked).toEqual([['a'], ['b', 'c']]);
});

test('a question that fails fails all who wait for it, and none after them', async () => {
  let count = 0;
  const answerTo = shareAnswer(async () => {
    count += 1;
    if (count === 1) throw new Error('connection lost');
    return count;
  });
  const outcomes = await Promise.allSettled([answerTo('a'), answerTo('b')]);
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
  expect(await answerTo('c')).toBe(2);
});
