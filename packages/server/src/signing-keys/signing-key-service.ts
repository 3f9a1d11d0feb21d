import type { SigningKey } from '@crosswalk/contract';
import type pg from 'pg';
import { type RequestContext, systemContext } from '../environments/index.ts';
import { appendEvents, eventOf, type NewEvent } from '../events/index.ts';
import { inChange } from '../idempotency/index.ts';
import { databaseId, formatId, type IdGenerator } from '../lib/id.ts';
import { type Preconditions, requireVersion } from '../lib/preconditions.ts';
import type { KeyPairs } from './key-pair.ts';
import type { KeyRing } from './key-ring.ts';
import { signingKeyNotFound, type TokenSettings } from './signing-key.ts';
import { beginToSign, findOldKeys, insertSigningKey, listSigningKeys, lockSigningKeys, revokeSigningKey } from './signing-key-store.ts';

/** What the service of signing keys works with. */
export interface SigningKeyServiceOptions {
  pool: pg.Pool;
  ids: IdGenerator;
  pairs: KeyPairs;
  ring: KeyRing;
  settings: TokenSettings;
}

/** The use cases of signing keys. Each change and its events are one transaction; keys are made before it. `id` is a database ID. */
export class SigningKeyService {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;
  readonly #pairs: KeyPairs;
  readonly #ring: KeyRing;
  readonly #settings: TokenSettings;

  constructor({ pool, ids, pairs, ring, settings }: SigningKeyServiceOptions) {
    this.#pool = pool;
    this.#ids = ids;
    this.#pairs = pairs;
    this.#ring = ring;
    this.#settings = settings;
  }

  /** The keys of the environment, newest first, those that ended in the last 90 days too. */
  list({ environmentId }: RequestContext): Promise<SigningKey[]> {
    return listSigningKeys(this.#pool, environmentId);
  }

  /** Makes the first key of an environment unless it has one. No event: it is part of the environment's beginning. */
  makeFirst(environmentId: string): Promise<void> {
    return this.#ring.makeFirst(environmentId);
  }

  /**
   * Publishes a new key, which signs after the lead time; the one that signs now goes on until then. While a key waits for its time, that
   * one is the answer: rotations at once are one.
   */
  async rotate(context: RequestContext): Promise<SigningKey> {
    const { environmentId } = context;
    const made = { id: this.#ids.next(), ...(await this.#pairs.generate()) };
    const next = await inChange(this.#pool, context, async (tx) => {
      const waiting = (await lockSigningKeys(tx, environmentId)).find(({ state }) => state === 'NEXT');
      if (waiting !== undefined) return waiting;
      const key = await insertSigningKey(tx, environmentId, made, this.#settings.keyLead);
      await appendEvents(tx, context, this.#ids, [eventOf('signing_key.created', 'signing_key', undefined, key)]);
      return key;
    });
    await this.#ring.readAnew();
    return next;
  }

  /**
   * Ends a key at once, as when it has leaked: this server refuses its tokens from the answer on, others within seconds. If it was signing, the
   * next key does so now, or a new one. A key that was revoked stays as it is.
   */
  async revoke(context: RequestContext, id: string, preconditions: Preconditions): Promise<SigningKey> {
    const { environmentId } = context;
    const made = { id: this.#ids.next(), ...(await this.#pairs.generate()) };
    const revoked = await inChange(this.#pool, context, async (tx) => {
      const keys = await lockSigningKeys(tx, environmentId);
      const before = keys.find((key) => key.id === formatId('key', id));
      if (before === undefined) throw signingKeyNotFound(id);
      requireVersion(preconditions, before);
      if (before.state === 'REVOKED') return before;
      const events: NewEvent[] = [];
      // The next one begins first: at no moment is there a key to verify by and none to sign with.
      if (before.state === 'SIGNING') {
        const next = keys.find(({ state }) => state === 'NEXT');
        const after =
          next === undefined
            ? await insertSigningKey(tx, environmentId, made, 0)
            : await beginToSign(tx, environmentId, databaseId(next.id));
        events.push(eventOf(next === undefined ? 'signing_key.created' : 'signing_key.updated', 'signing_key', next, after));
      }
      const after = await revokeSigningKey(tx, environmentId, id);
      events.push(eventOf('signing_key.revoked', 'signing_key', before, after));
      await appendEvents(tx, context, this.#ids, events);
      return after;
    });
    await this.#ring.readAnew();
    return revoked;
  }

  /** Rotates in each environment whose key has signed for as many days as the settings say. Gives in how many. */
  async rotateOld(): Promise<number> {
    if (this.#settings.keyDays === 0) return 0;
    const environmentIds = await findOldKeys(this.#pool, this.#settings.keyDays);
    for (const environmentId of environmentIds) {
      await this.rotate(systemContext(environmentId, 'rotate-signing-keys'));
    }
    return environmentIds.length;
  }
}
