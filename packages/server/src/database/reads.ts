import type pg from 'pg';
import { soon } from '../lib/soon.ts';
import { createBatcher } from './batcher.ts';
import type { Queryable } from './connection.ts';
import { currentPosition, type Position } from './position.ts';
import type { KeptAnswer, RecordCache } from './record-cache.ts';
import type { Replica } from './replica.ts';
import { shareAnswer } from './shared-answer.ts';

/** How long an answer that is ready waits for its position, twice at most: for the question that is under way, and for its own. Milliseconds. */
const positionPatience = 500;

/** What of a request decides where it is read. */
export interface ReadContext {
  /** A replica that has come to this position will do; undefined: the primary alone. */
  readFrom?: Position | undefined;
}

/** How look-ups of records are kept. */
export interface Keeping<Key, Value> {
  /** what names a key among those of its environment: of what kind, and which */
  nameOf(key: Key): string;
  /** what is kept of a value; undefined: nothing */
  keep(value: Value): KeptAnswer | undefined;
  /** the value again */
  restore(answer: KeptAnswer): Value;
}

/** Where reads go: to the primary, unless there is a replica, the caller takes it, and it has come far enough. See docs/decisions/0022. */
export class Reads {
  readonly #pool: pg.Pool;
  readonly #replica: Replica | undefined;
  readonly #cache: RecordCache | undefined;
  readonly #position;

  /** `replica`: left out, there is the primary alone. `cache`: left out, nothing is kept. */
  constructor({ pool, replica, cache }: { pool: pg.Pool; replica?: Replica | undefined; cache?: RecordCache | undefined }) {
    this.#pool = pool;
    this.#replica = replica;
    this.#cache = cache;
    this.#position = shareAnswer<undefined, Position | 'primary'>(
      async () => (await soon(currentPosition(pool), positionPatience)) ?? 'primary',
    );
  }

  /** Whether there is one to tell positions for. */
  get hasReplica(): boolean {
    return this.#replica !== undefined;
  }

  /** Does a read, of one statement or several in turn, where the caller wants it. What the replica does not do, the primary does. */
  async run<Result>({ readFrom }: ReadContext, read: (db: Queryable) => Promise<Result>): Promise<Result> {
    const done = readFrom === undefined ? undefined : await this.#replica?.read(readFrom, read);
    return done === undefined ? read(this.#pool) : done.result;
  }

  /** A batcher of look-ups for either: see `createBatcher`. */
  batcher<Key, Value>(
    load: (db: Queryable, keys: readonly Key[]) => Promise<readonly Value[]>,
  ): (context: ReadContext, key: Key) => Promise<Value> {
    const fromPrimary = createBatcher((keys: readonly Key[]) => load(this.#pool, keys));
    if (this.#replica === undefined) return (_context, key) => fromPrimary(key);
    const fromReplica = createBatcher((items: readonly { key: Key; readFrom: Position }[]) => {
      const keys = items.map(({ key }) => key);
      const readFrom = items.reduce((latest, item) => (item.readFrom > latest ? item.readFrom : latest), '');
      return this.run({ readFrom }, (db) => load(db, keys));
    });
    return ({ readFrom }, key) => (readFrom === undefined ? fromPrimary(key) : fromReplica({ key, readFrom }));
  }

  /** A batcher of look-ups of records, whose answers from the primary are kept for as long as they hold: see `RecordCache`. */
  lookUps<Key extends { environmentId: string }, Value>(
    load: (db: Queryable, keys: readonly Key[]) => Promise<readonly Value[]>,
    { nameOf, keep, restore }: Keeping<Key, Value>,
  ): (context: ReadContext, key: Key) => Promise<Value> {
    const cache = this.#cache;
    const read = this.batcher(load);
    if (cache === undefined) return read;
    const name = (key: Key) => `${key.environmentId} ${nameOf(key)}`;
    const readToKeep = createBatcher(async (keys: readonly Key[]) => {
      const reading = cache.begin();
      try {
        const values = await load(this.#pool, keys);
        for (const [index, key] of keys.entries()) {
          const value = values[index];
          const answer = value === undefined ? undefined : keep(value);
          if (answer !== undefined) cache.keep(reading, key.environmentId, name(key), answer);
        }
        return values;
      } finally {
        cache.end(reading);
      }
    });
    return (context, key) => {
      if (this.#replica !== undefined && context.readFrom !== undefined) return read(context, key);
      const kept = cache.find(key.environmentId, name(key));
      if (kept === undefined) return readToKeep(key);
      return kept.then((answer) => (answer === undefined ? readToKeep(key) : restore(answer)));
    };
  }

  /** A position behind every change that has committed, for whoever made one; `primary` where the database does not say it soon. */
  async position(): Promise<Position | 'primary'> {
    return this.#position(undefined);
  }
}
