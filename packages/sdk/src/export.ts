import type { ExportFormat, MembershipStatus, TransferKind, TransferRow } from '@crosswalk/contract';
import { type OptionNames, readOptions } from './options.ts';
import type { CallOptions, Connection } from './request.ts';
import { bodyOf, fileNameOf, rowsOf } from './row-stream.ts';

/** What an export has. */
export interface ExportOptions {
  /** Of the bytes: `ndjson` (default) is exact; `csv` is for spreadsheets and has one kind. */
  format?: ExportFormat;
  /** Only rows of these kinds; default all. */
  kinds?: TransferKind[];
  /** Only those that match, as in the list of the one kind of `kinds`: organizations, users or memberships. */
  filter?: string;
  /** Only organizations or users whose name or ID contains this text. */
  query?: string;
  /** Only memberships or users of this organization. */
  organizationId?: string;
  /** Only memberships of this user. */
  userId?: string;
  /** Only memberships of this status. */
  status?: MembershipStatus;
}

const exportNames: OptionNames<ExportOptions> = {
  format: true,
  kinds: true,
  filter: true,
  query: true,
  organizationId: true,
  userId: true,
  status: true,
};

/**
 * How long an export may take to begin, unless the call says so: a CSV looks at all rows before it, for the names of its columns. As long as Node
 * and browsers wait for an answer. Milliseconds.
 */
const beginTimeout = 300_000;

/** An export as it comes. */
export interface RawExport {
  /** A stream that ends in an error, a `ConnectionError`, is not whole. */
  body: ReadableStream<Uint8Array>;
  /** The feed after it has every change that the export does not show: for `events.list({ after })`. */
  eventsCursor: string;
  /** the name that the server gives the file */
  fileName: string | undefined;
}

/**
 * The directory, or what a list of it shows, as rows that can be imported. `for await` gives row after row and reads no faster than it is read; `raw` gives the bytes. Each
 * is an export of its own, of the moment at which it begins.
 */
export class Export implements AsyncIterable<TransferRow> {
  readonly #connection: Connection;
  readonly #wanted: ExportOptions;
  readonly #options: CallOptions | undefined;
  #eventsCursor: string | undefined;

  constructor(connection: Connection, wanted: ExportOptions, options: CallOptions | undefined) {
    this.#connection = connection;
    this.#wanted = readOptions(wanted, exportNames);
    this.#options = options;
  }

  /** The cursor of the change feed of the last export that began; undefined before that. */
  get eventsCursor(): string | undefined {
    return this.#eventsCursor;
  }

  /** The bytes, in the format that is wanted. */
  raw(): Promise<RawExport> {
    return this.#open(this.#wanted.format);
  }

  /** The rows, read as NDJSON whatever the format. Throws a `ConnectionError` when they were cut off. */
  async *[Symbol.asyncIterator](): AsyncGenerator<TransferRow> {
    const { body } = await this.#open('ndjson');
    yield* rowsOf<TransferRow>(body);
  }

  async #open(format: ExportFormat | undefined): Promise<RawExport> {
    const { kinds, filter, query, organizationId, userId, status } = this.#wanted;
    const narrowing = { filter, query, organization_id: organizationId, user_id: userId, membership_status: status };
    const response = await this.#connection.stream({
      method: 'GET',
      path: '/api/v1/export',
      query: { format, kinds: kinds?.join(','), ...narrowing },
      options: { ...this.#options, timeout: this.#options?.timeout ?? beginTimeout },
    });
    const eventsCursor = response.headers.get('crosswalk-events-cursor') ?? '';
    this.#eventsCursor = eventsCursor;
    return { body: bodyOf(response), eventsCursor, fileName: fileNameOf(response) };
  }
}
