import { setTimeout as sleep } from 'node:timers/promises';
import type { AsOf, EventFeed, EventPage, History, JsonValue } from '@crosswalk/contract';
import type pg from 'pg';
import type { PageRequest } from '../database/page-query.ts';
import { shareAnswer } from '../database/shared-answer.ts';
import { databaseFailure } from '../database/sql-error.ts';
import { inTransaction } from '../database/transaction.ts';
import type { RequestContext } from '../environments/index.ts';
import { appendEvents, appendPlacedEvents, type NewEvent } from '../events/index.ts';
import { requireUnanswered } from '../idempotency/index.ts';
import { ApiError, invalid } from '../lib/api-error.ts';
import type { IdGenerator } from '../lib/id.ts';
import type { PageTokens } from '../lib/page-token.ts';
import { soon } from '../lib/soon.ts';
import { requireTime } from '../lib/time.ts';
import {
  type FeedFilter,
  type FoundEvents,
  findAsOf,
  findEnd,
  findPlaceOf,
  findPurgedPlace,
  holdFeed,
  listEvents,
  listHistory,
  movePlace,
  type PlacedEvent,
  placeEvents,
  purgeEvents,
  type RecordKey,
  searchEvents,
  turn,
} from './feed-store.ts';

/** How often a reader that waits looks again. Milliseconds. */
const lookInterval = 250;

/** Beyond any version, for a history that begins with the newest. */
const newest = '9223372036854775807:';

/** How long a first page of records waits for its turn to give places, which takes some milliseconds: then a cursor of an earlier place will do. Milliseconds. */
const snapshotPatience = 250;

/** A part of the feed that is asked for. */
export interface FeedRequest {
  /** a cursor; undefined: from the beginning */
  after: string | undefined;
  filter: FeedFilter;
  limit: number;
  /** seconds to wait for the first event */
  wait: number;
}

/** Events that are looked for, newest first. */
export interface EventSearch {
  filter: FeedFilter;
  /** RFC 3339; undefined: from the oldest */
  from: string | undefined;
  /** RFC 3339, excluded; undefined: up to the newest */
  to: string | undefined;
  size: number;
  token: string | undefined;
}

/** How far the times of events may be out of the order of the feed: the length of the longest transaction. Milliseconds. */
export const disorder = 10 * 60_000;

/** Where else events go, each once: what is to be sent because of them. */
export interface Outlet {
  /** Takes events in the transaction that places them, so that none is lost or taken twice. SQL only. */
  take(tx: pg.PoolClient, events: readonly PlacedEvent[]): Promise<void>;
  /** That transaction has committed. */
  wake(): void;
}

/** Reads what happened: the feed of an environment in its order, and the history of one record. */
export class FeedService {
  readonly #pool: pg.Pool;
  readonly #workPool: pg.Pool;
  readonly #cursors: PageTokens;
  readonly #keptDays: number;
  readonly #ids: IdGenerator;
  readonly #outlets: readonly Outlet[];
  readonly #ends;
  #placing: Promise<void> | undefined;
  #stopped = false;

  /** `keptDays`: how long events are kept; 0: for ever. */
  constructor({
    pool,
    workPool,
    cursors,
    keptDays,
    ids,
    outlets,
  }: {
    pool: pg.Pool;
    workPool: pg.Pool;
    cursors: PageTokens;
    keptDays: number;
    ids: IdGenerator;
    outlets: readonly Outlet[];
  }) {
    this.#pool = pool;
    this.#workPool = workPool;
    this.#cursors = cursors;
    this.#keptDays = keptDays;
    this.#ids = ids;
    this.#outlets = outlets;
    this.#ends = shareAnswer<undefined, string>(() => this.#readEnd());
  }

