import { expect, test } from 'vitest';
import { HeldAnswers } from './held-answers.ts';

test('answers that nobody reads are dropped, the oldest first, as soon as all together are too many bytes', () => {
  const answers = new HeldAnswers({ limit: 100 });
  const dropped: string[] = [];
  const hold = (name: string, bytes: number) => answers.hold(bytes, () => dropped.push(name));
  const releases = [hold('a', 40), hold('b', 40)];
  expect(dropped).toEqual([]);
  releases.push(hold('c', 40));
  expect(dropped).toEqual(['a']);
  // What was read gives its room to others.
  releases[1]?.();
  releases.push(hold('d', 60));
  expect(dropped).toEqual(['a']);
  // One by itself is sent, however large it is.
  releases.push(hold('e', 1_000));
  expect(dropped).toEqual(['a', 'c', 'd']);
  for (const release of releases) release();
  hold('f', 100)();
  expect(dropped).toEqual(['a', 'c', 'd']);
});

test('an answer that is not read in time is dropped, once; one that is read is not', async () => {
  const answers = new HeldAnswers({ timeout: 10 });
  const dropped: string[] = [];
  answers.hold(1, () => dropped.push('read'))();
  const done = new Promise<void>((resolve) => {
    const release = answers.hold(1, () => {
      dropped.push('slow');
      release();
      resolve();
    });
  });
  await done;
  expect(dropped).toEqual(['slow']);
});
