import { type Import, type ImportOptions, type ImportSample, type ImportState, type ImportUndo, importLimits } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { type Page, type PageRequest, selectPage } from '../database/page-query.ts';
import type { Actor } from '../environments/index.ts';
import { formatId } from '../lib/id.ts';
import { type Counts, countsOf, type Format, rejectedOf } from './import.ts';
import { type UndoCounts, undoCountsOf, writtenOf } from './undo.ts';

/** Options as they are stored: servers of the version before know nothing of `match_by`. */
type StoredOptions = Omit<ImportOptions, 'match_by'> & Partial<Pick<ImportOptions, 'match_by'>>;

function storedOptions(options: StoredOptions): ImportOptions {
  return { ...options, match_by: options.match_by ?? 'any' };
}

export interface ImportRow {
  id: string;
  environment_id: string;
  state: ImportState;
  format: Format;
  options: StoredOptions;
  bytes: string;
  rows_total: number;
  rows_done: number;
  counts: Partial<Counts>;
  samples: ImportSample[];
  error_code: string | null;
  error_message: string | null;
  undo_state: ImportUndo['state'] | null;
  undo_rows_done: number;
  undo_counts: Partial<UndoCounts>;
  undo_error_code: string | null;
  undo_error_message: string | null;
  undo_create_time: string | null;
  undo_finish_time: string | null;
  create_time: string;
  start_time: string | null;
  finish_time: string | null;
}

/** SQL: what `toImport` reads of an import `t`. */
export const columns =
  't.id, t.environment_id, t.state, t.format, t.options, t.bytes, t.rows_total, t.rows_done, t.counts, t.samples, ' +
  't.error_code, t.error_message, t.undo_state, t.undo_rows_done, t.undo_counts, t.undo_error_code, t.undo_error_message, ' +
  't.undo_create_time, t.undo_finish_time, t.create_time, t.start_time, t.finish_time';

/** The import of a row of `columns`. */
export function toImport(row: ImportRow): Import {
  const counts = countsOf(row.counts);
  return {
    id: formatId('imp', row.id),
    environment_id: formatId('env', row.environment_id),
    state: row.state,
    format: row.format,
    options: storedOptions(row.options),
    bytes: Number(row.bytes),
    rows_total: row.rows_total,
    rows_done: row.rows_done,
    rows_rejected: rejectedOf(counts),
    counts,
    samples: row.samples,
    error: row.error_code === null ? null : { error_code: row.error_code, message: row.error_message ?? '' },
    undo: undoOf(row, counts),
    create_time: row.create_time,
    start_time: row.start_time,
    finish_time: row.finish_time,
  };
}

function undoOf(row: ImportRow, counts: Counts): ImportUndo | null {
  if (row.undo_state === null) return null;
  return {
    state: row.undo_state,
    rows_total: writtenOf(counts),
    rows_done: row.undo_rows_done,
    counts: undoCountsOf(row.undo_counts),
    error: row.undo_error_code === null ? null : { error_code: row.undo_error_code, message: row.undo_error_message ?? '' },
    create_time: row.undo_create_time ?? row.create_time,
    finish_time: row.undo_finish_time,
  };
}

/** An import that is about to be received. */
export interface NewImport {
  id: string;
  format: Format;
  options: ImportOptions;
  actor: Actor;
  requestId: string;
  idempotencyKey: string | null;
  holder: string;
}

