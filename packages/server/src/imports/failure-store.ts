import type { Queryable } from '../database/connection.ts';
import { formatId } from '../lib/id.ts';

/** What is wrong with an import: it failed, or it is done and has rejected rows. */
export interface ImportFailure {
  id: string;
  state: 'FAILED' | 'DONE';
  /** why it failed */
  error: string | null;
  rejected: number;
  /** when it ended */
  time: string;
}

/** Imports that are looked at, the newest: with nobody who looks there are no more than this many that a person still cares for. */
const lookedAt = 100;

/** Of the newest imports those that failed, and those that rejected rows: neither checks, whose purpose that is, nor what was undone. */
export async function findImportFailures(db: Queryable, environmentId: string): Promise<ImportFailure[]> {
  const { rows } = await db.query<Omit<ImportFailure, 'rejected'> & { rejected: string }>({
    name: 'find-import-failures',
    text: `select id, state, error_message as error, rejected, coalesce(finish_time, create_time) as time from (
             select i.id, i.state, i.error_message, i.finish_time, i.create_time,
               (select coalesce(sum((c.value ->> 'conflicts')::bigint + (c.value ->> 'invalid')::bigint), 0) from jsonb_each(i.counts) c) as rejected
             from imports i where i.environment_id = $1 and not coalesce((i.options ->> 'dry_run')::boolean, false)
               and i.undo_state is distinct from 'DONE' order by i.id desc limit ${lookedAt}) newest
           where state = 'FAILED' or state = 'DONE' and rejected > 0`,
    values: [environmentId],
  });
  return rows.map((row) => ({ ...row, id: formatId('imp', row.id), rejected: Number(row.rejected) }));
}
