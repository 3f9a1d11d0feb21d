import { describe, expect, test } from 'vitest';
import { deliveryLife, judge, keptReason, keptText, type Outcome, retryAfterOf, retrySchedule } from './delivery.ts';
import { initialSlots, Throttle } from './throttle.ts';

const now = Date.UTC(2026, 10, 24);
const outcome = (status: number | null, retryAfter: number | null = null): Outcome => ({
  status,
  body: '',
  error: status === null ? 'away' : null,
  retryAfter,
  time: now,
  duration: 1,
});

test('attempts follow the published schedule for three days, with a fifth of jitter either way (T19)', () => {
  for (const random of [0, 0.5, 1]) {
    const pauses: number[] = [];
    let time = now;
    for (let attempt = 1; ; attempt += 1) {
      const verdict = judge(outcome(500), { attempt, now: time, expireTime: now + deliveryLife, random });
      if (verdict.status !== 'PENDING') {
        expect(verdict).toEqual({ status: 'FAILED', gone: false });
        break;
      }
      pauses.push(verdict.pause);
      time += verdict.pause * 1000;
    }
    const factor = 0.8 + 0.4 * random;
    expect(pauses.slice(0, 8).map((pause) => Math.round(pause / factor))).toEqual([...retrySchedule, 3600]);
    expect(pauses.every((pause, index) => Math.round(pause / factor) === (retrySchedule[index] ?? 3600))).toBe(true);
    expect(time - now).toBeGreaterThan(deliveryLife - 3600 * 1.2 * 1000);
  }
});

test('410 ends, 2xx succeeds, everything else is tried again', () => {
  const verdicts = [200, 299, 410, 300, 404, 503, null].map((status) =>
    judge(outcome(status), { attempt: 1, now, expireTime: now + deliveryLife, random: 0.5 }),
  );
  expect(verdicts).toEqual([
    { status: 'DELIVERED' },
    { status: 'DELIVERED' },
    { status: 'FAILED', gone: true },
    ...Array.from({ length: 4 }, () => ({ status: 'PENDING', pause: 5 })),
  ]);
});

test.each([
  ['60', 60],
  ['Tue, 24 Nov 2026 00:02:00 GMT', 120],
  ['Mon, 23 Nov 2026 00:00:00 GMT', 0],
  ['-1', null],
  ['1.5', null],
  ['soon', null],
  ['2026-11-24', null],
  [undefined, null],
])('Retry-After: %s is %s seconds', (header, seconds) => {
  expect(retryAfterOf(header, now)).toBe(seconds);
});

test('what is kept of an answer is text that the database takes', () => {
  expect(keptText(Buffer.from('a\0b'))).toBe('a\ufffdb');
  expect(keptText(Buffer.concat([Buffer.alloc(1023, 'x'), Buffer.from('é')]))).toBe(`${'x'.repeat(1023)}\ufffd`);
});

test.each([
  ['NUL', 'a\0b', 'a\ufffdb'],
  ['a pair where it is cut', `${'x'.repeat(299)}\u{1f600}`, `${'x'.repeat(299)}\ufffd`],
  ['a pair where the kilobyte ends', `${'é'.repeat(510)}\u{1f600}\u{1f600}`, 'é'.repeat(300)],
  ['half of a pair', 'a\ud83d', 'a\ufffd'],
])('so is a reason with %s', (_what, text, kept) => {
  expect(keptReason(text)).toBe(kept);
  expect(keptReason(text).isWellFormed()).toBe(true);
});

describe('the share of an endpoint', () => {
  test('grows with success up to a limit, shrinks with overload to one attempt a second, and comes back', () => {
    const throttle = new Throttle();
    const run = (result: 'success' | 'refusal' | 'overload', at: number) => {
      throttle.begin(at);
      throttle.end(result, at);
    };
    expect(throttle.slots(now)).toBe(initialSlots);
    for (let count = 0; count < 10; count += 1) run('success', now);
    expect(throttle.slots(now)).toBe(64);
    run('refusal', now);
    expect(throttle.slots(now)).toBe(64);
    for (let count = 0; count < 6; count += 1) run('overload', now);
    expect([throttle.slots(now), throttle.slots(now + 999), throttle.slots(now + 1_000)]).toEqual([0, 0, 1]);
    throttle.begin(now + 1_000);
    expect(throttle.slots(now + 60_000)).toBe(0);
    throttle.end('success', now + 1_000);
    expect(throttle.slots(now + 1_000)).toBe(2);
  });

  test('pauses as a whole for as long as Retry-After says, a minute at most', () => {
    const throttle = new Throttle();
    throttle.begin(now);
    throttle.end('overload', now, 3600);
    expect([throttle.slots(now + 59_999), throttle.slots(now + 60_000)]).toEqual([0, 4]);
  });
});
