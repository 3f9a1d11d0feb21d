import type { MatchedBy } from '@crosswalk/contract';
import { LRUCache } from 'lru-cache';
import { shareAnswer } from './shared-answer.ts';

/** From where the changes of an environment are asked for. */
export interface KnownPlace {
  environmentId: string;
  /** place in the feed; null: the environment is new here, and only the place that the feed has come to is asked for */
  place: string | null;
}

/** What may have changed: a record (database ID, which no two records share) of an environment, or, where that cannot be told, anything of the environment (null). */
export interface RecordChange {
  environmentId: string;
  recordId: string | null;
}

/** What had been committed at one moment. */
export interface Changes {
  /** the end of the feed */
  place: string;
  /** The process of the database that said so: another one may have been promoted, or restored from a backup, and places begin elsewhere there. */
  instance: string;
  /** every record with a committed change behind the places that were asked about; others may be among them */
  changed: readonly RecordChange[];
  /** how long the database took, in milliseconds */
  took: number;
}

/** Asks the database what has changed. A change that had been acknowledged before it was asked is among the answers. */
export type FindChanges = (known: readonly KnownPlace[]) => Promise<Changes>;

export interface RecordCacheOptions {
  findChanges: FindChanges;
  /** how much text may be kept, in characters; of records of 800 it takes one and a half times as much memory, twice that where they are beyond Latin-1 */
  size: number;
}

/** What is kept of a look-up: the answer as it is sent. Text is small, needs no care of the garbage collector, and nobody can change it. */
export interface KeptAnswer {
  /** the record that it shows: a database ID */
  recordId: string;
  /** JSON */
  body: string;
  /** its entity tag */
  tag: string;
  matchedBy: MatchedBy;
}

/** What is known of an environment; another object once it has begun anew, so that what was kept with the former one counts no more. */
interface Environment {
  place: string;
  /** when the question was asked that this place answers, in milliseconds of the monotonic clock */
  confirmedAt: number;
  /** the turn at which it began */
  since: number;
}

interface Kept {
  environment: Environment;
  answer: KeptAnswer;
  /** when it was asked for, in milliseconds of the monotonic clock */
  readAt: number;
  /** whether it has been forgotten */
  gone: boolean;
}

/** A statement that reads records, while it is under way. */
export interface Reading {
  /** its turn */
  readonly began: number;
  /** milliseconds of the monotonic clock */
  readonly at: number;
  /** what turned out to have changed meanwhile: the statement may not have seen it */
  readonly changed: Set<string>;
}

/** Nothing is relied on for longer than this, whatever the feed says: somebody may have changed rows by hand. Milliseconds. */
const keptFor = 60_000;

/**
 * Where the database takes longer for each of three questions in a row, they cost more than they save: it takes 15 us, and milliseconds when so many events
 * were placed during one long snapshot (an export, a backup) that the index of those without a place is full of what is gone. Look-ups do without
 * for `pause`. Both in milliseconds.
 */
const slow = 5;
const pause = 1_000;

/**
 * Keeps what was looked up, and asks the database before each answer whether it still is so.
 *
 * All look-ups that wait at the same moment share one question, which costs a fraction of reading the records: what has changed behind the place up to
 * which the environment is known. It is asked after the look-up was, so that an answer is never older than the look-up, whichever server a change
 * went through. What nobody has, and what an alias leads to, is not kept. See docs/decisions/0034.
 */
export class RecordCache {
  readonly #environments = new Map<string, Environment>();
  readonly #kept: LRUCache<string, Kept>;
  /** the names of what is kept of each record */
  readonly #names = new Map<string, string[]>();
  readonly #readings = new Set<Reading>();
  readonly #confirm: (environmentId: string) => Promise<void>;
  readonly #findChanges: FindChanges;
  #instance: string | undefined;
  #turn = 0;
  #pausedUntil = 0;
  /** slow questions in turn */
  #slowInTurn = 0;
  /** look-ups that were answered from here, and all */
  readonly counts = { kept: 0, all: 0 };

