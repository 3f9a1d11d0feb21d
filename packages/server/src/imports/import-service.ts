import { Readable } from 'node:stream';
import { type Import, type ImportErrorsAnswer, type ImportLeftAnswer, type ImportOptions, importLimits } from '@crosswalk/contract';
import type pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import type { Page, PageRequest } from '../database/page-query.ts';
import { databaseFailure } from '../database/sql-error.ts';
import { inTransaction } from '../database/transaction.ts';
import type { RequestContext } from '../environments/index.ts';
import { inChange } from '../idempotency/index.ts';
import { ApiError } from '../lib/api-error.ts';
import { formatId, type IdGenerator } from '../lib/id.ts';
import { readFile } from './file.ts';
import { type FileRow, type Format, importNotFound, isOneTransaction, notUndoable } from './import.ts';
import { insertRows, listErrors, takeRejected } from './import-row-store.ts';
import {
  cancelImport,
  failReceiving,
  failRepeated,
  findHeader,
  findImport,
  findImportByKey,
  insertImport,
  listImports,
  type NewImport,
  noteReceived,
  queueImport,
  renewLease,
} from './import-store.ts';
import { holding } from './lease.ts';
import { cancelUndo, listLeft, queueUndo } from './undo-store.ts';
import { type Arrival, arriving } from './upload.ts';

/** Rows of a file that are staged in one statement: a round trip does not count then, and memory stays small. */
const chunkRows = 1000;
/** The same in characters: rows may be large. */
const chunkSize = 1024 * 1024;

/** A file that is to be imported. */
export interface Upload {
  format: Format;
  options: ImportOptions;
  /** two uploads of one client with the same key are one import */
  idempotencyKey: string | undefined;
  body: Readable;
}

/** What the service needs. */
export interface ImportServiceOptions {
  pool: pg.Pool;
  ids: IdGenerator;
  /** lets workers know of an import */
  wake: () => void;
  /** How long an upload may be silent, in milliseconds. */
  stall: number;
  /** How long an upload goes on after a sign of life of the server that receives it, in milliseconds. */
  lease: number;
}

/** The use cases of imports; what they do with the rows is the worker's. */
export class ImportService {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;
  readonly #wake: () => void;
  readonly #stall: number;
  readonly #lease: number;

  constructor({ pool, ids, wake, stall, lease }: ImportServiceOptions) {
    this.#pool = pool;
    this.#ids = ids;
    this.#wake = wake;
    this.#stall = stall;
    this.#lease = lease;
  }

