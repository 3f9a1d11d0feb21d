import type { AsOf, History } from '@crosswalk/contract';
import { type Address, addressOf, type RecordName } from './identifiers.ts';
import { readOptions } from './options.ts';
import { pageNames } from './pages.ts';
import type { CallOptions, ChangeOptions, Connection } from './request.ts';

/** One page of a history. */
export interface HistoryOptions {
  /** 1 to 100, default 30 */
  pageSize?: number;
  pageToken?: string;
}

/** Which moment: a version, or an RFC 3339 time. */
export type Moment = { version: number } | { time: string };

/** What an answer calls a record. */
type Noun = 'organization' | 'user';

/** What happened to the records of one collection. */
export class RecordHistory<RecordType> {
  readonly #connection: Connection;
  readonly #collection: string;
  readonly #noun: Noun;

  constructor(connection: Connection, collection: string, noun: Noun) {
    this.#connection = connection;
    this.#collection = collection;
    this.#noun = noun;
  }

  /** The events of a record, newest first; those of a deleted record too. */
  async list(record: RecordName, page: HistoryOptions = {}, options?: CallOptions): Promise<History> {
    const { pageSize, pageToken } = readOptions(page, pageNames);
    const { path, query } = this.#addressOf(record, 'history');
    const of = { ...query, page_size: pageSize, page_token: pageToken };
    return this.#connection.call({ method: 'GET', path, query: of, options });
  }

  /** The record as it was at a version or a time; a `NotFoundError` when nothing is known of it then. */
  async asOf(record: RecordName, moment: Moment, options?: CallOptions): Promise<AsOf> {
    const { version, time } = readOptions<{ version?: number; time?: string }>(moment, { version: true, time: true });
    const { path, query } = this.#addressOf(record, 'as-of');
    return this.#connection.call({ method: 'GET', path, query: { ...query, version, time }, options });
  }

  /** Gives one key of the metadata the value it had at a version; one that was not there then is removed. */
  async revertMetadata(record: RecordName, revert: { key: string; version: number }, options?: ChangeOptions): Promise<RecordType> {
    const answer = await this.#connection.call<Record<Noun, RecordType>>(
      { method: 'POST', ...this.#addressOf(record, 'metadata-revert'), body: revert, takes: 'change', options },
      this.#noun,
    );
    return answer[this.#noun];
  }

  #addressOf(record: RecordName, part: string): Address {
    return addressOf(this.#collection, this.#noun, record, part);
  }
}