  constructor({ findChanges, size }: RecordCacheOptions) {
    this.#findChanges = findChanges;
    this.#kept = new LRUCache({ maxSize: size, dispose: (kept, name) => this.#dispose(kept, name) });
    this.#confirm = shareAnswer((ids: readonly string[]) => this.#ask(ids));
  }

  /**
   * What is kept under a name, as it is in the database at a moment after this was asked; undefined, at once or later: nothing, so that it is to
   * be read. Fails as the database does.
   */
  find(environmentId: string, name: string): Promise<KeptAnswer | undefined> | undefined {
    this.counts.all += 1;
    const now = performance.now();
    if (now < this.#pausedUntil) return undefined;
    const environment = this.#environments.get(environmentId);
    if (environment === undefined || now - environment.confirmedAt > keptFor) {
      this.#environments.delete(environmentId);
      // Nobody waits for it: if the database does not answer, this look-up is told by its own statement.
      this.#confirm(environmentId).catch(() => {});
      return undefined;
    }
    const kept = this.#kept.get(name);
    if (kept === undefined || kept.environment !== environment || now - kept.readAt > keptFor) return undefined;
    return this.#confirm(environmentId).then(() => {
      if (kept.gone || this.#environments.get(environmentId) !== environment) return undefined;
      this.counts.kept += 1;
      return kept.answer;
    });
  }

  /** Before a statement that reads records; `end` it. */
  begin(): Reading {
    this.#turn += 1;
    const reading = { began: this.#turn, at: performance.now(), changed: new Set<string>() };
    this.#readings.add(reading);
    return reading;
  }

  end(reading: Reading): void {
    this.#readings.delete(reading);
  }

  /** Keeps what a statement read under a name of an environment, unless the record may have changed since the statement began. */
  keep(reading: Reading, environmentId: string, name: string, answer: KeptAnswer): void {
    const environment = this.#environments.get(environmentId);
    if (environment === undefined || environment.since > reading.began || reading.changed.has(answer.recordId)) return;
    const size = name.length + answer.body.length;
    if (size > this.#kept.maxSize) return;
    this.#kept.set(name, { environment, answer, readAt: reading.at, gone: false }, { size });
    const names = this.#names.get(answer.recordId);
    if (names === undefined) this.#names.set(answer.recordId, [name]);
    else names.push(name);
  }

  async #ask(ids: readonly string[]): Promise<void> {
    const asked = new Map(ids.map((id) => [id, this.#environments.get(id)]));
    const askedAt = performance.now();
    const known = [...asked].map(([environmentId, environment]) => ({ environmentId, place: environment?.place ?? null }));
    const { place, instance, changed, took } = await this.#findChanges(known).catch((error: unknown) => {
      this.#pausedUntil = performance.now() + pause;
      throw error;
    });
    if (instance !== this.#instance) this.#environments.clear();
    this.#instance = instance;
    for (const change of changed) this.#forget(change);
    for (const [id, environment] of asked) {
      const goesOn = environment !== undefined && this.#environments.get(id) === environment && BigInt(place) >= BigInt(environment.place);
      if (goesOn) Object.assign(environment, { place, confirmedAt: askedAt });
      else this.#environments.set(id, { place, confirmedAt: askedAt, since: ++this.#turn });
    }
    this.#slowInTurn = took > slow ? this.#slowInTurn + 1 : 0;
    if (this.#slowInTurn >= 3) this.#pausedUntil = performance.now() + pause;
  }

  #forget({ environmentId, recordId }: RecordChange): void {
    if (recordId === null) {
      this.#environments.delete(environmentId);
      return;
    }
    for (const reading of this.#readings) reading.changed.add(recordId);
    for (const name of [...(this.#names.get(recordId) ?? [])]) this.#kept.delete(name);
  }

  #dispose(kept: Kept, name: string): void {
    kept.gone = true;
    const { recordId } = kept.answer;
    const others = this.#names.get(recordId)?.filter((other) => other !== name) ?? [];
    if (others.length === 0) this.#names.delete(recordId);
    else this.#names.set(recordId, others);
  }
}
