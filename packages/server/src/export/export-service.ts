import { Readable } from 'node:stream';
import type { TransferKind, TransferRow } from '@crosswalk/contract';
import type pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import { openSnapshot, type Snapshot } from '../database/snapshot.ts';
import type { RequestContext } from '../environments/index.ts';
import { ApiError } from '../lib/api-error.ts';
import { columnsOf, csvLine, headerLine } from './csv.ts';
import { type ExportRequest, membershipRow, organizationRow, permissionRow, roleRow, userRow } from './export.ts';
import {
  type FoundKey,
  nextPermissions,
  nextRoleScopes,
  type Part,
  readKeys,
  readMemberships,
  readOrganizations,
  readUsers,
  rolesOf,
} from './export-store.ts';
import { type Matches, openMatches } from './matches.ts';
import { OrganizationRefs } from './organization-refs.ts';

/** Exports of one process at once: each holds one of the few connections for as long as it runs. */
const atOnce = 2;

/** When an export that found no room may be asked for again. Seconds. */
const retryAfter = 10;

/** How long a reader may take for one batch, of up to 1,000 rows or about 1 MB. Milliseconds. */
const usualPatience = 60_000;

/** How long an export may take: so long the database keeps every row that is changed meanwhile as it was. Milliseconds. */
const longest = 60 * 60_000;

/** Rows of one statement: as many as make about `batchBytes`. */
const [smallestBatch, firstBatch, largestBatch] = [10, 100, 1_000];
const batchBytes = 1024 * 1024;

/** Text of one write: large enough to be cheap, small beside a batch. */
const chunkLength = 64 * 1024;

/** Rows that are looked at in one statement for the names of their keys. */
const keysBatch = 5_000;

/** Organizations whose roles, up to 500 each, are read in one statement. */
const scopesBatch = 20;

/** The ID of the environment's own scope of roles, and below every ID. */
const environmentScope = '0';

/** Some rows and the database ID to go on after. */
interface Batch {
  rows: TransferRow[];
  /** undefined: these were the last */
  last: string | undefined;
}

/** Writes the whole directory, or kinds of its records, as rows that can be imported. */
export class ExportService {
  readonly #pool: pg.Pool;
  readonly #cursorOf: (context: RequestContext) => Promise<string>;
  readonly #patience: number;
  #running = 0;

  /** `cursorOf` gives the cursor of the change feed at its end. `patience`: how long a reader may take for a batch, in milliseconds. */
  constructor({
    pool,
    cursorOf,
    patience = usualPatience,
  }: { pool: pg.Pool; cursorOf: (context: RequestContext) => Promise<string>; patience?: number | undefined }) {
    this.#pool = pool;
    this.#cursorOf = cursorOf;
    this.#patience = patience;
  }

  /**
   * The export of one moment, as text, and a cursor of the change feed: the feed after it has every change that the export does not show.
   * Whoever gets the stream reads or destroys it: until then it holds a connection. It fails when its reader is too slow.
   */
  async open(context: RequestContext, request: ExportRequest): Promise<{ cursor: string; stream: Readable }> {
    if (this.#running >= atOnce) {
      throw new ApiError('RATE_LIMITED', `${atOnce} exports run already; try again when one has ended`, { retryAfter });
    }
    this.#running += 1;
    try {
      // Before the snapshot: a change between the two is in both.
      const cursor = await this.#cursorOf(context);
      const snapshot = await openSnapshot(this.#pool, { idle: 2 * this.#patience });
      try {
        const stream = await this.#start(context, request, snapshot);
        stream.once('close', () => {
          this.#running -= 1;
        });
        return { cursor, stream };
      } catch (error) {
        await snapshot.close(error);
        throw error;
      }
    } catch (error) {
      this.#running -= 1;
      throw error;
    }
  }

  async #start({ environmentId }: RequestContext, request: ExportRequest, snapshot: Snapshot): Promise<Readable> {
    // The first statement: from here on the moment is fixed, and what is wrong with the database is told by a status.
    const matches = request.narrowing === undefined ? undefined : await openMatches(snapshot, environmentId, request.narrowing);
    const write = await writer(snapshot.db, environmentId, request, matches);
    const batches = rowsOf(snapshot.db, environmentId, request.kinds, matches);
    const first = await batches.next();
    const until = Date.now() + longest;
    let timer: NodeJS.Timeout | undefined;
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => stream.destroy(tooSlow()), Math.min(this.#patience, Math.max(0, until - Date.now())));
    };
    async function* texts(): AsyncGenerator<string> {
      yield* chunks([write.begin]);
      let state = first;
      // Of one whose reader has gone nothing is read any more, also where nothing matches for long and so nothing is given.
      while (state.done !== true && !stream.destroyed) {
        wait();
        const lines = state.value.map(write.line);
        yield* chunks(lines);
        state = await batches.next(lines.reduce((sum, { length }) => sum + length, 0));
      }
      // Nothing more is asked of the database, however long the reader takes for the rest.
      await snapshot.close();
    }
    const stream = Readable.from(texts());
    let failure: unknown;
    stream.once('error', (error) => {
      failure = error;
    });
    stream.once('close', () => {
      clearTimeout(timer);
      void snapshot.close(failure);
    });
    return stream;
  }
}

