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
          done(rateLimited(state, `this client may make ${points} requests in ${windowSeconds} seconds`));
        },
      );
    },
  };
}

function rateLimited(state: RateLimiterRes, message: string): ApiError {
  return new ApiError('RATE_LIMITED', message, { retryAfter: Math.max(1, Math.ceil(state.msBeforeNext / 1000)) });
}

/**
 * Slows down guessing of secrets at the token endpoint: 20 failures a minute from one address for one client,
 * and 1,000 grants a minute from one address (each costs a signature, about 1 ms).
 */
export class TokenLimiter {
  readonly #failures = new RateLimiterMemory({ points: 20, duration: 60 });
  readonly #grants = new RateLimiterMemory({ points: 1000, duration: 60 });

  /** Throws 429 when the address has used up its grants or its failures. */
  async check(address: string, clientId: string): Promise<void> {
    const failures = await this.#failures.get(`${address} ${clientId}`);
    if (failures !== null && failures.remainingPoints <= 0) throw rateLimited(failures, 'too many failed attempts for this client');
    await take(this.#grants, address, 'too many token requests from this address');
  }

  /** Counts a failed attempt. */
  async failed(address: string, clientId: string): Promise<void> {
    await this.#failures.consume(`${address} ${clientId}`).catch(() => {});
  }
}

/**
 * Slows down guessing of passwords and set-up links: 10 attempts in 15 minutes for one name, whoever makes them, and 100 from one address,
 * each of which a success gives back. Attempts count before they are made, so that many at once are no way around.
 */
export class SignInLimiter {
  readonly #names = new RateLimiterMemory({ points: 10, duration: lockOut });
  readonly #addresses = new RateLimiterMemory({ points: 100, duration: lockOut });

  /** Counts an attempt; throws 429 when there were too many. `name`: the address or the ID of the operator; empty: only the sender counts. */
  async attempt(address: string, name: string): Promise<void> {
    await take(this.#addresses, address, 'too many attempts to sign in from this address');
    if (name !== '') await take(this.#names, name, 'too many attempts to sign in with this email address');
  }

  /** Takes back what was counted. */
  async succeeded(address: string, name: string): Promise<void> {
    await this.#addresses.reward(address, 1);
    await this.#names.delete(name);
  }
}

/** How long a name or an address that has failed too often waits. Seconds. */
const lockOut = 15 * 60;

async function take(limiter: RateLimiterMemory, key: string, message: string): Promise<void> {
  await limiter.consume(key).catch((state: unknown) => {
    throw state instanceof RateLimiterRes ? rateLimited(state, message) : state;
  });
}
