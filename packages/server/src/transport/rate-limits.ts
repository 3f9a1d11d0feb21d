import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { ApiError } from '../lib/api-error.ts';

/** The window over which a client's rate is averaged: long enough for bursts of a webhook storm. Seconds. */
const windowSeconds = 10;

/** What takes the headers of an answer. */
export interface HeaderSink {
  header(name: string, value: string): unknown;
}

/** Holds each client to its rate, in this process. */
export interface ClientLimiter {
  take(clientId: string, answer: HeaderSink, done: (error?: Error) => void): void;
}

/** `perSecond` requests on average over ten seconds; 0 switches the limit off. */
export function clientLimiter(perSecond: number): ClientLimiter {
  if (perSecond === 0) return { take: (_client, _answer, done) => done() };
  const points = perSecond * windowSeconds;
  const limiter = new RateLimiterMemory({ points, duration: windowSeconds });
  // draft-ietf-httpapi-ratelimit-headers: what is left (r) and the seconds until it is refilled (t).
  const policy = `"client";q=${points};w=${windowSeconds}`;
  const tell = (answer: HeaderSink, state: RateLimiterRes) => {
    answer.header('ratelimit-policy', policy);
    answer.header('ratelimit', `"client";r=${state.remainingPoints};t=${Math.ceil(state.msBeforeNext / 1000)}`);
  };
  return {
    take(clientId, answer, done) {
      limiter.consume(clientId).then(
        (state) => {
          tell(answer, state);
          done();
        },
        (state: unknown) => {
          if (!(state instanceof RateLimiterRes)) return done(state instanceof Error ? state : new Error('rate limiter failed'));
          tell(answer, state);
          tellInOldHeaders(answer, points, state);
          done(rateLimited(state, `this client may make ${points} requests in ${windowSeconds} seconds`));
        },
      );
    },
  };
}

/** What a client without the headers of the draft reads when it is refused, as GitHub sends them: the reset is in seconds since 1970. */
function tellInOldHeaders(answer: HeaderSink, points: number, { remainingPoints, msBeforeNext }: RateLimiterRes): void {
  answer.header('x-ratelimit-limit', String(points));
  answer.header('x-ratelimit-remaining', String(remainingPoints));
  answer.header('x-ratelimit-reset', String(Math.ceil((Date.now() + msBeforeNext) / 1000)));
}

function rateLimited(state: RateLimiterRes, message: string): ApiError {
  return new ApiError('RATE_LIMITED', message, { retryAfter: Math.max(1, Math.ceil(state.msBeforeNext / 1000)) });
}

/**
 * Slows down guessing of secrets at the token endpoint: 20 failures a minute from one address for one client,
 * and 1,000 grants a minute from one address (each costs a signature, about 1 ms).
 */
export class TokenLimiter {
  readonly #failures = new FailureLimiter({ failures: 20, seconds: 60, message: 'too many failed attempts for this client' });
  readonly #grants = new RateLimiterMemory({ points: 1000, duration: 60 });

  /** Makes an attempt, which has failed when it comes to undefined. Throws 429 when the address has used up its grants or its failures. */
  async attempt<T>(address: string, clientId: string, make: () => Promise<T | undefined>): Promise<T | undefined> {
    const key = `${address} ${clientId}`;
    this.#failures.check(key);
    await take(this.#grants, address, 'too many token requests from this address');
    return this.#failures.attempt(key, make);
  }
}

/** The attempts that are made under one key. */
interface Attempts {
  failed: number;
  /** milliseconds since 1970 */
  forgottenAt: number;
  underWay: number;
  /** in the order in which they came; whoever lets one begin has counted it as under way */
  waiting: { begin: () => void; refuse: (error: ApiError) => void }[];
}

/**
 * Lets so many attempts fail in a time, and no more that are made at once: one that is under way counts as failed until it is known. Those for which
 * there is no room then wait rather than being refused, as the ones before them may all be right: of a thousand right ones none is lost.
 */
class FailureLimiter {
  readonly #failures: number;
  readonly #seconds: number;
  readonly #message: string;
  readonly #byKey = new Map<string, Attempts>();

