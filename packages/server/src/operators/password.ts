import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { passwordLength } from '@crosswalk/contract';
import { ApiError, invalid } from '../lib/api-error.ts';
import { pointsIn, textProblem } from '../lib/text.ts';

/** Parameters of scrypt (RFC 7914). */
export interface PasswordCost {
  N: number;
  r: number;
  p: number;
}

/**
 * One of the settings that OWASP's Password Storage Cheat Sheet gives as equal. This one takes 32 MB and about 0.3 s of
 * one core, so that two at once do not crowd a small server.
 */
const usualCost: PasswordCost = { N: 2 ** 15, r: 8, p: 3 };
/** Bytes. */
const [saltLength, hashLength] = [16, 32];
/** What scrypt may take: 128 * N * r, and some room. Bytes. */
const maxmem = 64 * 1024 * 1024;

/** Hashes at once in a process: each is a core and 32 MB. */
const atOnce = 2;
/** Those that wait behind them, about three seconds of work; one more is told to come later. */
const mostWaiting = 20;

/** The password in the form that is hashed; 400 names the field when it breaks the rule of length, which is the only one. */
export function requirePassword(password: string, field: string): string {
  const problem = passwordProblem(password);
  if (problem !== undefined) throw invalid(field, problem, 'length');
  return password.normalize('NFC');
}

/** What is wrong with a password, or undefined. */
export function passwordProblem(password: string): string | undefined {
  const problem = textProblem(password, 'data');
  if (problem !== undefined) return problem.description;
  const length = pointsIn(password.normalize('NFC'));
  const { min, max } = passwordLength;
  return length < min || length > max ? `must have ${min} to ${max} characters, not ${length}` : undefined;
}

/** Hashes passwords and compares them, few at once, whoever asks. */
export class Passwords {
  readonly #cost: PasswordCost;
  /** The hash of no password. */
  readonly #nobody: string;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** `cost` is that of new hashes; each hash tells its own. */
  constructor(cost: PasswordCost = usualCost) {
    this.#cost = cost;
    this.#nobody = written(cost, Buffer.alloc(saltLength), Buffer.alloc(hashLength));
  }

  /** The hash of a password that `requirePassword` has given, with all that is needed to compare it. 429 when too many wait. */
  hash(password: string): Promise<string> {
    const salt = randomBytes(saltLength);
    return this.#inTurn(async () => written(this.#cost, salt, await derive(password, salt, this.#cost)));
  }

  /** Whether a hash is that of the password. Without a hash it takes as long, so that the time does not tell whether there was one. 429 when too many wait. */
  matches(password: string, kept: string | undefined): Promise<boolean> {
    const [, N, r, p, salt = '', hash = ''] = (kept ?? this.#nobody).split('$');
    return this.#inTurn(async () => {
      const expected = Buffer.from(hash, 'base64');
      const cost = { N: Number(N), r: Number(r), p: Number(p) };
      const actual = await derive(password.normalize('NFC'), Buffer.from(salt, 'base64'), cost);
      return timingSafeEqual(actual, expected) && kept !== undefined;
    });
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running >= atOnce) {
      if (this.#waiting.length >= mostWaiting) {
        throw new ApiError('RATE_LIMITED', 'too many people sign in at this moment; try again', { retryAfter: 2 });
      }
      // Whoever ends hands over the place: nobody who comes meanwhile can take it.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

/** A hash as it is kept: with all that is needed to compare it, so that the cost can change. */
function written({ N, r, p }: PasswordCost, salt: Buffer, hash: Buffer): string {
  return ['scrypt', N, r, p, salt.toString('base64'), hash.toString('base64')].join('$');
}

function derive(password: string, salt: Buffer, cost: PasswordCost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, hashLength, { ...cost, maxmem }, (error, hash) => (error === null ? resolve(hash) : reject(error)));
  });
}
