import type { Import, ImportLeft, RowKind } from '@crosswalk/contract';
import { importLimits } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import type { Actor } from '../environments/index.ts';
import { publicId } from '../events/index.ts';
import { columns, type ImportRow, toImport } from './import-store.ts';
import { type UndoCounts, type UndoOutcome, type UndoPhase, type UndoRow, undoCountsOf } from './undo.ts';

/** Who asks for an undo: its events say so. */
export interface UndoRequest {
  actor: Actor;
  requestId: string;
}

/** Lets workers undo an import that has ended and may be undone; undefined if it may not, or is not there. One that ended early goes on. */
export async function queueUndo(
  db: Queryable,
  environmentId: string,
  id: string,
  { actor, requestId }: UndoRequest,
): Promise<Import | undefined> {
  const { rows } = await db.query<ImportRow>(
    `update imports t set undo_state = 'QUEUED', undo_client_id = $3, undo_actor_type = $6, undo_request_id = $4, undo_failures = 0,
       undo_error_code = null, undo_error_message = null, undo_create_time = coalesce(t.undo_create_time, now()), undo_finish_time = null
     where t.environment_id = $1 and t.id = $2 and t.finish_time > now() - make_interval(days => $5)
       and (t.undo_state is null or t.undo_state in ('FAILED', 'CANCELED'))
       and not (t.options ->> 'dry_run')::boolean and (t.state = 'DONE' or not (t.options ->> 'atomic')::boolean)
     returning ${columns}`,
    [environmentId, id, actor.id, requestId, importLimits.keptDays, actor.type],
  );
  return rows.map(toImport)[0];
}

/** Ends an undo that has not ended; undefined if it has, or there is none. Waits for the batch under way. */
export async function cancelUndo(db: Queryable, environmentId: string, id: string): Promise<Import | undefined> {
  const { rows } = await db.query<ImportRow>(
    `update imports t set undo_state = 'CANCELED', undo_finish_time = now(), holder = null, lease_until = null
     where t.environment_id = $1 and t.id = $2 and t.undo_state in ('QUEUED', 'RUNNING') returning ${columns}`,
    [environmentId, id],
  );
  return rows.map(toImport)[0];
}

/** An undo as its worker has it. IDs are database IDs. */
export interface UndoJob extends UndoRequest {
  id: string;
  environmentId: string;
  phase: UndoPhase | null;
  /** rows of the phase from this line on are done; null: none is */
  line: number | null;
  rowsDone: number;
  counts: UndoCounts;
}

interface JobRow {
  id: string;
  environment_id: string;
  undo_client_id: string | null;
  undo_actor_type: Actor['type'] | null;
  undo_request_id: string;
  undo_kind: UndoPhase | null;
  undo_line: number | null;
  undo_rows_done: number;
  undo_counts: Partial<UndoCounts>;
}

const jobColumns =
  't.id, t.environment_id, t.undo_client_id, t.undo_actor_type, t.undo_request_id, t.undo_kind, t.undo_line, t.undo_rows_done, t.undo_counts';

function toJob(row: JobRow): UndoJob {
  return {
    id: row.id,
    environmentId: row.environment_id,
    actor: { type: row.undo_actor_type ?? 'client', id: row.undo_client_id },
    requestId: row.undo_request_id,
    phase: row.undo_kind,
    line: row.undo_line,
    rowsDone: row.undo_rows_done,
    counts: undoCountsOf(row.undo_counts),
  };
}

/** Claims the oldest undo of any environment that nobody works on, as `claimImport` does an import. */
export async function claimUndo(db: Queryable, holder: string, lease: number): Promise<UndoJob | undefined> {
  const { rows } = await db.query<JobRow>(
    `update imports t set undo_state = 'RUNNING', holder = $1, lease_until = now() + make_interval(secs => $2::float8 / 1000)
     from (select environment_id, id from imports
           where undo_state in ('QUEUED', 'RUNNING') and (lease_until is null or lease_until < now() or holder = $1)
           order by id limit 1 for no key update skip locked) due
     where t.environment_id = due.environment_id and t.id = due.id returning ${jobColumns}`,
    [holder, lease],
  );
  return rows.map(toJob)[0];
}