  constructor({ failures, seconds, message }: { failures: number; seconds: number; message: string }) {
    this.#failures = failures;
    this.#seconds = seconds;
    this.#message = message;
  }

  /** Throws 429 when too many have failed. */
  check(key: string): void {
    const attempts = this.#byKey.get(key);
    if (attempts !== undefined && attempts.failed >= this.#failures) throw this.#refusal(attempts);
  }

  /** Makes an attempt as soon as there is room for it to fail; throws 429 when there is none any more. One that throws has not failed. */
  async attempt<T>(key: string, make: () => Promise<T | undefined>): Promise<T | undefined> {
    const attempts = this.#byKey.get(key) ?? { failed: 0, forgottenAt: 0, underWay: 0, waiting: [] };
    this.#byKey.set(key, attempts);
    this.check(key);
    if (attempts.failed + attempts.underWay < this.#failures) attempts.underWay += 1;
    else await new Promise<void>((begin, refuse) => attempts.waiting.push({ begin, refuse }));
    let failed = false;
    try {
      const result = await make();
      failed = result === undefined;
      return result;
    } finally {
      attempts.underWay -= 1;
      if (failed) this.#count(key, attempts);
      this.#goOn(key, attempts);
    }
  }

  #count(key: string, attempts: Attempts): void {
    attempts.failed += 1;
    if (attempts.failed > 1) return;
    attempts.forgottenAt = Date.now() + this.#seconds * 1000;
    const forget = () => {
      attempts.failed = 0;
      this.#goOn(key, attempts);
    };
    setTimeout(forget, this.#seconds * 1000).unref();
  }

  /** Lets as many of those that wait begin as there is room for; when there will be none, they are refused. Forgets a key without attempts. */
  #goOn(key: string, attempts: Attempts): void {
    while (attempts.failed + attempts.underWay < this.#failures) {
      const next = attempts.waiting.shift();
      if (next === undefined) break;
      attempts.underWay += 1;
      next.begin();
    }
    if (attempts.failed >= this.#failures) for (const { refuse } of attempts.waiting.splice(0)) refuse(this.#refusal(attempts));
    if (attempts.failed + attempts.underWay === 0) this.#byKey.delete(key);
  }

  #refusal({ forgottenAt }: Attempts): ApiError {
    return new ApiError('RATE_LIMITED', this.#message, { retryAfter: Math.max(1, Math.ceil((forgottenAt - Date.now()) / 1000)) });
  }
}

/**
 * Slows down guessing of passwords and set-up links: 10 attempts in 15 minutes for one name, whoever makes them, and 100 from one address,
 * each of which a success gives back. Attempts count before they are made, so that many at once are no way around.
 */
export class SignInLimiter {
  readonly #names = new RateLimiterMemory({ points: 10, duration: lockOut });
  readonly #addresses = new RateLimiterMemory({ points: 100, duration: lockOut });

  /**
   * Makes an attempt, which has failed when it throws; throws 429 when there were too many. `name`: the address or the ID of the operator; empty: only
   * the sender counts.
   */
  async attempt<T>(address: string, name: string, make: () => Promise<T>): Promise<T> {
    await take(this.#addresses, address, 'too many attempts to sign in from this address');
    if (name !== '') await take(this.#names, name, 'too many attempts to sign in with this email address');
    const result = await make();
    await this.#addresses.reward(address, 1);
    await this.#names.delete(name);
    return result;
  }
}

/** How long a name or an address that has failed too often waits. Seconds. */
const lockOut = 15 * 60;

async function take(limiter: RateLimiterMemory, key: string, message: string): Promise<void> {
  await limiter.consume(key).catch((state: unknown) => {
    throw state instanceof RateLimiterRes ? rateLimited(state, message) : state;
  });
}
