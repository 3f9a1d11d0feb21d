import { expect, test } from 'vitest';
import { bytes, Meter, spanOf } from './meter.ts';
import { figure } from './print.ts';

test('a line tells how far it is, the rate of the last seconds and the time that is left', () => {
  let now = 0;
  const meter = new Meter(() => now);
  const line = (done: number, total: number | undefined = 1000) => meter.line({ what: 'rows', done, total, write: figure });
  expect(line(0)).toBe('rows  [------------------------]  0 %  0 of 1,000');
  now = 2000;
  expect(line(500)).toBe('rows  [############------------]  50 %  500 of 1,000  250/s  2 s left');
  now = 60_000;
  line(500);
  now = 65_000;
  expect(line(550)).toContain('10/s  45 s left');
  now = 66_000;
  expect(line(1000)).toMatch(/^rows {2}\[#{24}\] {2}100 % {2}1,000 of 1,000 {2}\d+\/s$/);
});

test('without a total there is no bar, and another thing to do begins a rate of its own', () => {
  let now = 0;
  const meter = new Meter(() => now);
  expect(meter.line({ what: 'sending', done: 0, total: undefined, write: bytes })).toBe('sending  0 B');
  now = 1000;
  expect(meter.line({ what: 'sending', done: 2_000_000, total: undefined, write: bytes })).toBe('sending  2.0 MB  2.0 MB/s');
  now = 2000;
  expect(meter.line({ what: 'rows', done: 1, total: 0, write: figure })).toBe('rows  1');
});

test.each([
  [999, '999 B'],
  [1000, '1.0 kB'],
  [999_400, '999 kB'],
  [999_600, '1.0 MB'],
  [12_345_678, '12 MB'],
  [5_000_000_000_000, '5000 GB'],
])('%i bytes are %s', (figure, text) => {
  expect(bytes(figure)).toBe(text);
});

test.each([
  [0.2, '1 s'],
  [59, '59 s'],
  [61, '2 min'],
  [3600, '1 h 0 min'],
  [5400, '1 h 30 min'],
])('%d seconds are %s', (seconds, text) => {
  expect(spanOf(seconds)).toBe(text);
});
