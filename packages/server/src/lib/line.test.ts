import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { Line } from './line.ts';

test('items are in the order in which they came, whoever leaves, and each leaves once', () => {
  const line = new Line<string>();
  const [a, b, c, d] = [line.join('a'), line.join('b'), line.join('c'), line.join('d')];
  expect([...line]).toEqual(['a', 'b', 'c', 'd']);
  expect(line.leave(b)).toBe(true);
  expect([...line]).toEqual(['a', 'c', 'd']);
  expect(line.leave(b)).toBe(false);
  expect(line.leave(a)).toBe(true);
  expect(line.first).toBe(c);
  expect(line.leave(d)).toBe(true);
  line.join('e');
  expect([...line]).toEqual(['c', 'e']);
  expect(line.leave(c)).toBe(true);
  expect(line.leave(a)).toBe(false);
  expect([...line]).toEqual(['e']);
});

test('who has left is collected while it is young, whoever else there was at the same time', () => {
  setFlagsFromString('--expose-gc');
  const collect: (options: { type: 'minor' }) => void = runInNewContext('gc');
  const line = new Line<number[]>();
  const waiting: ReturnType<typeof line.join>[] = [];
  const oldBytes = () => getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space')?.space_used_size ?? 0;
  const slow = line.join([]);
  const before = oldBytes();
  let most = 0;
  // 40 MB in all, 64 KB of them at once. What a collection of all finds is not what is asked for: the most that was old between two of them is.
  for (let count = 1; count <= 40_000; count += 1) {
    waiting.push(line.join(new Array<number>(128).fill(count)));
    if (waiting.length > 64) {
      const [oldest] = waiting.splice(0, 1);
      if (oldest !== undefined) line.leave(oldest);
    }
    // It has become old by then.
    if (count === 2_000) line.leave(slow);
    if (count % 500 === 0) {
      collect({ type: 'minor' });
      most = Math.max(most, oldBytes() - before);
    }
  }
  expect(most).toBeLessThan(2_000_000);
});