/** The undo as it stands, locked until the transaction ends; undefined if this worker does not have it any more. */
export async function lockUndo(tx: Queryable, environmentId: string, id: string, holder: string): Promise<UndoJob | undefined> {
  const { rows } = await tx.query<JobRow>({
    name: 'lock-undo',
    text: `select ${jobColumns} from imports t where t.environment_id = $1 and t.id = $2 and t.undo_state = 'RUNNING' and t.holder = $3
           for no key update`,
    values: [environmentId, id, holder],
  });
  return rows.map(toJob)[0];
}

/** Sets how far an undo is and holds it for another `lease` milliseconds, however long the transaction has taken. */
export async function noteUndoProgress(
  tx: Queryable,
  { environmentId, id }: Pick<UndoJob, 'environmentId' | 'id'>,
  holder: string,
  { phase, line, rowsDone, counts }: Pick<UndoJob, 'phase' | 'line' | 'rowsDone' | 'counts'>,
  lease: number,
): Promise<void> {
  await tx.query({
    name: 'note-undo-progress',
    text: `update imports set undo_kind = $4, undo_line = $5, undo_rows_done = $6, undo_counts = $7, undo_failures = 0,
             lease_until = clock_timestamp() + make_interval(secs => $8::float8 / 1000)
           where environment_id = $1 and id = $2 and undo_state = 'RUNNING' and holder = $3`,
    values: [environmentId, id, holder, phase, line, rowsDone, JSON.stringify(counts), lease],
  });
}

/** Ends an undo that this worker has. */
export async function finishUndo(
  db: Queryable,
  { environmentId, id }: Pick<UndoJob, 'environmentId' | 'id'>,
  holder: string,
  error?: { code: string; message: string },
): Promise<void> {
  await db.query(
    `update imports set undo_state = $4, undo_error_code = $5, undo_error_message = $6, undo_finish_time = now(), holder = null, lease_until = null
     where environment_id = $1 and id = $2 and undo_state = 'RUNNING' and holder = $3`,
    [environmentId, id, holder, error === undefined ? 'DONE' : 'FAILED', error?.code ?? null, error?.message ?? null],
  );
}

/** Notes that a batch failed; returns how often in succession. */
export async function countUndoFailure(
  db: Queryable,
  { environmentId, id }: Pick<UndoJob, 'environmentId' | 'id'>,
  holder: string,
): Promise<number> {
  const { rows } = await db.query<{ undo_failures: number }>(
    `update imports set undo_failures = undo_failures + 1
     where environment_id = $1 and id = $2 and undo_state = 'RUNNING' and holder = $3 returning undo_failures`,
    [environmentId, id, holder],
  );
  return rows[0]?.undo_failures ?? 0;
}

/** Rows of an import that one statement looks at for those of a kind: few enough that it ends soon when none is. */
const scannedRows = 5_000;

/** What of a stretch of rows, backwards from a line, is yet to be undone: records of a kind, and where the next stretch begins. */
export interface UndoStretch {
  /** database IDs */
  recordIds: string[];
  /** undefined: there are no more rows */
  next: number | undefined;
}