function tooSlow(): Error {
  return new Error('the reader of an export was too slow; it was cut');
}

/** How rows become text. A CSV reads the whole table first, for the names of its columns. */
async function writer(
  db: Queryable,
  environmentId: string,
  { format, kinds }: ExportRequest,
  matches: Matches | undefined,
): Promise<{ begin: string; line: (row: TransferRow) => string }> {
  const [kind] = kinds;
  if (format === 'ndjson' || kind === undefined) return { begin: '', line: (row) => `${JSON.stringify(row)}\n` };
  const columns = columnsOf(kind, await keysOf(db, environmentId, kind, matches));
  return { begin: headerLine(columns), line: (row) => csvLine(row, columns) };
}

/** Every key of metadata and every system that records of a kind have, or those of them that match. */
async function keysOf(
  db: Queryable,
  environmentId: string,
  kind: TransferKind,
  matches: Matches | undefined,
): Promise<Map<string, FoundKey>> {
  const found = new Map<string, FoundKey>();
  if (kind === 'role' || kind === 'permission') return found;
  const add = async (rows: Part): Promise<string | undefined> => {
    const { keys, last } = await readKeys(db, environmentId, `${kind}s`, rows);
    for (const { part, key, types } of keys) {
      const name = `${part}.${key}`;
      found.set(name, { part, key, types: [...new Set([...(found.get(name)?.types ?? []), ...types])] });
    }
    return last;
  };
  if (matches === undefined) {
    for (let after: string | undefined = '0'; after !== undefined; ) after = await add({ after, limit: keysBatch });
  } else {
    for await (const ids of matches) if (ids.length > 0) await add({ ids });
  }
  return found;
}

/**
 * The rows of some kinds, batch by batch: permissions, roles of the environment, organizations, their roles, users, memberships. Told the length of
 * each batch as text. `matches`: of the one kind, those alone.
 */
async function* rowsOf(
  db: Queryable,
  environmentId: string,
  kinds: readonly TransferKind[],
  matches: Matches | undefined,
): AsyncGenerator<TransferRow[], void, number> {
  const refs = new OrganizationRefs(kinds.includes('organization') && kinds.length > 1);
  const wants = (kind: TransferKind) => kinds.includes(kind);
  const each = <Stored extends { id: string }>(read: (part: Part) => Promise<Stored[]>, toRow: (one: Stored) => TransferRow) =>
    matches === undefined
      ? batched(async (after, limit) => batchOf(await read({ after, limit }), toRow))
      : batchedOf(matches, async (ids) => (await read({ ids })).map(toRow));
  if (wants('permission')) {
    yield* batched(async (after, limit) => batchOf(await nextPermissions(db, environmentId, after, limit), permissionRow));
  }
  if (wants('role')) yield (await rolesOf(db, environmentId, [environmentScope])).map((role) => roleRow(role, refs));
  if (wants('organization')) {
    yield* each(
      (part) => readOrganizations(db, environmentId, part),
      (organization) => organizationRow(organization, refs),
    );
  }
  if (wants('role')) {
    yield* batched(async (after) => {
      const scopes = await nextRoleScopes(db, environmentId, after, scopesBatch);
      const roles = scopes.length === 0 ? [] : await rolesOf(db, environmentId, scopes);
      return { rows: roles.map((role) => roleRow(role, refs)), last: scopes.at(-1) };
    });
  }
  if (wants('user')) yield* each((part) => readUsers(db, environmentId, part), userRow);
  if (wants('membership')) {
    yield* each(
      (part) => readMemberships(db, environmentId, part),
      (membership) => membershipRow(membership, refs),
    );
  }
}

function batchOf<Stored extends { id: string }>(stored: readonly Stored[], toRow: (one: Stored) => TransferRow): Batch {
  return { rows: stored.map(toRow), last: stored.at(-1)?.id };
}

/** Batch after batch, each of about as many bytes. */
async function* batched(next: (after: string, limit: number) => Promise<Batch>): AsyncGenerator<TransferRow[], void, number> {
  let after = '0';
  let limit = firstBatch;
  for (;;) {
    const { rows, last } = await next(after, limit);
    if (last === undefined) return;
    limit = nextLimit(limit, yield rows);
    after = last;
  }
}

/** The same of rows that are known by their IDs. Where none match for a while the batches are empty: the work goes on. */
async function* batchedOf(
  matches: Matches,
  read: (ids: readonly string[]) => Promise<TransferRow[]>,
): AsyncGenerator<TransferRow[], void, number> {
  let limit = firstBatch;
  for await (const ids of matches) {
    if (ids.length === 0) yield [];
    for (let at = 0; at < ids.length; ) {
      const part = ids.slice(at, at + limit);
      limit = nextLimit(limit, yield await read(part));
      at += part.length;
    }
  }
}

/** How many rows the next batch has, after one of so many bytes. */
function nextLimit(limit: number, length: number): number {
  return length > batchBytes ? Math.max(smallestBatch, Math.floor(limit / 2)) : Math.min(largestBatch, 2 * limit);
}

/** Lines as few texts, of about 64 KB. */
function* chunks(lines: readonly string[]): Generator<string> {
  let text = '';
  for (const line of lines) {
    text += line;
    if (text.length < chunkLength) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}
