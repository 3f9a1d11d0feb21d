import { setTimeout as pause } from 'node:timers/promises';
import { type Crosswalk, CrosswalkError, type Event, type EventsOptions } from '@crosswalk/sdk';
import type { Cli } from './cli.ts';
import { UsageError } from './exit.ts';

/** What of the feed is wanted. */
export interface FeedOptions {
  types?: string[];
  organizationId?: string;
  /** a cursor to go on from */
  after?: string;
  /** only events from this moment on, milliseconds since 1970 */
  since?: number;
  /** goes on when there are no more for now */
  follow: boolean;
  /** events in one request: where a reader stops, those of its page that it has dealt with come again */
  pageSize: number;
}

/** Pauses between attempts to reach a server that does not answer: it may be starting again. Milliseconds. */
const pauses = [1_000, 2_000, 5_000] as const;

/** A reader of the change feed that outlives the restarts of the server. */
export class Feed {
  readonly #cli: Cli;
  readonly #crosswalk: Crosswalk;
  readonly #options: FeedOptions;
  /** after the last page of which every event was dealt with; undefined before that */
  #cursor: string | undefined;
  /** attempts since the last answer */
  #failures = 0;

  constructor(cli: Cli, crosswalk: Crosswalk, options: FeedOptions) {
    this.#cli = cli;
    this.#crosswalk = crosswalk;
    this.#options = options;
    this.#cursor = options.after;
  }

  /** How to go on, for people; undefined when nothing was read. */
  get resume(): string | undefined {
    return this.#cursor === undefined ? undefined : `go on with --after ${this.#cursor}`;
  }

  /** The events, in order; ends when the signal is aborted, or without `follow` when there are no more. */
  async *events(signal: AbortSignal): AsyncGenerator<Event> {
    const { types, organizationId, since, follow, pageSize } = this.#options;
    if (this.#cursor === undefined && since === undefined) this.#cursor = await this.#now(signal);
    while (!signal.aborted) {
      const wanted: EventsOptions = {
        follow,
        limit: pageSize,
        ...(this.#cursor === undefined ? {} : { after: this.#cursor }),
        ...(types === undefined ? {} : { types }),
        ...(organizationId === undefined ? {} : { organizationId }),
      };
      const list = this.#crosswalk.events.list(wanted, { signal });
      try {
        for await (const event of list) {
          this.#failures = 0;
          if (since === undefined || Date.parse(event.occurred_at) >= since) yield event;
          this.#cursor = list.cursor;
        }
        this.#cursor = list.cursor;
        return;
      } catch (error) {
        this.#cursor = list.cursor;
        if (signal.aborted) return;
        await this.#outlast(error, signal);
      }
    }
  }

  /** What a call gives that is needed for an event, made again as the feed is read again; undefined when the signal was aborted before. */
  async insist<Answer>(call: () => Promise<Answer>, signal: AbortSignal): Promise<Answer | undefined> {
    while (!signal.aborted) {
      try {
        const answer = await call();
        this.#failures = 0;
        return answer;
      } catch (error) {
        if (signal.aborted) return undefined;
        await this.#outlast(error, signal);
      }
    }
    return undefined;
  }

  /** Waits for a server that does not answer, for as long as it failed; throws what does not pass. */
  async #outlast(error: unknown, signal: AbortSignal): Promise<void> {
    if (!this.#options.follow || !(error instanceof CrosswalkError) || !(error.status === 0 || error.status >= 500)) throw error;
    if (this.#failures === 0) this.#cli.say(`${error.message}; trying again`);
    await pause(pauses[Math.min(this.#failures, pauses.length - 1)], undefined, { signal }).catch(() => {});
    this.#failures += 1;
  }

  /** The end of the feed: a list of records says where it is. */
  async #now(signal: AbortSignal): Promise<string | undefined> {
    const { events_cursor: cursor } = await this.#crosswalk.organization.list({ pageSize: 1 }, { signal });
    return cursor;
  }
}

const units = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** A moment, as it is typed: `10m`, `2h` or `7d` ago, or an RFC 3339 time. Milliseconds since 1970. */
export function momentOf(text: string, now = Date.now()): number {
  const [, count, unit = ''] = /^([0-9]{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return now - Number(count) * (units.get(unit) ?? 0);
  const time = /^\d{4}-\d\d-\d\d(T.+)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new UsageError('--since is a time such as 10m, 2h, 7d or 2026-11-24T08:00:00Z');
  return time;
}
