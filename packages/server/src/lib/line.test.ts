import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
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

/**
 * A program with a heap of its own, which prints the most bytes that were old while 40 MB came and went, 64 KB of them at once: by a `Line`, and by a
 * `Set`. What a collection of all finds is not what is asked for.
 */
const program = `
  import { getHeapSpaceStatistics } from 'node:v8';
  import { Line } from '${new URL('./line.ts', import.meta.url).href}';
  const line = new Line();
  const set = new Set();
  const oldBytes = () => getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space').space_used_size;
  function mostOld(join, leave) {
    gc();
    const before = oldBytes();
    const slow = join([]);
    const waiting = [];
    let most = 0;
    for (let count = 1; count <= 40_000; count += 1) {
      waiting.push(join(new Array(128).fill(count)));
      if (waiting.length > 64) leave(waiting.shift());
      // It has become old by then.
      if (count === 2_000) leave(slow);
      if (count % 500 === 0) {
        gc({ type: 'minor' });
        most = Math.max(most, oldBytes() - before);
      }
    }
    return most;
  }
  const bySet = mostOld((item) => (set.add(item), item), (item) => set.delete(item));
  console.log(JSON.stringify({ byLine: mostOld((item) => line.join(item), (place) => line.leave(place)), bySet }));
`;

test('who has left is collected while it is young, whoever else there was at the same time, and not as by a Set', async () => {
  const args = ['--expose-gc', '--import', 'tsx', '--input-type=module', '-e', program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname });
  const { byLine, bySet } = JSON.parse(stdout);
  expect(byLine).toBeLessThan(bySet / 4);
});
