import type { ExportFormat, TransferKind, TransferRow } from '@crosswalk/contract';
import { readOptions } from './options.ts';
import type { CallOptions, Connection } from './request.ts';
import { bodyOf, fileNameOf, rowsOf } from './row-stream.ts';

/** What an export has. */
export interface ExportOptions {
  /** Of the bytes: `ndjson` (default) is exact; `csv` is for spreadsheets and has one kind. */
  format?: ExportFormat;
  /** Only rows of these kinds; default all. */
  kinds?: TransferKind[];
}

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
 * The directory as rows that can be imported. `for await` gives row after row and reads no faster than it is read; `raw` gives the bytes. Each
 * is an export of its own, of the moment at which it begins.
 */
export class Export implements AsyncIterable<TransferRow> {
  readonly #connection: Connection;
  readonly #wanted: ExportOptions;
  readonly #options: CallOptions | undefined;
  #eventsCursor: string | undefined;

  constructor(connection: Connection, wanted: ExportOptions, options: CallOptions | undefined) {
    this.#connection = connection;
    this.#wanted = readOptions(wanted, { format: true, kinds: true });
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
    const response = await this.#connection.stream({
      method: 'GET',
      path: '/api/v1/export',
      query: { format, kinds: this.#wanted.kinds?.join(',') },
      options: this.#options,
    });
    const eventsCursor = response.headers.get('crosswalk-events-cursor') ?? '';
    this.#eventsCursor = eventsCursor;
    return { body: bodyOf(response), eventsCursor, fileName: fileNameOf(response) };
  }
}
