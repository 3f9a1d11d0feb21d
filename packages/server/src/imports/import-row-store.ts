import type { ImportRowError, RowKind } from '@crosswalk/contract';
import { plainArray, textArray } from '../database/columns.ts';
import type { Queryable } from '../database/connection.ts';
import type { FileRow, Outcome } from './import.ts';
import type { Restore } from './restore.ts';

/** Stages rows of a file; what became of those that could not be read is known at once. */
export async function insertRows(tx: Queryable, environmentId: string, importId: string, rows: readonly FileRow[]): Promise<void> {
  await tx.query({
    name: 'insert-import-rows',
    text: `insert into import_rows (environment_id, import_id, line, source, data, size, unreadable)
           select $1, $2, * from unnest($3::int[], $4::text[], $5::text[], $6::int[], $7::boolean[])`,
    values: [
      environmentId,
      importId,
      plainArray(rows.map(({ line }) => line)),
      textArray(rows.map(({ source }) => source)),
      textArray(rows.map(({ data }) => data)),
      plainArray(rows.map(({ source, data }) => source.length + (data?.length ?? 0))),
      plainArray(rows.map(({ refused }) => Number(refused !== undefined))),
    ],
  });
  const unreadable = rows.flatMap(({ line, refused }) => (refused === undefined ? [] : [{ line, ref: null, outcome: refused }]));
  await noteOutcomes(tx, environmentId, importId, unreadable);
}

/** A row as it is staged. */
export interface StagedRow {
  line: number;
  /** the row as JSON */
  json: string;
  /** present: it could not be read */
  refused: Outcome | undefined;
}

/** The next rows beyond a line, in the order of the file: up to `count`, and up to `bytes` unless the first alone has more. */
export async function takeRows(
  db: Queryable,
  environmentId: string,
  importId: string,
  after: number,
  { count, bytes }: { count: number; bytes: number },
): Promise<StagedRow[]> {
  const { rows } = await db.query<{ line: number; json: string; refused: RefusedRow | null }>({
    name: 'take-import-rows',
    text: `select line, coalesce(data, source) as json,
             case when unreadable then (
               select jsonb_build_object('kind', o.kind, 'field', o.field, 'code', o.error_code, 'message', o.message) from import_outcomes o
               where o.environment_id = $1 and o.import_id = $2 and o.line = sized.line) end as refused
           from (select r.*, sum(size) over (order by line) - size as before
                 from (select * from import_rows where environment_id = $1 and import_id = $2 and line > $3 order by line limit $4) r) sized
           where before = 0 or before + size <= $5 order by line`,
    values: [environmentId, importId, after, count, bytes],
  });
  return rows.map(({ line, json, refused }) => ({ line, json, refused: refused === null ? undefined : { result: 'invalid', ...refused } }));
}

interface RefusedRow {
  kind: RowKind | null;
  field: string;
  code: string;
  message: string;
}

/** A row that was done, its name within the file, and what became of it. */
export interface DoneRow {
  line: number;
  ref: string | null;
  outcome: Outcome;
}

/** Notes what became of rows, of which nothing is noted yet. */
export async function noteOutcomes(db: Queryable, environmentId: string, importId: string, rows: readonly DoneRow[]): Promise<void> {
  if (rows.length === 0) return;
  const records = rows.map(({ outcome }) => ('recordId' in outcome ? outcome : undefined));
  const errors = rows.map(({ outcome }) => ('code' in outcome ? outcome : undefined));
  await db.query({
    name: 'note-import-outcomes',
    text: `insert into import_outcomes (environment_id, import_id, line, kind, ref, outcome, record_id, record_version, restore, field, error_code,
             message)
           select $1, $2, * from unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::jsonb[], $10::text[],
             $11::text[], $12::text[])`,
    values: [
      environmentId,
      importId,
      plainArray(rows.map(({ line }) => line)),
      plainArray(rows.map(({ outcome }) => outcome.kind)),
      textArray(rows.map(({ ref }) => ref)),
      plainArray(rows.map(({ outcome }) => outcome.result)),
      plainArray(records.map((done) => done?.recordId ?? null)),
      plainArray(records.map((done) => done?.version ?? null)),
      textArray(records.map((done) => restoreOf(done?.restore))),
      textArray(errors.map((error) => error?.field ?? null)),
      textArray(errors.map((error) => error?.code ?? null)),
      textArray(errors.map((error) => error?.message ?? null)),
    ],
  });
}

/** What is kept for the undo of a row: nothing for a record that it made and that took nothing from others. */
function restoreOf(restore: Restore | undefined): string | null {
  if (restore === undefined) return null;
  const { version, ...rest } = restore;
  const isPlain = version === null && Object.values(rest).every((value) => Array.isArray(value) && value.length === 0);
  return isPlain ? null : JSON.stringify(restore);
}

