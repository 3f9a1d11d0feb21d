import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Progress } from './progress.ts';

function recorded(columns?: number) {
  const written: string[] = [];
  const streams = { out: () => {}, err: (text: string) => void written.push(text) };
  return { written, streams: columns === undefined ? streams : { ...streams, terminal: { columns: () => columns } } };
}

test('on a terminal one line is written again, no wider than it, and makes room for lines that stay', async () => {
  const { written, streams } = recorded(12);
  let count = 0;
  const progress = new Progress(streams, { NO_COLOR: '1' }, () => `users ${count} of 1,000,000`);
  await pause(150);
  count = 1;
  await pause(250);
  progress.say('a conflict');
  progress.end();
  expect(written).toEqual(['\r\u001b[Kusers 0 of ', '\r\u001b[Kusers 1 of ', '\r\u001b[K', 'a conflict\n']);
});

test('NO_COLOR is honoured; without a terminal there are whole lines, and no control characters', async () => {
  const [colored, plain] = [recorded(80), recorded()];
  const shown = new Progress(colored.streams, {}, () => 'users');
  const quiet = new Progress(plain.streams, {}, () => 'users');
  await pause(150);
  expect(colored.written.join('')).toBe('\r\u001b[K\u001b[2musers\u001b[22m');
  quiet.keep();
  shown.end();
  quiet.end();
  expect(plain.written).toEqual(['users\n']);
});
