import { setTimeout as sleep } from 'node:timers/promises';
import type { AsOf, Event, EventFeed, History } from '@crosswalk/contract';
import type pg from 'pg';
import type { PageRequest } from '../database/page-query.ts';
import { inTransaction } from '../database/transaction.ts';
import type { RequestContext } from '../environments/index.ts';
import { ApiError, invalid } from '../lib/api-error.ts';
import type { PageTokens } from '../lib/page-token.ts';
import { parseTime } from '../lib/time.ts';
import {
  type FeedFilter,
  findAsOf,
  findLastPlace,
  findPurgedPlace,
  hasUnplaced,
  listEvents,
  listHistory,
  placeEvents,
  purgeEvents,
} from './feed-store.ts';

/** How often a reader that waits looks again. Milliseconds. */
const lookInterval = 250;

/** Beyond any version, for a history that begins with the newest. */
const newest = '9223372036854775807:';

/** A part of the feed that is asked for. */
export interface FeedRequest {
  /** a cursor; undefined: from the beginning */
  after: string | undefined;
  filter: FeedFilter;
  limit: number;
  /** seconds to wait for the first event */
  wait: number;
}

/** Reads what happened: the feed of an environment in its order, and the history of one record. */
export class FeedService {
  readonly #pool: pg.Pool;
  readonly #cursors: PageTokens;
  readonly #keptDays: number;
  #placing: Promise<void> | undefined;
  #stopped = false;

  /** `keptDays`: how long events are kept; 0: for ever. */
  constructor({ pool, cursors, keptDays }: { pool: pg.Pool; cursors: PageTokens; keptDays: number }) {
    this.#pool = pool;
    this.#cursors = cursors;
    this.#keptDays = keptDays;
  }

  /**
   * Events after a cursor. A reader that goes from cursor to cursor sees each event once, those of one record in order, and misses none,
   * whatever transactions were open meanwhile; it sees its own writes. 410 EVENTS_PURGED when events after the cursor are gone.
   */
  async list({ environmentId }: RequestContext, { after, filter, limit, wait }: FeedRequest): Promise<EventFeed> {
    const from = await this.#start(environmentId, after);
    const deadline = Date.now() + wait * 1000;
    for (;;) {
      await this.place();
      // Read before the events: those placed in between are seen next time.
      const last = await findLastPlace(this.#pool);
      const events = await listEvents(this.#pool, environmentId, from, filter, limit + 1);
      if (events.length > 0 || Date.now() >= deadline || this.#stopped) return this.#answer(environmentId, events, limit, from, last);
      await sleep(Math.min(lookInterval, Math.max(0, deadline - Date.now())));
    }
  }

  #answer(environmentId: string, found: Event[], limit: number, from: string, last: string): EventFeed {
    const events = found.slice(0, limit);
    const more = found.length > limit;
    // Nothing that matches is between the last event and the end, so a reader that sees few does not walk that again.
    const end = more ? String(events.at(-1)?.sequence ?? from) : larger(last, String(events.at(-1)?.sequence ?? from));
    return { events, next_cursor: this.#cursor(environmentId, end), has_more: more };
  }

  /**
   * For the first page of a list of records: a cursor that was taken before the records are read, so that the feed after it has every
   * change the list may not show. Later pages have none: theirs would come too late.
   */
  async snapshot({ environmentId }: RequestContext, { position }: PageRequest): Promise<{ events_cursor?: string }> {
    if (position !== undefined) return {};
    await this.place();
    return { events_cursor: this.#cursor(environmentId, await findLastPlace(this.#pool)) };
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

  /** One page of the events of a record, newest first. `recordId` is a database ID. */
  async history({ environmentId }: RequestContext, recordId: string, size: number, token: string | undefined): Promise<History> {
    await this.place();
    const scope = JSON.stringify([environmentId, 'history', recordId]);
    const before = token === undefined ? newest : this.#cursors.read(scope, token)?.id;
    if (before === undefined) throw invalid('page_token', 'does not belong to this history', 'page_token', 'INVALID_PAGE_TOKEN');
    const [version = '', type = ''] = before.split(':');
    const found = await listHistory(this.#pool, environmentId, recordId, { version, type }, size + 1);
    const events = found.slice(0, size);
    const last = events.at(-1);
    const next =
      found.length > size && last !== undefined
        ? this.#cursors.write(scope, { direction: 'next', id: `${last.record_version}:${last.type}` })
        : '';
    return { events, next_page_token: next };
  }

  /** A record as it was at a version or a time; 404 when nothing is known of it then. `recordId` is a database ID. */
  async asOf(
    { environmentId }: RequestContext,
    recordId: string,
    at: { version?: number | undefined; time?: string | undefined },
  ): Promise<AsOf> {
    if ((at.version === undefined) === (at.time === undefined)) throw invalid('version', 'is required, or time, and not both', 'required');
    if (at.time !== undefined && parseTime(at.time) === undefined)
      throw invalid('time', 'must be a time such as 2026-11-24T08:00:00Z', 'date_time');
    const event = await findAsOf(this.#pool, environmentId, recordId, at);
    if (event === undefined || (at.version !== undefined && event.record_version !== at.version)) {
      throw new ApiError(
        'VERSION_NOT_FOUND',
        `nothing is known of the record ${at.version === undefined ? `at ${at.time}` : `at version ${at.version}`}`,
      );
    }
    return { record: event.data, event };
  }

  /** Gives every committed event its place. Calls at the same time share the work. */
  async place(): Promise<void> {
    if (!(await hasUnplaced(this.#pool))) return;
    // A turn that began before this call may have missed what the caller wrote: it is waited for, and another follows.
    while (this.#placing !== undefined) await this.#placing;
    this.#placing ??= this.#placeAll().finally(() => {
      this.#placing = undefined;
    });
    await this.#placing;
  }

  async #placeAll(): Promise<void> {
    while ((await inTransaction(this.#pool, placeEvents)) > 0);
  }

  /** Removes events that were kept long enough, up to 1,000 of each environment; returns how many. */
  async purge(environmentIds: readonly string[]): Promise<number> {
    if (this.#keptDays === 0) return 0;
    let purged = 0;
    for (const environmentId of environmentIds)
      purged += await inTransaction(this.#pool, (tx) => purgeEvents(tx, environmentId, this.#keptDays));
    return purged;
  }

  /** Readers that wait are answered now: the service is about to end. */
  stop(): void {
    this.#stopped = true;
  }
}

function scopeOf(environmentId: string): string {
  return JSON.stringify([environmentId, 'events']);
}

function larger(a: string, b: string): string {
  return BigInt(a) > BigInt(b) ? a : b;
}
