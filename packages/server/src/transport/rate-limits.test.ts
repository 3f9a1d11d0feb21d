import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SignInLimiter, TokenLimiter } from './rate-limits.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** An attempt that ends when it is told to. */
class Attempt {
  begun = false;
  end: (result: string | undefined) => void = () => {};
  fail: (error: Error) => void = () => {};
  readonly answer: Promise<string | undefined>;

  constructor(limiter: TokenLimiter, address = '10.0.0.1') {
    const make = () => {
      this.begun = true;
      return new Promise<string | undefined>((resolve, reject) => {
        this.end = resolve;
        this.fail = reject;
      });
    };
    this.answer = limiter.attempt(address, 'skc_1', make);
    this.answer.catch(() => {});
  }
}

const settled = () => vi.advanceTimersByTimeAsync(0);
const many = (limiter: TokenLimiter, count: number, address?: string) => Array.from({ length: count }, () => new Attempt(limiter, address));
const begun = (attempts: Attempt[]) => attempts.filter((attempt) => attempt.begun).length;
const refused = expect.objectContaining({ code: 'RATE_LIMITED' });

test('only as many attempts are under way as may fail; the others begin in their order as the ones before are right', async () => {
  const attempts = many(new TokenLimiter(), 50);
  await settled();
  expect(begun(attempts)).toBe(20);
  for (const [index, attempt] of attempts.entries()) {
    attempt.end('right');
    expect(await attempt.answer).toBe('right');
    await settled();
    expect(begun(attempts)).toBe(Math.min(50, index + 21));
  }
});

test('when as many have failed as may, those that wait are refused unmade, and so is whoever comes for a minute', async () => {
  const limiter = new TokenLimiter();
  const attempts = many(limiter, 30);
  await settled();
  for (const attempt of attempts.slice(0, 20)) attempt.end(undefined);
  await settled();
  expect(begun(attempts)).toBe(20);
  for (const attempt of attempts.slice(20)) await expect(attempt.answer).rejects.toEqual(refused);
  await vi.advanceTimersByTimeAsync(45_000);
  await expect(new Attempt(limiter).answer).rejects.toMatchObject({ code: 'RATE_LIMITED', detail: { retryAfter: 15 } });
  const elsewhere = new Attempt(limiter, '10.0.0.2');
  await settled();
  expect(elsewhere.begun).toBe(true);
  await vi.advanceTimersByTimeAsync(15_000);
  const later = many(limiter, 30);
  await settled();
  expect(begun(later)).toBe(20);
});

test('an attempt that breaks has not failed, and one that is right gives nothing back of what has failed', async () => {
  const limiter = new TokenLimiter();
  for (let failed = 0; failed < 19; failed += 1) {
    const [wrong, broken, right] = many(limiter, 3);
    await settled();
    broken?.fail(new Error('no database'));
    await expect(broken?.answer).rejects.toThrow('no database');
    right?.end('right');
    wrong?.end(undefined);
    await settled();
  }
  const [last, next] = many(limiter, 2);
  await settled();
  expect([last?.begun, next?.begun]).toEqual([true, false]);
  last?.end(undefined);
  await expect(next?.answer).rejects.toEqual(refused);
});

test('what waits begins when the failures before are forgotten', async () => {
  const limiter = new TokenLimiter();
  const first = many(limiter, 19);
  await settled();
  for (const attempt of first) attempt.end(undefined);
  await settled();
  const [slow, waiting] = many(limiter, 2);
  await vi.advanceTimersByTimeAsync(59_999);
  expect([slow?.begun, waiting?.begun]).toEqual([true, false]);
  await vi.advanceTimersByTimeAsync(1);
  expect(waiting?.begun).toBe(true);
});

test('an address has 1,000 grants a minute', async () => {
  const limiter = new TokenLimiter();
  const attempts = many(limiter, 1001);
  await settled();
  await expect(attempts[1000]?.answer).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    message: 'too many token requests from this address',
  });
});

test('of attempts to sign in those that throw count, ten of a name; one that is right gives all of them back', async () => {
  const limiter = new SignInLimiter();
  const attempt = (make: () => Promise<string>) => limiter.attempt('10.0.0.1', 'ada@example.com', make);
  const right = async () => 'right';
  const wrong = () => expect(attempt(() => Promise.reject(new Error('wrong')))).rejects.toThrow('wrong');
  for (let round = 0; round < 3; round += 1) {
    for (let count = 0; count < 9; count += 1) await wrong();
    expect(await attempt(right)).toBe('right');
  }
  for (let count = 0; count < 10; count += 1) await wrong();
  await expect(attempt(right)).rejects.toEqual(refused);
});

test('of attempts to sign in a hundred may fail from one address, and those that are right take nothing of that', async () => {
  const limiter = new SignInLimiter();
  for (let count = 0; count < 150; count += 1) await limiter.attempt('10.0.0.1', '', async () => 'right');
  for (let count = 0; count < 100; count += 1) {
    const failing = limiter.attempt('10.0.0.1', `${count}@example.com`, () => Promise.reject(new Error('wrong')));
    await expect(failing).rejects.toThrow('wrong');
  }
  await expect(limiter.attempt('10.0.0.1', '', async () => 'right')).rejects.toEqual(refused);
  expect(await limiter.attempt('10.0.0.2', '', async () => 'right')).toBe('right');
});