  /** Stages the rows of a file while it arrives, and lets workers have it when it is whole. A file that does not come whole leaves a failed import. */
  async receive(
    context: RequestContext,
    { format, options, idempotencyKey, body }: Upload,
  ): Promise<{ import: Import; repeated: boolean }> {
    const { environmentId, actor, requestId } = context;
    const id = this.#ids.next();
    const made = { id, format, options, actor, requestId, idempotencyKey: idempotencyKey ?? null, holder: requestId };
    if (!(await this.#begin(environmentId, made))) {
      const known = await findImportByKey(this.#pool, environmentId, actor.id, idempotencyKey ?? '');
      // Another repetition has begun at this moment, and its file is on the way too.
      if (known === undefined || known.state === 'RECEIVING')
        throw new ApiError('RECORD_BUSY', 'the key is in use by another request; try again', { retryAfter: 1 });
      return { import: known, repeated: true };
    }
    try {
      const renew = () => renewLease(this.#pool, { environmentId, id }, made.holder, this.#lease);
      await holding(this.#lease, renew, () => this.#stage(environmentId, id, format, options, body));
      const queued = await queueImport(this.#pool, environmentId, id);
      if (queued === undefined) throw await endedMeanwhile(this.#pool, environmentId, id);
      this.#wake();
      return { import: queued, repeated: false };
    } catch (error) {
      const told =
        error instanceof ApiError ? error : (databaseFailure(error) ?? new ApiError('INTERNAL', 'something failed inside the server'));
      // If this fails too, the end of the lease fails the import.
      await failReceiving(this.#pool, environmentId, id, told.code, told.message).catch(() => {});
      throw error;
    }
  }

  /**
   * Notes an import that is about to be received; false if one with its idempotency key is whole already. One that is still being received is no
   * answer: whoever sends its file again has given that upload up, or will not hear of it. It ends, so that of the two this one is done.
   */
  #begin(environmentId: string, made: NewImport): Promise<boolean> {
    const { id, actor, idempotencyKey } = made;
    const message = `the file was sent again with its Idempotency-Key before it was whole; that upload is ${formatId('imp', id)}`;
    return inTransaction(this.#pool, async (tx) => {
      if (idempotencyKey !== null) {
        await failRepeated(tx, environmentId, actor.id, idempotencyKey, { code: 'MALFORMED_REQUEST', message });
      }
      return insertImport(tx, environmentId, made, this.#lease);
    });
  }

  async #stage(environmentId: string, id: string, format: Format, options: ImportOptions, body: Readable): Promise<void> {
    const arrival: Arrival = { bytes: 0 };
    const limit = isOneTransaction(options) ? importLimits.rowsAtOnce : importLimits.rows;
    let header: string | null = null;
    let [rows, size] = [0, 0];
    let chunk: FileRow[] = [];
    // A chunk is staged while the next one is read; one at a time, so that memory stays small.
    let staging: Promise<void> = Promise.resolve();
    const flush = async () => {
      const taken = chunk;
      const received = { bytes: arrival.bytes, rows, header };
      chunk = [];
      size = 0;
      await inTransaction(
        this.#pool,
        async (tx) => {
          if (taken.length > 0) await insertRows(tx, environmentId, id, taken);
          if (!(await noteReceived(tx, environmentId, id, received, this.#lease))) throw await endedMeanwhile(tx, environmentId, id);
        },
        // The queueing at the end is durable, and with it what came before.
        { durable: false },
      );
    };
    try {
      for await (const part of readFile(arriving(body, arrival, this.#stall), format, options)) {
        if ('header' in part) {
          header = part.header;
          continue;
        }
        rows += 1;
        if (rows > limit) {
          const why = isOneTransaction(options) ? ', as atomic and dry_run are one transaction' : '';
          throw new ApiError('BODY_TOO_LARGE', `the file may have at most ${limit} rows${why}; divide it into several`);
        }
        chunk.push(part);
        size += part.source.length + (part.data?.length ?? 0);
        if (chunk.length < chunkRows && size < chunkSize) continue;
        await staging;
        staging = flush();
        // Heard of when it is waited for.
        staging.catch(() => {});
      }
      await staging;
      await flush();
    } finally {
      // What is staged after a failure would outlive the import.
      await Promise.allSettled([staging]);
    }
  }

  /** The import; 404 if there is none. */
  async get({ environmentId }: RequestContext, id: string): Promise<Import> {
    const found = await findImport(this.#pool, environmentId, id);
    if (found === undefined) throw importNotFound(id);
    return found;
  }

  /** One page, newest first. */
  list({ environmentId }: RequestContext, page: PageRequest): Promise<Page<Import>> {
    return listImports(this.#pool, environmentId, page);
  }

  /** Ends an import, or the undo of one, after the batch under way; what was committed before stays. */
  async cancel(context: RequestContext, id: string): Promise<Import> {
    const ended = await cancelImport(this.#pool, context.environmentId, id);
    if (ended !== undefined) return ended;
    const stopped = await cancelUndo(this.#pool, context.environmentId, id);
    if (stopped !== undefined) return stopped;
    const { state } = await this.get(context, id);
    if (state === 'CANCELED') return this.get(context, id);
    throw new ApiError('IMPORT_ENDED', `${formatId('imp', id)} is ${state} already`, { resource: { kind: 'import' } });
  }

  /** Lets workers undo an import; 400 IMPORT_NOT_UNDOABLE says why not. */
  async undo(context: RequestContext, id: string): Promise<Import> {
    const { environmentId, actor, requestId } = context;
    const undone = await inChange(this.#pool, context, async (tx) => {
      const queued = await queueUndo(tx, environmentId, id, { actor, requestId });
      if (queued !== undefined) return queued;
      const found = await findImport(tx, environmentId, id);
      throw found === undefined ? importNotFound(id) : notUndoable(found);
    });
    this.#wake();
    return undone;
  }

  /** Records that the undo of an import left alone: those beyond a line, in the order of the file. */
  async left(context: RequestContext, id: string, after: number, limit: number): Promise<ImportLeftAnswer> {
    await this.get(context, id);
    const found = await listLeft(this.#pool, context.environmentId, id, after, limit + 1);
    const left = found.slice(0, limit);
    return { left, next_after: found.length > limit ? (left.at(-1)?.line ?? null) : null };
  }

  /** Why rows were rejected: those beyond a line, in the order of the file. */
  async errors(context: RequestContext, id: string, after: number, limit: number): Promise<ImportErrorsAnswer> {
    await this.get(context, id);
    const found = await listErrors(this.#pool, context.environmentId, id, after, limit + 1);
    const errors = found.slice(0, limit);
    return { errors, next_after: found.length > limit ? (errors.at(-1)?.line ?? null) : null };
  }

  /** The rejected rows as they came, as a file of the same format. */
  async rejected(context: RequestContext, id: string): Promise<{ format: Format; content: Readable }> {
    const { format } = await this.get(context, id);
    const header = await findHeader(this.#pool, context.environmentId, id);
    return { format, content: Readable.from(this.#rejectedLines(context.environmentId, id, header)) };
  }

  async *#rejectedLines(environmentId: string, id: string, header: string | null): AsyncGenerator<string> {
    if (header !== null) yield `${header}\n`;
    for (let after = 0; ; ) {
      const rows = await takeRejected(this.#pool, environmentId, id, after);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.line;
      // Of a line that was too long nothing is kept.
      yield rows.map(({ source }) => (source === '' ? '' : `${source}\n`)).join('');
    }
  }
}

/** The error of an upload whose import has ended before all of it was here: it says by what. */
async function endedMeanwhile(db: Queryable, environmentId: string, id: string): Promise<ApiError> {
  const found = await findImport(db, environmentId, id);
  if (found === undefined) return importNotFound(id);
  const why =
    found.error === null ? 'was canceled while its file was on the way' : `ended while its file was on the way: ${found.error.message}`;
  return new ApiError('IMPORT_ENDED', `${found.id} ${why}`, { resource: { kind: 'import' } });
}
