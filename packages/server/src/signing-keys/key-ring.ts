import { setTimeout as sleep } from 'node:timers/promises';
import { createLocalJWKSet, type JWK } from 'jose';
import type pg from 'pg';
import { inTransaction } from '../database/transaction.ts';
import { ApiError } from '../lib/api-error.ts';
import type { IdGenerator } from '../lib/id.ts';
import { onNobodysBehalf } from '../lib/tracing.ts';
import type { KeyPairs, PrivateKey } from './key-pair.ts';
import { noteAhead } from './signing-key.ts';
import {
  findLiveKeys,
  insertSigningKey,
  type LiveKey,
  listPrivateKeys,
  lockSigningKeys,
  noteTokens,
  replacePrivateKey,
} from './signing-key-store.ts';

/** What is known of the keys is read again when it is so old and somebody needs it, who does not wait for that. Milliseconds. */
const usualAge = 1_000;

/** Nothing is decided by what is known for longer: a revoked key is refused by every server after this. Milliseconds. */
const longestAge = 5_000;

/** Whoever has to wait for the keys is refused after this. Milliseconds. */
const patience = 5_000;

/** Pause between two readings because of tokens whose key is not known, which anybody can send. Milliseconds. */
const pause = 100;

/** What a server knows of the keys. */
interface Known {
  keys: readonly LiveKey[];
  /** which keys do what: the same text for the same */
  fingerprint: string;
  keySet: ReturnType<typeof createLocalJWKSet>;
  /** by the clock of `performance.now()` */
  readAt: number;
}

/** A private key that a server signs with, and until when its tokens are noted to be valid: seconds since 1970. */
interface Signer {
  privateKey: PrivateKey;
  notedUntil: number;
}

/** What the key ring of a server works with. */
export interface KeyRingOptions {
  pool: pg.Pool;
  ids: IdGenerator;
  pairs: KeyPairs;
}

/**
 * The signing keys of all environments as one server knows them. All servers on a database agree within moments: who signs is decided by the
 * clock of the database and read from there about once a second.
 */
export class KeyRing {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;
  readonly #pairs: KeyPairs;
  /** by the database ID of the key */
  readonly #signers = new Map<string, Signer>();
  #known: Known = { keys: [], fingerprint: '', keySet: createLocalJWKSet({ keys: [] }), readAt: Number.NEGATIVE_INFINITY };
  #reading: Promise<void> | undefined;
  #begunAt = Number.NEGATIVE_INFINITY;
  #changes = 0;

  private constructor({ pool, ids, pairs }: KeyRingOptions) {
    this.#pool = pool;
    this.#ids = ids;
    this.#pairs = pairs;
  }

  /**
   * Reads the keys, and encrypts with the secret key of now what was with the other. Throws a `SecretKeyError` when one that may still sign
   * was encrypted with neither.
   */
  static async open(options: KeyRingOptions): Promise<KeyRing> {
    for (const { id, encrypted } of await listPrivateKeys(options.pool)) {
      const anew = options.pairs.sealAnew(encrypted);
      if (anew !== undefined) await replacePrivateKey(options.pool, id, { from: encrypted, to: anew });
    }
    const ring = new KeyRing(options);
    await ring.#read();
    return ring;
  }

  /** Grows when a key begins or ends: what was found out by the keys before may not be right any more. */
  get changes(): number {
    return this.#changes;
  }

  /** Whether what is known may be used without waiting. Sees to it that it stays so. */
  isFresh(): boolean {
    const age = performance.now() - this.#known.readAt;
    // A failure is told to those who wait, once it is too old.
    if (age > usualAge) this.#read().catch(() => {});
    return age <= longestAge;
  }

  /** Waits until what is known is new enough. Throws `DATABASE_UNAVAILABLE`, or what the database says, when it cannot be. */
  async refresh(): Promise<void> {
    if (!this.isFresh()) await this.#within(this.#read());
  }

  /** What is known after this call began, whoever else has just asked. */
  readAnew(): Promise<void> {
    return this.#within(this.#readNext());
  }

