import type {
  Import,
  ImportAnswer,
  ImportErrorsAnswer,
  ImportLeft,
  ImportLeftAnswer,
  ImportQuery,
  ImportRowError,
} from '@crosswalk/contract';
import { type CamelKeys, type Either, toSnakeCase } from './case.ts';
import { segment } from './identifiers.ts';
import { type OptionNames, readOptions } from './options.ts';
import { List, type PageInfo, type PageOptions, pageNames } from './pages.ts';
import { type CallOptions, type Connection, callNames, pause, type Upload } from './request.ts';
import { bodyOf } from './row-stream.ts';
import { type PartSource, SourceStream } from './source-stream.ts';

const collection = '/api/v1/imports';

/** One page of imports. */
export interface ImportsPage extends PageInfo {
  imports: Import[];
}

/**
 * A file: its text, its bytes, a `Blob` such as a browser's `File`, or a stream or iterable of text or bytes. An iterable may also give rows
 * as objects, which become NDJSON. A stream or an iterable is read as it is sent, and is ended when no more of it is wanted. Browsers send
 * streams over HTTP/2 alone, if at all: give them a `Blob`, which is read as it is sent.
 */
export type ImportSource = WholeSource | PartSource;

/** A source that is there as a whole, so that it can be sent again. */
type WholeSource = string | Uint8Array | Blob;

/** How a file is imported; `format` is `ndjson` if left out. */
export type ImportSettings = Either<Omit<ImportQuery, 'format'>> & { format?: 'ndjson' | 'csv' };

const settingNames: OptionNames<CamelKeys<ImportQuery>> = {
  format: true,
  kind: true,
  mode: true,
  matchBy: true,
  onConflict: true,
  dryRun: true,
  atomic: true,
  sendInvitations: true,
  unescapeFormulas: true,
};

/** How to wait for an import. */
export interface WaitOptions extends CallOptions {
  /** Hears of the import each time it is asked for. */
  onProgress?: (progress: Import) => void;
  /** How often it is asked for, in milliseconds; default 500. */
  interval?: number;
}

/** Files of records that a job puts in. */
export class Imports {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Sends a file; resolves when all of it is there, and the job is queued. `wait` tells when it is done. */
  async create(source: ImportSource, given: ImportSettings = {}, options?: CallOptions): Promise<Import> {
    const { format = 'ndjson', ...settings } = readOptions<CamelKeys<ImportQuery>>(given, settingNames);
    const file = {
      path: collection,
      query: { ...queryOf(settings), format },
      contentType: format === 'csv' ? 'text/csv' : 'application/x-ndjson',
      options,
    };
    if (isWhole(source)) return this.#send({ ...file, body: source instanceof Uint8Array ? unshared(source) : source });
    const stream = new SourceStream(source);
    try {
      return await this.#send({ ...file, body: stream.body });
    } catch (error) {
      throw stream.failure === undefined ? error : stream.failure.error;
    } finally {
      stream.giveBack();
    }
  }

  /** The import with its progress. */
  async get(id: string, options?: CallOptions): Promise<Import> {
    const answer = await this.#connection.call<ImportAnswer>({ method: 'GET', path: pathOf(id), options }, 'import');
    return answer.import;
  }

  /** Imports, newest first. */
  list(page: PageOptions = {}, options?: CallOptions): List<ImportsPage, Import> {
    const { pageSize, pageToken } = readOptions(page, pageNames);
    return new List<ImportsPage, Import>(
      (token) =>
        this.#connection.call({ method: 'GET', path: collection, query: { page_size: pageSize, page_token: token }, options }, 'imports'),
      (page) => page.imports,
      pageToken,
    );
  }

  /** Ends it after the batch under way; what was committed stays. */
  async cancel(id: string, options?: CallOptions): Promise<Import> {
    const answer = await this.#connection.call<ImportAnswer>(
      { method: 'POST', path: `${pathOf(id)}:cancel`, once: true, options },
      'import',
    );
    return answer.import;
  }

  /**
   * Takes back what an import did: what it made is removed, what it changed has again what it had. Records that were changed since are left,
   * see `left`. Resolves when the job is queued; `wait` tells when it is done.
   */
  async undo(id: string, options?: CallOptions): Promise<Import> {
    const answer = await this.#connection.call<ImportAnswer>({ method: 'POST', path: `${pathOf(id)}:undo`, options }, 'import');
    return answer.import;
  }

  /** Records that the undo left alone, in the order of the file: all of them, read as they are needed. */
  async *left(id: string, options?: CallOptions): AsyncGenerator<ImportLeft> {
    for (let after: number | null = 0; after !== null; ) {
      const answer: ImportLeftAnswer = await this.#connection.call(
        { method: 'GET', path: `${pathOf(id)}/left`, query: { after, limit: 1000 }, options },
        'left',
      );
      yield* answer.left;
      after = answer.next_after;
    }
  }

  /** Why rows were rejected, in the order of the file: all of them, read as they are needed. */
  async *errors(id: string, options?: CallOptions): AsyncGenerator<ImportRowError> {
    for (let after: number | null = 0; after !== null; ) {
      const answer: ImportErrorsAnswer = await this.#connection.call(
        { method: 'GET', path: `${pathOf(id)}/errors`, query: { after, limit: 1000 }, options },
        'errors',
      );
      yield* answer.errors;
      after = answer.next_after;
    }
  }

  /** The rejected rows as they came, as a file of the same format. A stream that ends in an error, a `ConnectionError`, is not whole. */
  async rejected(id: string, options?: CallOptions): Promise<ReadableStream<Uint8Array>> {
    return bodyOf(await this.#connection.stream({ method: 'GET', path: `${pathOf(id)}/rejected`, options }));
  }

  /** Resolves when the import, and its undo if there is one, has ended: the `state` of each is DONE, FAILED or CANCELED. */
  async wait(id: string, given: WaitOptions = {}): Promise<Import> {
    const { onProgress, interval = 500, ...options } = readOptions(given, { onProgress: true, interval: true, ...callNames });
    for (;;) {
      const found = await this.get(id, options);
      onProgress?.(found);
      if (found.finish_time !== null && found.undo?.finish_time !== null) return found;
      await pause(interval, options.signal);
    }
  }

  async #send(file: Upload): Promise<Import> {
    const answer = await this.#connection.upload<ImportAnswer>(file, 'import');
    return answer.import;
  }
}

function isWhole(source: ImportSource): source is WholeSource {
  return typeof source === 'string' || source instanceof Uint8Array || source instanceof Blob;
}

/** The same bytes where no other thread has them: `fetch` takes no others. */
function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return isUnshared(bytes) ? bytes : new Uint8Array(bytes);
}

function isUnshared(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}

function queryOf(settings: object): Record<string, string | boolean | undefined> {
  return Object.fromEntries(
    Object.entries(Object(toSnakeCase(settings))).map(([name, value]) => [name, typeof value === 'boolean' ? value : String(value)]),
  );
}

function pathOf(id: string): string {
  return `${collection}/${segment('id', id)}`;
}
