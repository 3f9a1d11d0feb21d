import type { Event, EventFeed, EventPage } from '@crosswalk/contract';
import { type OptionNames, readOptions } from './options.ts';
import { pageNames } from './pages.ts';
import { type CallOptions, type Connection, pause } from './request.ts';

/** What a reader of the feed wants. */
export interface EventsOptions {
  /** `next_cursor` of an earlier page, `events_cursor` of a list of records, or left out: from the oldest event kept */
  after?: string;
  /** Only these: names such as `user.updated`, or what stands before the dot. */
  types?: string[];
  organizationId?: string;
  /** Only changes made by this client or operator. */
  actorId?: string;
  /** Events in one request, 1 to 1,000; default 100. */
  limit?: number;
  /**
   * Goes on when there are no more events for now, until the `signal` of the call is aborted; default false. A request waits for events for 25
   * seconds, or as long as the timeout lets it; with less than two seconds it asks again every second.
   */
  follow?: boolean;
}

/** Which events are looked for; all of it must hold. */
export interface EventSearch extends Pick<EventsOptions, 'types' | 'organizationId' | 'actorId'> {
  /** only from this moment on */
  from?: Date | string;
  /** only before this moment */
  to?: Date | string;
  /** 1 to 100; default 30 */
  pageSize?: number;
  pageToken?: string;
}

const eventsNames: OptionNames<EventsOptions> = {
  after: true,
  types: true,
  organizationId: true,
  actorId: true,
  limit: true,
  follow: true,
};

const searchNames: OptionNames<EventSearch> = {
  types: true,
  organizationId: true,
  actorId: true,
  from: true,
  to: true,
  ...pageNames,
};

/** How long one request of a reader that follows waits for an event at most. Seconds. */
const longestWait = 25;
/** How long a reader that follows pauses where no request has the time to wait. Milliseconds. */
const pollingPause = 1_000;

/**
 * A part of the change feed. `await` gives one page with its `next_cursor`; `for await` gives every event, fetching as needed, and with
 * `follow` those that are still to come. `cursor` tells where a loop is, so that it can be taken up there: keep it when the event is dealt with.
 */
export class EventList implements PromiseLike<EventFeed>, AsyncIterable<Event> {
  readonly #connection: Connection;
  readonly #wanted: EventsOptions;
  readonly #options: CallOptions | undefined;
  #cursor: string | undefined;

  constructor(connection: Connection, wanted: EventsOptions, options: CallOptions | undefined) {
    this.#connection = connection;
    this.#wanted = readOptions(wanted, eventsNames);
    this.#options = options;
    this.#cursor = this.#wanted.after;
  }

  /** The cursor after the last page whose events were all given; undefined before that. */
  get cursor(): string | undefined {
    return this.#cursor;
  }

  // biome-ignore lint/suspicious/noThenProperty: a list is awaited for one page and iterated for all
  then<Result1 = EventFeed, Result2 = never>(
    onFulfilled?: ((page: EventFeed) => Result1 | PromiseLike<Result1>) | null,
    onRejected?: ((reason: unknown) => Result2 | PromiseLike<Result2>) | null,
  ): Promise<Result1 | Result2> {
    return this.#fetch(0).then(onFulfilled, onRejected);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Event> {
    const follow = this.#wanted.follow === true;
    const wait = follow ? waitWithin(this.#options?.timeout ?? this.#connection.timeout) : 0;
    for (;;) {
      const page = await this.#fetch(wait);
      yield* page.events;
      this.#cursor = page.next_cursor;
      if (page.has_more) continue;
      if (!follow) return;
      if (wait === 0) await pause(pollingPause, this.#options?.signal);
    }
  }

  #fetch(seconds: number): Promise<EventFeed> {
    const { types, organizationId, actorId, limit } = this.#wanted;
    const query = {
      after: this.#cursor,
      types: types?.join(','),
      organization_id: organizationId,
      actor_id: actorId,
      limit,
      wait: seconds,
    };
    return this.#connection.call({ method: 'GET', path: '/api/v1/events', query, options: this.#options }, 'events');
  }
}

/** How long a request may wait for an event to be answered in time: a sixth of the timeout, and a second, are left for that. Seconds. */
function waitWithin(timeout: number): number {
  const time = Math.min((timeout * 5) / 6, timeout - 1_000);
  return Math.min(longestWait, Math.max(0, Math.floor(time / 1_000)));
}

/** What changed in the environment, in order. */
export class Events {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Events in the order of the feed, none skipped, each once. */
  list(wanted: EventsOptions = {}, options?: CallOptions): EventList {
    return new EventList(this.#connection, wanted, options);
  }

  /** One page of events for people to read, newest first. `events_cursor` of the first page is where `list` goes on. */
  async search(wanted: EventSearch = {}, options?: CallOptions): Promise<EventPage> {
    const { types, organizationId, actorId, from, to, pageSize, pageToken } = readOptions(wanted, searchNames);
    const text = (time: Date | string | undefined) => (time instanceof Date ? time.toISOString() : time);
    const query = {
      types: types?.join(','),
      organization_id: organizationId,
      actor_id: actorId,
      from: text(from),
      to: text(to),
      page_size: pageSize,
      page_token: pageToken,
    };
    return this.#connection.call({ method: 'GET', path: '/api/v1/events:search', query, options }, 'events');
  }
}
