import type { ImportRowError, RowKind } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import type { FileRow, Outcome } from './import.ts';
import type { Restore } from './restore.ts';

/** Stages rows of a file. */
export async function insertRows(tx: Queryable, environmentId: string, importId: string, rows: readonly FileRow[]): Promise<void> {
  await tx.query({
    name: 'insert-import-rows',
    text: `insert into import_rows (environment_id, import_id, line, source, data, size, unreadable, kind, outcome, field, error_code, message)
           select $1, $2, * from unnest($3::int[], $4::text[], $5::text[], $6::int[], $7::boolean[], $8::text[], $9::text[], $10::text[],
             $11::text[], $12::text[])`,
    values: [
      environmentId,
      importId,
      rows.map(({ line }) => line),
      rows.map(({ source }) => source),
      rows.map(({ data }) => data),
      rows.map(({ source, data }) => source.length + (data?.length ?? 0)),
      rows.map(({ refused }) => refused !== undefined),
      ...outcomeColumns(rows.map(({ refused }) => refused)),
    ],
  });
}

function outcomeColumns(outcomes: readonly (Outcome | undefined)[]): (string | null)[][] {
  const errors = outcomes.map((outcome) => (outcome !== undefined && 'code' in outcome ? outcome : undefined));
  return [
    outcomes.map((outcome) => outcome?.kind ?? null),
    outcomes.map((outcome) => outcome?.result ?? null),
    errors.map((error) => error?.field ?? null),
    errors.map((error) => error?.code ?? null),
    errors.map((error) => error?.message ?? null),
  ];
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
  const { rows } = await db.query<{
    line: number;
    json: string;
    unreadable: boolean;
    kind: RowKind | null;
    field: string | null;
    error_code: string | null;
    message: string | null;
  }>({
    name: 'take-import-rows',
    text: `select line, coalesce(data, source) as json, unreadable, kind, field, error_code, message
           from (select r.*, sum(size) over (order by line) - size as before
                 from (select * from import_rows where environment_id = $1 and import_id = $2 and line > $3 order by line limit $4) r) sized
           where before = 0 or before + size <= $5 order by line`,
    values: [environmentId, importId, after, count, bytes],
  });
  return rows.map(({ line, json, unreadable, kind, field, error_code: code, message }) => ({
    line,
    json,
    refused: unreadable ? { result: 'invalid', kind, field: field ?? 'row', code: code ?? '', message: message ?? '' } : undefined,
  }));
}

/** A row that was done, its name within the file, and what became of it. */
export interface DoneRow {
  line: number;
  ref: string | null;
  outcome: Outcome;
}

/** Notes what became of rows. */
export async function noteOutcomes(db: Queryable, environmentId: string, importId: string, rows: readonly DoneRow[]): Promise<void> {
  if (rows.length === 0) return;
  const records = rows.map(({ outcome }) => ('recordId' in outcome ? outcome : undefined));
  await db.query({
    name: 'note-import-outcomes',
    text: `update import_rows r set kind = o.kind, outcome = o.outcome, field = o.field, error_code = o.error_code, message = o.message,
             ref = o.ref, record_id = o.record_id, record_version = o.record_version, restore = o.restore
           from unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::bigint[],
             $12::jsonb[]) as o (line, kind, outcome, field, error_code, message, ref, record_id, record_version, restore)
           where r.environment_id = $1 and r.import_id = $2 and r.line = o.line`,
    values: [
      environmentId,
      importId,
      rows.map(({ line }) => line),
      ...outcomeColumns(rows.map(({ outcome }) => outcome)),
      rows.map(({ ref }) => ref),
      records.map((done) => done?.recordId ?? null),
      records.map((done) => done?.version ?? null),
      records.map((done) => restoreOf(done?.restore)),
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
    `update import_rows r set record_version = t.upto
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
    `update import_rows set outcome = null, ref = null, record_id = null, record_version = null, restore = null, field = null, error_code = null, message = null
     where environment_id = $1 and import_id = $2 and outcome is not null and not unreadable`,
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
    text: `select kind, ref, record_id from import_rows
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
    text: `select line, kind, coalesce(field, 'row') as field, error_code, message from import_rows
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
    text: `select line, source from (
             select line, source, sum(size) over (order by line) - size as before, size
             from (select line, source, size from import_rows
                   where environment_id = $1 and import_id = $2 and line > $3 and outcome in ('conflict', 'invalid')
                   order by line limit 1000) r) sized
           where before = 0 or before + size <= 4000000 order by line`,
    values: [environmentId, importId, after],
  });
  return rows;
}
