import type pg from 'pg';
import type { Queryable } from './connection.ts';

/** Fewer rows are read for next to nothing, whatever the planner expects. */
const few = 500;

/**
 * Has PostgreSQL count what is in tables that have twice as many rows as when it last did; returns their names.
 *
 * It does so by itself once a minute, which is long for a table that is new and filled by an import: its plans are made for a handful of rows, among which all
 * that belongs to an environment is read as easily as one row by its key. What is not committed yet does not count, as it would not be seen.
 */
export async function countGrownTables(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>({
    name: 'find-grown-tables',
    text: `select quote_ident(t.relname) as name from pg_stat_user_tables t join pg_class c on c.oid = t.relid
           where t.schemaname = current_schema() and t.n_live_tup >= ${few} and t.n_live_tup >= 2 * c.reltuples order by t.relname`,
  });
  const names = rows.map(({ name }) => name);
  // By a statement each, so that no table is locked for longer than it takes. What another server is counting just now is left to it.
  for (const name of names) await pool.query(`analyze (skip_locked) ${name}`);
  return names;
}

/**
 * Has a connection make its plans anew, those of foreign keys too: for a transaction that fills tables. Nobody counts rows that have not committed, and plans
 * for tables that were empty read all that is there by now.
 */
export async function planAnew(tx: Queryable): Promise<void> {
  await tx.query('discard plans');
}