  /** The public keys, each once. When the database does not answer, those that were known last: others need them to check tokens. */
  async publicKeys(): Promise<JWK[]> {
    await this.refresh().catch(() => {});
    return publicKeysOf(this.#known.keys);
  }

  /** The key for a token, as `jwtVerify` asks for it; throws a `JWKSNoMatchingKey` when there is none. */
  get keySet(): Known['keySet'] {
    return this.#known.keySet;
  }

  /** Whether a key is one of the environment's, and its tokens are valid. */
  holds(environmentId: string, kid: string | undefined): boolean {
    return this.#known.keys.some((key) => key.environment_id === environmentId && key.kid === kid);
  }

  /** What signs a token that is valid for so many seconds; makes the first key of an environment. */
  async signer(environmentId: string, lifetime: number): Promise<{ kid: string; privateKey: PrivateKey }> {
    // By what is true now, so that no token is given that is refused a moment later. Those who ask at once share the reading.
    await this.#within(this.#read());
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const key = this.#known.keys.find((one) => one.environment_id === environmentId && one.state === 'SIGNING');
      const privateKey = key === undefined ? undefined : await this.#noted(key, lifetime);
      if (key !== undefined && privateKey !== undefined) return { kid: key.kid, privateKey };
      if (key === undefined) await this.makeFirst(environmentId);
      else await this.readAnew();
    }
    throw new Error(`no key of the environment ${environmentId} can sign`);
  }

  /** Makes the first key of an environment unless one signs, and knows it then. Servers that do so at once make one. */
  async makeFirst(environmentId: string): Promise<void> {
    if (this.#known.keys.some((key) => key.environment_id === environmentId && key.state === 'SIGNING')) return;
    const made = { id: this.#ids.next(), ...(await this.#pairs.generate()) };
    await inTransaction(this.#pool, async (tx) => {
      const keys = await lockSigningKeys(tx, environmentId);
      if (!keys.some(({ state }) => state === 'SIGNING')) await insertSigningKey(tx, environmentId, made, 0);
    });
    await this.readAnew();
  }

  /** The private part of a key, once it is noted that it signs for so long; undefined when it must not any more. */
  async #noted({ id, environment_id: environmentId }: LiveKey, lifetime: number): Promise<PrivateKey | undefined> {
    const expiry = Math.floor(Date.now() / 1000) + lifetime;
    const known = this.#signers.get(id);
    if (known !== undefined && expiry <= known.notedUntil) return known.privateKey;
    const ahead = noteAhead(lifetime);
    const until = new Date((expiry + ahead) * 1000);
    const encrypted = await noteTokens(this.#pool, environmentId, id, { until, lifetime: lifetime + ahead });
    if (encrypted === undefined) return undefined;
    const privateKey = known?.privateKey ?? (await this.#pairs.open(encrypted));
    this.#signers.set(id, { privateKey, notedUntil: expiry + ahead });
    return privateKey;
  }

  /** Reads the keys; of those who want that at once, one does. */
  #read(): Promise<void> {
    this.#reading ??= onNobodysBehalf(() => this.#readOnce()).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Reads the keys after the reading that is under way, and not at once after it. */
  async #readNext(): Promise<void> {
    await this.#reading?.catch(() => {});
    const early = this.#begunAt + pause - performance.now();
    if (early > 0) await sleep(early);
    await this.#read();
  }

  async #readOnce(): Promise<void> {
    // As old as the question: the answer may have been under way for long.
    const readAt = performance.now();
    this.#begunAt = readAt;
    const keys = await findLiveKeys(this.#pool);
    const fingerprint = keys.map(({ id, state }) => `${id} ${state}`).join();
    if (fingerprint === this.#known.fingerprint) {
      this.#known.readAt = readAt;
      return;
    }
    this.#changes += 1;
    this.#known = { keys, fingerprint, keySet: createLocalJWKSet({ keys: publicKeysOf(keys) }), readAt };
    const signing = new Set(keys.filter(({ state }) => state === 'SIGNING').map(({ id }) => id));
    for (const id of this.#signers.keys()) if (!signing.has(id)) this.#signers.delete(id);
  }

  async #within(reading: Promise<void>): Promise<void> {
    const ended = new AbortController();
    const late = sleep(patience, undefined, { signal: ended.signal }).then(
      () => {
        throw new ApiError('DATABASE_UNAVAILABLE', 'the database does not say which keys are valid', { retryAfter: 1 });
      },
      () => {},
    );
    await Promise.race([reading, late]).finally(() => ended.abort());
  }
}

/** Environments that began with one key each have it as their own: /keys has it once. */
function publicKeysOf(keys: readonly LiveKey[]): JWK[] {
  return [...new Map(keys.map(({ kid, public_jwk: jwk }) => [kid, jwk])).values()];
}