/** Notes versions that rows about other records raised, where a row before had noted the version until then: what the import left of a record. */
export async function noteTouched(
  db: Queryable,
  environmentId: string,
  importId: string,
  touched: readonly { kind: RowKind; id: string; version: number }[],
): Promise<void> {
  if (touched.length === 0) return;
  // Versions that follow each other are one step: a statement changes a row once.
  const steps: { kind: RowKind; id: string; from: number; to: number }[] = [];
  for (const { kind, id, version } of [...touched].sort((a, b) => a.version - b.version)) {
    const step = steps.find((known) => known.id === id && known.to === version - 1);
    if (step === undefined) steps.push({ kind, id, from: version - 1, to: version });
    else step.to = version;
  }
  await db.query(
    `update import_outcomes r set record_version = t.upto
     from unnest($3::text[], $4::bigint[], $5::bigint[], $6::bigint[]) as t (kind, id, since, upto)
     where r.environment_id = $1 and r.import_id = $2 and r.record_id = t.id and r.kind = t.kind and r.outcome in ('created', 'updated')
       and r.record_version >= t.since and r.record_version < t.upto`,
    [
      environmentId,
      importId,
      steps.map(({ kind }) => kind),
      steps.map(({ id }) => id),
      steps.map(({ from }) => from),
      steps.map(({ to }) => to),
    ],
  );
}

/** Forgets what became of the rows of an import, those that could not be read apart: its one transaction begins anew. */
export async function forgetOutcomes(db: Queryable, environmentId: string, importId: string): Promise<void> {
  await db.query(
    // Each row is found by its key: joined, all rows would be read for each while nothing is known of how many have just come.
    `delete from import_outcomes o where o.environment_id = $1 and o.import_id = $2 and not (
       select r.unreadable from import_rows r where r.environment_id = $1 and r.import_id = $2 and r.line = o.line)`,
    [environmentId, importId],
  );
}

/** The records of rows with a `ref` that are done, as `kind ref` and database ID; null for rows that were rejected. */
export async function findRefs(
  db: Queryable,
  environmentId: string,
  importId: string,
  refs: readonly string[],
): Promise<Map<string, string | null>> {
  if (refs.length === 0) return new Map();
  const { rows } = await db.query<{ kind: string; ref: string; record_id: string | null }>({
    name: 'find-import-refs',
    text: `select kind, ref, record_id from import_outcomes
           where environment_id = $1 and import_id = $2 and kind in ('organization', 'user') and ref = any($3::text[]) order by line`,
    values: [environmentId, importId, refs],
  });
  return new Map(rows.map(({ kind, ref, record_id: id }) => [`${kind} ${ref}`, id]));
}

/** Rows that were rejected, beyond a line, in the order of the file. */
export async function listErrors(
  db: Queryable,
  environmentId: string,
  importId: string,
  after: number,
  limit: number,
): Promise<ImportRowError[]> {
  const { rows } = await db.query<ImportRowError>({
    name: 'list-import-errors',
    text: `select line, kind, field, error_code, message from import_outcomes
           where environment_id = $1 and import_id = $2 and line > $3 and outcome in ('conflict', 'invalid') order by line limit $4`,
    values: [environmentId, importId, after, limit],
  });
  return rows;
}

/** Rejected rows as they came, beyond a line, in the order of the file: up to 1,000, and up to 4 MB unless the first alone has more. */
export async function takeRejected(
  db: Queryable,
  environmentId: string,
  importId: string,
  after: number,
): Promise<{ line: number; source: string }[]> {
  const { rows } = await db.query<{ line: number; source: string }>({
    name: 'take-rejected-rows',
    // The limit of one has each row found by its key: joined, all rows would be read for each while nothing is known of how many have just come.
    text: `select line, source from (
             select line, source, sum(size) over (order by line) - size as before, size
             from (select o.line, r.source, r.size from import_outcomes o
                   cross join lateral (
                     select source, size from import_rows r where r.environment_id = $1 and r.import_id = $2 and r.line = o.line limit 1) r
                   where o.environment_id = $1 and o.import_id = $2 and o.line > $3 and o.outcome in ('conflict', 'invalid')
                   order by o.line limit 1000) rejected) sized
           where before = 0 or before + size <= 4000000 order by line`,
    values: [environmentId, importId, after],
  });
  return rows;
}

/**
 * Removes rows beyond a line and what became of them, in the order of the file: up to `count`, and those that begin within the first `bytes`.
 * Returns the last of them; undefined: there was none.
 */
export async function removeRows(
  tx: Queryable,
  environmentId: string,
  importId: string,
  after: number,
  { count, bytes }: { count: number; bytes: number },
): Promise<number | undefined> {
  const { rows } = await tx.query<{ last: number | null }>({
    name: 'remove-import-rows',
    // By ranges, which the key finds whatever the statistics say of rows that have just come.
    text: `with taken as materialized (
             select max(line) as last from (
               select line, sum(size) over (order by line) - size as before
               from (select line, size from import_rows where environment_id = $1 and import_id = $2 and line > $3 order by line limit $4) next) sized
             where before < $5),
           removed as (
             delete from import_rows where environment_id = $1 and import_id = $2 and line > $3 and line <= (select last from taken)),
           forgotten as (
             delete from import_outcomes where environment_id = $1 and import_id = $2 and line > $3 and line <= (select last from taken))
           select last from taken`,
    values: [environmentId, importId, after, count, bytes],
  });
  return rows[0]?.last ?? undefined;
}