/** The next records of a phase, from the end of the file on: those of up to `count` rows before a line (null: the end). */
export async function nextUndoRecords(
  tx: Queryable,
  environmentId: string,
  importId: string,
  { kind, ofOrganizations }: { kind: RowKind; ofOrganizations: boolean },
  before: number | null,
  count: number,
): Promise<UndoStretch> {
  const { rows } = await tx.query<{ line: number; record_id: string | null }>({
    name: `next-undo-records-${ofOrganizations}`,
    text: `with scanned as materialized (
             select line, record_id, kind, outcome, undo_outcome from import_outcomes
             where environment_id = $1 and import_id = $2 and line < coalesce($4, 2147483647) order by line desc limit ${scannedRows}),
           wanted as (
             select line, record_id from scanned s where kind = $3 and outcome in ('created', 'updated') and undo_outcome is null
             ${ofOrganizations ? 'and exists (select from roles r where r.environment_id = $1 and r.id = s.record_id and r.scope_id <> 0)' : ''}
             order by line desc limit $5)
           select line, record_id from wanted union all (select min(line), null from scanned having count(*) > 0)`,
    values: [environmentId, importId, kind, before, count],
  });
  const wanted = rows.flatMap(({ line, record_id: id }) => (id === null ? [] : [{ line, id }]));
  const end = rows.find(({ record_id: id }) => id === null)?.line;
  // All that was asked for: rows between the last of them and the end of the stretch are not seen yet.
  const next = wanted.length === count ? Math.min(...wanted.map(({ line }) => line)) : end;
  return { recordIds: [...new Set(wanted.map(({ id }) => id))], next };
}

/** All rows of an import about some records (database IDs) that changed something. `RestoreOf` is what rows of the kind note. */
export async function rowsAbout<RestoreOf extends { version: number | null }>(
  tx: Queryable,
  environmentId: string,
  importId: string,
  kind: RowKind,
  recordIds: readonly string[],
): Promise<UndoRow<RestoreOf>[]> {
  const { rows } = await tx.query<{ line: number; record_id: string; record_version: string; restore: RestoreOf | null }>({
    name: 'rows-about-records',
    text: `select line, record_id, record_version, restore from import_outcomes
           where environment_id = $1 and import_id = $2 and record_id = any($4::bigint[]) and outcome in ('created', 'updated') and kind = $3
           order by line`,
    values: [environmentId, importId, kind, recordIds],
  });
  return rows.map(({ line, record_id: recordId, record_version: version, restore }) => ({
    line,
    recordId,
    version: Number(version),
    restore,
  }));
}

/** Notes what became of rows: each that of its record, the reason at the last row of one that was left. */
export async function noteUndone(
  tx: Queryable,
  environmentId: string,
  importId: string,
  rows: readonly { line: number; isLast: boolean; outcome: UndoOutcome }[],
): Promise<void> {
  if (rows.length === 0) return;
  const left = rows.map(({ outcome, isLast }) => (outcome.result === 'left' && isLast ? outcome : undefined));
  await tx.query({
    name: 'note-undone',
    text: `update import_outcomes r set undo_outcome = o.outcome, undo_reason = o.reason, undo_message = o.message
           from unnest($3::int[], $4::text[], $5::text[], $6::text[]) as o (line, outcome, reason, message)
           where r.environment_id = $1 and r.import_id = $2 and r.line = o.line`,
    values: [
      environmentId,
      importId,
      rows.map(({ line }) => line),
      rows.map(({ outcome }) => outcome.result),
      left.map((outcome) => outcome?.reason ?? null),
      left.map((outcome) => outcome?.message ?? null),
    ],
  });
}

/** Records that were left, by the last row about each, beyond a line, in the order of the file. */
export async function listLeft(
  db: Queryable,
  environmentId: string,
  importId: string,
  after: number,
  limit: number,
): Promise<ImportLeft[]> {
  const { rows } = await db.query<{ line: number; kind: RowKind; record_id: string; reason: ImportLeft['reason']; message: string }>({
    name: 'list-import-left',
    text: `select line, kind, record_id, undo_reason as reason, undo_message as message from import_outcomes
           where environment_id = $1 and import_id = $2 and line > $3 and undo_outcome = 'left' and undo_reason is not null
           order by line limit $4`,
    values: [environmentId, importId, after, limit],
  });
  return rows.map(({ line, kind, record_id: id, reason, message }) => ({ line, kind, id: publicId(kind, id), reason, message }));
}