  /**
   * Events after a cursor. A reader that goes from cursor to cursor sees each event once, those of one record in order, and misses none,
   * whatever transactions were open meanwhile; it sees its own writes. 410 EVENTS_PURGED when events after the cursor are gone.
   */
  async list({ environmentId }: RequestContext, { after, filter, limit, wait }: FeedRequest): Promise<EventFeed> {
    const from = await this.#start(environmentId, after);
    const deadline = Date.now() + wait * 1000;
    for (;;) {
      // Read before the events: those placed in between are seen next time.
      const last = await this.#end();
      const found = await listEvents(this.#pool, environmentId, from, filter, limit);
      if (found.events.length > 0 || Date.now() >= deadline || this.#stopped) return this.#answer(environmentId, found, from, last);
      await sleep(Math.min(lookInterval, Math.max(0, deadline - Date.now())));
    }
  }

  #answer(environmentId: string, { events, more }: FoundEvents, from: string, last: string): EventFeed {
    // Nothing that matches is between the last event and the end, so a reader that sees few does not walk that again.
    const end = more ? String(events.at(-1)?.sequence ?? from) : larger(last, String(events.at(-1)?.sequence ?? from));
    return { events, next_cursor: this.#cursor(environmentId, end), has_more: more };
  }

  /**
   * For the first page of a list of records: a cursor that was taken before the records are read, so that the feed after it has every
   * change the list may not show. Later pages have none: theirs would come too late. While somebody else keeps the feed, it is the cursor of
   * what has a place by now: the feed then also has changes that the list shows, and reading records waits for no writer.
   */
  async snapshot({ environmentId }: RequestContext, { position }: PageRequest): Promise<{ events_cursor?: string }> {
    if (position !== undefined) return {};
    const end = (await soon(this.#end(), snapshotPatience)) ?? (await findEnd(this.#pool)).last;
    return { events_cursor: this.#cursor(environmentId, end) };
  }

  /** The cursor of the end of the feed, after every event that has committed. */
  async end({ environmentId }: RequestContext): Promise<string> {
    return this.#cursor(environmentId, await this.#end());
  }

  async #start(environmentId: string, cursor: string | undefined): Promise<string> {
    const purged = await findPurgedPlace(this.#pool, environmentId);
    if (cursor === undefined) return purged;
    const place = this.#cursors.read(scopeOf(environmentId), cursor)?.id;
    if (place === undefined) throw invalid('after', 'is no cursor of this environment', 'cursor', 'INVALID_CURSOR');
    if (BigInt(place) < BigInt(purged)) {
      throw new ApiError('EVENTS_PURGED', 'after: events after this cursor were kept long enough and are gone; read the records anew', {
        violations: [{ field: 'after', description: 'events after this cursor are gone', constraint: 'purged' }],
      });
    }
    return place;
  }

  #cursor(environmentId: string, place: string): string {
    return this.#cursors.write(scopeOf(environmentId), { direction: 'next', id: place });
  }

  /** One page of the events of a span of time, newest first. The first page tells the cursor at which the feed goes on. */
  async search(context: RequestContext, { filter, from: fromText, to: toText, size, token }: EventSearch): Promise<EventPage> {
    const { environmentId } = context;
    const from = fromText === undefined ? undefined : requireTime('from', fromText);
    const to = toText === undefined ? undefined : requireTime('to', toText);
    if (from !== undefined && to !== undefined && from >= to) throw invalid('to', 'must be later than from', 'order');
    const last = await this.#end();
    const scope = JSON.stringify([environmentId, 'event search', filter, fromText, toText]);
    const shifted = (time: Date, by: number) => new Date(time.getTime() + by);
    const end = to === undefined ? last : larger(await findPlaceOf(this.#pool, environmentId, shifted(to, disorder)), '0');
    const before = token === undefined ? (BigInt(end) + 2n).toString() : this.#cursors.read(scope, token)?.id;
    if (before === undefined)
      throw invalid('page_token', 'does not belong to this list; keep every other parameter as it was', 'page_token', 'INVALID_PAGE_TOKEN');
    const after = from === undefined ? '0' : await findPlaceOf(this.#pool, environmentId, shifted(from, -disorder));
    const { events, more } = await searchEvents(this.#pool, environmentId, { after, before, from, to }, filter, size);
    const oldest = events.at(-1);
    return {
      events,
      next_page_token: more && oldest !== undefined ? this.#cursors.write(scope, { direction: 'next', id: String(oldest.sequence) }) : '',
      ...(token === undefined ? { events_cursor: this.#cursor(environmentId, last) } : {}),
    };
  }

  /** One page of the events of a record, newest first; none of a record of another kind. */
  async history({ environmentId }: RequestContext, record: RecordKey, size: number, token: string | undefined): Promise<History> {
    await this.place();
    const scope = JSON.stringify([environmentId, 'history', record.kind, record.id]);
    const before = token === undefined ? newest : this.#cursors.read(scope, token)?.id;
    if (before === undefined) throw invalid('page_token', 'does not belong to this history', 'page_token', 'INVALID_PAGE_TOKEN');
    const [version = '', type = ''] = before.split(':');
    const { events, more } = await listHistory(this.#pool, environmentId, record, { version, type }, size);
    const last = events.at(-1);
    const next =
      more && last !== undefined ? this.#cursors.write(scope, { direction: 'next', id: `${last.record_version}:${last.type}` }) : '';
    return { events, next_page_token: next };
  }

  /** A record as it was at a version or a time; 404 when nothing is known of it then. */
  async asOf(
    { environmentId }: RequestContext,
    record: RecordKey,
    at: { version?: number | undefined; time?: string | undefined },
  ): Promise<AsOf> {
    if ((at.version === undefined) === (at.time === undefined)) throw invalid('version', 'is required, or time, and not both', 'required');
    if (at.time !== undefined) requireTime('time', at.time);
    // An event that has no place yet would tell the sequence 0.
    await this.place();
    const event = await findAsOf(this.#pool, environmentId, record, at);
    if (event === undefined || (at.version !== undefined && event.record_version !== at.version)) {
      throw new ApiError(
        'VERSION_NOT_FOUND',
        `nothing is known of the record ${at.version === undefined ? `at ${at.time}` : `at version ${at.version}`}`,
      );
    }
    return { record: event.data, event };
  }

  /**
   * The value that a key of a record's metadata had at a version; undefined if it was not there. 404 as `asOf`. Of a request that was answered
   * before, its answer is thrown first, as `inChange` does: the record may not be found by the same name any more.
   */
  async formerValue(
    context: RequestContext,
    record: () => Promise<RecordKey>,
    key: string,
    version: number,
  ): Promise<JsonValue | undefined> {
    await requireUnanswered(this.#pool, context);
    const then = await this.asOf(context, await record(), { version });
    return new Map<string, JsonValue>(Object.entries(Object(then.record.metadata))).get(key);
  }

  /** Gives every committed event its place. Calls at the same time share the work. */
  async place(): Promise<void> {
    await this.#end();
  }

  /** The same for whoever places events without being asked for: it does not wait behind the requests. */
  async placeByItself(): Promise<void> {
    if (!(await findEnd(this.#workPool)).complete) await this.#takeTurn();
  }

  /** The last place of the feed, when every event that has committed has one. Whoever asks at the same moment shares the answer. */
  #end(): Promise<string> {
    return this.#ends(undefined);
  }

  async #readEnd(): Promise<string> {
    const { last, complete } = await findEnd(this.#pool);
    if (complete) return last;
    await this.#takeTurn();
    return (await findEnd(this.#pool)).last;
  }

  async #takeTurn(): Promise<void> {
    try {
      // A turn that began before this call may have missed what the caller wrote: it is waited for, and another follows.
      while (this.#placing !== undefined) await this.#placing;
      this.#placing ??= this.#placeAll().finally(() => {
        this.#placing = undefined;
      });
      await this.#placing;
    } catch (error) {
      throw databaseFailure(error)?.code === 'RECORD_BUSY' ? feedBusy(error) : error;
    }
  }

  /** A turn that is not full has left nothing that was committed when it began; what comes after that is none of the callers' business. */
  async #placeAll(): Promise<void> {
    while ((await this.#placeSome()) === turn);
  }

  /** One turn of placing; resolves to how many events it placed. */
  async #placeSome(): Promise<number> {
    const placed = await inTransaction(this.#workPool, async (tx) => {
      const events = await placeEvents(tx, await holdFeed(tx));
      await this.#pass(tx, events);
      return events.length;
    });
    if (placed > 0) this.wakeOutlets();
    return placed;
  }

  async #pass(tx: pg.PoolClient, events: readonly PlacedEvent[]): Promise<void> {
    if (events.length > 0) for (const outlet of this.#outlets) await outlet.take(tx, events);
  }

  /**
   * Appends many events of one change with their places, so that each is written once rather than twice. The feed is held until the
   * transaction ends: this is what it does last, and it is short. Once it has committed, `wakeOutlets`.
   */
  async append(tx: pg.PoolClient, context: RequestContext, events: readonly NewEvent[]): Promise<void> {
    if (events.length === 0) return;
    const last = await holdFeed(tx);
    // Those that have waited longer come first: earlier ones of the same records may be among them.
    const earlier = await placeEvents(tx, last);
    if (earlier.length === turn) {
      // There are more: behind all of them these come in a turn of their own.
      await this.#pass(tx, earlier);
      return appendEvents(tx, context, this.#ids, events);
    }
    const placed = await appendPlacedEvents(tx, context, this.#ids, events, (BigInt(last) + BigInt(earlier.length)).toString());
    await movePlace(tx, placed.length);
    await this.#pass(tx, [...earlier, ...placed]);
  }

  /** Events of `append` have committed. */
  wakeOutlets(): void {
    for (const outlet of this.#outlets) outlet.wake();
  }

  /** Removes events that were kept long enough, up to 1,000 of each environment; returns how many. */
  async purge(environmentIds: readonly string[]): Promise<number> {
    if (this.#keptDays === 0) return 0;
    let purged = 0;
    for (const environmentId of environmentIds)
      purged += await inTransaction(this.#workPool, (tx) => purgeEvents(tx, environmentId, this.#keptDays));
    return purged;
  }

  /** Readers that wait are answered now: the service is about to end. */
  stop(): void {
    this.#stopped = true;
  }
}

/** To who only reads, no record is busy. */
function feedBusy(cause: unknown): ApiError {
  return new ApiError('DATABASE_UNAVAILABLE', 'other writers kept the change feed locked; try again', { retryAfter: 1, cause });
}

function scopeOf(environmentId: string): string {
  return JSON.stringify([environmentId, 'events']);
}

function larger(a: string, b: string): string {
  return BigInt(a) > BigInt(b) ? a : b;
}