/** Notes an import whose rows are on their way, for `lease` milliseconds; false if one with its idempotency key is there. */
export async function insertImport(db: Queryable, environmentId: string, made: NewImport, lease: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into imports (environment_id, id, format, options, client_id, actor_type, request_id, idempotency_key, holder, lease_until)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, now() + make_interval(secs => $10::float8 / 1000)) on conflict do nothing`,
    [
      environmentId,
      made.id,
      made.format,
      JSON.stringify(made.options),
      made.actor.id,
      made.actor.type,
      made.requestId,
      made.idempotencyKey,
      made.holder,
      lease,
    ],
  );
  return rowCount === 1;
}

/** The import that a client made with an idempotency key. */
export async function findImportByKey(
  db: Queryable,
  environmentId: string,
  clientId: string | null,
  key: string,
): Promise<Import | undefined> {
  const { rows } = await db.query<ImportRow>(
    `select ${columns} from imports t where t.environment_id = $1 and t.client_id = $2 and t.idempotency_key = $3`,
    [environmentId, clientId, key],
  );
  return rows.map(toImport)[0];
}

/** Sets what has come of a file so far and holds it for another `lease` milliseconds; false if it is not being received any more. */
export async function noteReceived(
  tx: Queryable,
  environmentId: string,
  id: string,
  received: { bytes: number; rows: number; header: string | null },
  lease: number,
): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'note-received',
    text: `update imports set bytes = $3, rows_total = $4, header = $5, lease_until = now() + make_interval(secs => $6::float8 / 1000)
           where environment_id = $1 and id = $2 and state = 'RECEIVING'`,
    values: [environmentId, id, received.bytes, received.rows, received.header, lease],
  });
  return rowCount === 1;
}

/** Lets workers have an import whose file is whole; undefined if it is not being received any more. */
export async function queueImport(db: Queryable, environmentId: string, id: string): Promise<Import | undefined> {
  const { rows } = await db.query<ImportRow>(
    `update imports t set state = 'QUEUED', holder = null, lease_until = null
     where t.environment_id = $1 and t.id = $2 and t.state = 'RECEIVING' returning ${columns}`,
    [environmentId, id],
  );
  return rows.map(toImport)[0];
}

/** SQL: what becomes of an import whose file did not come whole. Its rows go later, and its idempotency key is free for another attempt. */
const receivingFailed = `state = 'FAILED', idempotency_key = null, holder = null, lease_until = null, rows_total = 0, last_line = 0,
  rows_remain = true, finish_time = now()`;

/** Ends the receiving of a file that did not come whole. */
export async function failReceiving(db: Queryable, environmentId: string, id: string, code: string, message: string): Promise<void> {
  await db.query(
    `update imports set ${receivingFailed}, error_code = $3, error_message = $4
     where environment_id = $1 and id = $2 and state = 'RECEIVING'`,
    [environmentId, id, code, message],
  );
}

/**
 * Ends the receiving of a file that its client has begun to send again, under an idempotency key which is free then. One that is whole by now has
 * its key and stays.
 */
export async function failRepeated(
  tx: Queryable,
  environmentId: string,
  clientId: string | null,
  key: string,
  error: { code: string; message: string },
): Promise<void> {
  await tx.query(
    `update imports set ${receivingFailed}, error_code = $4, error_message = $5
     where environment_id = $1 and client_id = $2 and idempotency_key = $3 and state = 'RECEIVING'`,
    [environmentId, clientId, key, error.code, error.message],
  );
}

/** Ends uploads of all environments whose server is gone: it has not renewed their lease. Up to 100. */
export async function failStalled(db: Queryable, code: string, message: string): Promise<void> {
  await db.query({
    name: 'fail-stalled-imports',
    text: `update imports t set ${receivingFailed}, error_code = $1, error_message = $2
           from (select environment_id, id from imports where state = 'RECEIVING' and lease_until < now()
                 order by id limit 100 for no key update skip locked) stalled
           where t.environment_id = stalled.environment_id and t.id = stalled.id`,
    values: [code, message],
  });
}

/** An upload that did not come whole and whose rows beyond a line are yet to be removed. */
interface Remains {
  environmentId: string;
  id: string;
  lastLine: number;
}

/** The oldest upload of any environment of which rows remain and nobody removes any, locked until the transaction ends. */
export async function lockRemains(tx: Queryable): Promise<Remains | undefined> {
  const { rows } = await tx.query<{ environment_id: string; id: string; last_line: number }>({
    name: 'lock-import-remains',
    text: 'select environment_id, id, last_line from imports where rows_remain order by id limit 1 for no key update skip locked',
  });
  return rows.map(({ environment_id: environmentId, id, last_line: lastLine }) => ({ environmentId, id, lastLine }))[0];
}

/** Notes that the rows of an upload are removed up to a line; undefined: none is left. */
export async function noteRemoved(tx: Queryable, environmentId: string, id: string, lastLine: number | undefined): Promise<void> {
  await tx.query({
    name: 'note-import-rows-removed',
    text: `update imports set last_line = coalesce($3, last_line), rows_remain = $3::integer is not null
           where environment_id = $1 and id = $2`,
    values: [environmentId, id, lastLine ?? null],
  });
}

/** The import; undefined if there is none. */
export async function findImport(db: Queryable, environmentId: string, id: string): Promise<Import | undefined> {
  const { rows } = await db.query<ImportRow>(`select ${columns} from imports t where t.environment_id = $1 and t.id = $2`, [
    environmentId,
    id,
  ]);
  return rows.map(toImport)[0];
}

/** One page of imports, newest first. */
export async function listImports(db: Queryable, environmentId: string, request: PageRequest): Promise<Page<Import>> {
  const query = { columns, table: 'imports', where: 't.environment_id = $1', values: [environmentId], indexed: false };
  const page = await selectPage<ImportRow>(db, query, request);
  return { ...page, items: page.items.map(toImport) };
}

/** Ends an import that has not ended; undefined if it has, or is not there. Waits for the batch under way. */
export async function cancelImport(db: Queryable, environmentId: string, id: string): Promise<Import | undefined> {
  const { rows } = await db.query<ImportRow>(
    `update imports t set state = 'CANCELED', finish_time = now(), holder = null, lease_until = null
     where t.environment_id = $1 and t.id = $2 and t.state in ('RECEIVING', 'QUEUED', 'RUNNING') returning ${columns}`,
    [environmentId, id],
  );
  return rows.map(toImport)[0];
}

/** The first line of the CSV file of an import; null for one of NDJSON. */
export async function findHeader(db: Queryable, environmentId: string, id: string): Promise<string | null> {
  const { rows } = await db.query<{ header: string | null }>('select header from imports where environment_id = $1 and id = $2', [
    environmentId,
    id,
  ]);
  return rows[0]?.header ?? null;
}

/** An import as its worker has it. IDs are database IDs. */
export interface Job {
  id: string;
  environmentId: string;
  options: ImportOptions;
  actor: Actor;
  requestId: string;
  rowsDone: number;
  rowsTotal: number;
  lastLine: number;
  counts: Counts;
  samples: ImportSample[];
  /** tries that failed since something of it was committed */
  failures: number;
}

interface JobRow extends Pick<ImportRow, 'id' | 'environment_id' | 'options' | 'counts' | 'samples' | 'rows_done' | 'rows_total'> {
  client_id: string | null;
  actor_type: Actor['type'];
  request_id: string;
  last_line: number;
  failures: number;
}

const jobColumns =
  't.id, t.environment_id, t.options, t.client_id, t.actor_type, t.request_id, t.rows_done, t.rows_total, t.last_line, t.counts, t.samples, t.failures';

function toJob(row: JobRow): Job {
  return {
    id: row.id,
    environmentId: row.environment_id,
    options: storedOptions(row.options),
    actor: { type: row.actor_type, id: row.client_id },
    requestId: row.request_id,
    rowsDone: row.rows_done,
    rowsTotal: row.rows_total,
    lastLine: row.last_line,
    counts: countsOf(row.counts),
    samples: row.samples,
    failures: row.failures,
  };
}

/**
 * Claims the oldest import of any environment that nobody works on, for `lease` milliseconds: one that waits, one whose worker is gone,
 * or one that this worker has already.
 */
export async function claimImport(db: Queryable, holder: string, lease: number): Promise<Job | undefined> {
  const { rows } = await db.query<JobRow>(
    `update imports t set state = 'RUNNING', start_time = coalesce(t.start_time, now()), holder = $1,
       lease_until = now() + make_interval(secs => $2::float8 / 1000)
     from (select environment_id, id from imports
           where state in ('QUEUED', 'RUNNING') and (lease_until is null or lease_until < now() or holder = $1)
           order by id limit 1 for no key update skip locked) due
     where t.environment_id = due.environment_id and t.id = due.id returning ${jobColumns}`,
    [holder, lease],
  );
  return rows.map(toJob)[0];
}

/**
 * Holds an import that this worker has, or this upload sends, for another `lease` milliseconds. One that is locked is left alone: nobody else can
 * claim it, and the batch or the chunk that has locked it holds it anew.
 */
export async function renewLease(
  db: Queryable,
  { environmentId, id }: Pick<Job, 'environmentId' | 'id'>,
  holder: string,
  lease: number,
): Promise<void> {
  await db.query({
    name: 'renew-import-lease',
    text: `update imports t set lease_until = now() + make_interval(secs => $4::float8 / 1000)
           from (select environment_id, id from imports
                 where environment_id = $1 and id = $2 and state in ('RECEIVING', 'RUNNING') and holder = $3
                 for no key update skip locked) held
           where t.environment_id = held.environment_id and t.id = held.id`,
    values: [environmentId, id, holder, lease],
  });
}

/** The import as it stands, locked until the transaction ends; undefined if this worker does not have it any more. */
export async function lockJob(tx: Queryable, environmentId: string, id: string, holder: string): Promise<Job | undefined> {
  const { rows } = await tx.query<JobRow>({
    name: 'lock-import',
    text: `select ${jobColumns} from imports t where t.environment_id = $1 and t.id = $2 and t.state = 'RUNNING' and t.holder = $3
           for no key update`,
    values: [environmentId, id, holder],
  });
  return rows.map(toJob)[0];
}

/** What of a job its worker writes. */
export type Progress = Pick<Job, 'rowsDone' | 'lastLine' | 'counts' | 'samples' | 'failures'>;

/**
 * Sets how far an import is and holds it for another `lease` milliseconds, however long the transaction has taken; false if this worker does not
 * have it any more.
 */
export async function noteProgress(
  db: Queryable,
  { environmentId, id }: Pick<Job, 'environmentId' | 'id'>,
  holder: string,
  { rowsDone, lastLine, counts, samples, failures }: Progress,
  lease: number,
): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'note-import-progress',
    text: `update imports set rows_done = $4, last_line = $5, counts = $6, samples = $7, failures = $9,
             lease_until = clock_timestamp() + make_interval(secs => $8::float8 / 1000)
           where environment_id = $1 and id = $2 and state = 'RUNNING' and holder = $3`,
    values: [environmentId, id, holder, rowsDone, lastLine, JSON.stringify(counts), JSON.stringify(samples), lease, failures],
  });
  return rowCount === 1;
}

/** Ends an import that this worker has. */
export async function finishImport(
  db: Queryable,
  { environmentId, id }: Pick<Job, 'environmentId' | 'id'>,
  holder: string,
  error?: { code: string; message: string },
): Promise<void> {
  await db.query(
    `update imports set state = $4, error_code = $5, error_message = $6, finish_time = now(), holder = null, lease_until = null
     where environment_id = $1 and id = $2 and state = 'RUNNING' and holder = $3`,
    [environmentId, id, holder, error === undefined ? 'DONE' : 'FAILED', error?.code ?? null, error?.message ?? null],
  );
}

/** Notes that a batch failed; returns how often in succession. */
export async function countFailure(
  db: Queryable,
  { environmentId, id }: Pick<Job, 'environmentId' | 'id'>,
  holder: string,
): Promise<number> {
  const { rows } = await db.query<{ failures: number }>(
    `update imports set failures = failures + 1 where environment_id = $1 and id = $2 and state = 'RUNNING' and holder = $3 returning failures`,
    [environmentId, id, holder],
  );
  return rows[0]?.failures ?? 0;
}

/** Lets other workers have the imports of one that ends. */
export async function releaseImports(db: Queryable, holder: string): Promise<void> {
  await db.query(
    "update imports set holder = null, lease_until = null where (state = 'RUNNING' or undo_state = 'RUNNING') and holder = $1",
    [holder],
  );
}

/** SQL: whether nothing is to be seen of the undo of import `i` any more. */
const isUndoOver = '(i.undo_state is null or i.undo_finish_time < now() - make_interval(days => $1))';

/** Removes up to 1,000 rows of imports of all environments that ended long enough ago, or imports without rows; returns how many. */
export async function purgeImports(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ purged: number }>(
    `with purged as (
       delete from import_rows where (environment_id, import_id, line) in (
         select r.environment_id, r.import_id, r.line from imports i
         join import_rows r on r.environment_id = i.environment_id and r.import_id = i.id
         where i.finish_time < now() - make_interval(days => $1) and ${isUndoOver} limit 1000)
       returning environment_id, import_id, line),
     outcomes as (
       delete from import_outcomes where (environment_id, import_id, line) in (select environment_id, import_id, line from purged))
     select count(*)::int as purged from purged`,
    [importLimits.keptDays],
  );
  const purged = rows[0]?.purged ?? 0;
  if (purged > 0) return purged;
  const { rowCount } = await db.query(
    `delete from imports where (environment_id, id) in (
       select environment_id, id from imports i where i.finish_time < now() - make_interval(days => $1) and ${isUndoOver} limit 1000)`,
    [importLimits.keptDays],
  );
  return rowCount ?? 0;
}

/** How many imports and undoings wait for a worker and how many are under way, 10,000 of each at most. All environments. */
export async function readImportBacklog(db: Queryable): Promise<{ waiting: number; running: number }> {
  const { rows } = await db.query<{ waiting: number; running: number }>({
    name: 'read-import-backlog',
    text: `select count(*) filter (where t.state = 'QUEUED')::int as waiting, count(*) filter (where t.state = 'RUNNING')::int as running
           from (
             (select state from imports where state in ('RECEIVING', 'QUEUED', 'RUNNING') order by id limit 10000)
             union all
             (select undo_state from imports where undo_state in ('QUEUED', 'RUNNING') order by id limit 10000)) t`,
  });
  return rows[0] ?? { waiting: 0, running: 0 };
}
