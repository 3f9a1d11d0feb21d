import type { RecordKind } from '@crosswalk/contract';
import pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import { type IndexedKey, indexedValue } from '../metadata/index.ts';

/** The IDs of indexes in the catalogue of the database begin so. */
const prefix = 'metadata_index_';

/** An index that is asked for. IDs are database IDs. */
export interface WantedIndex extends IndexedKey {
  id: string;
  environment_id: string;
  kind: RecordKind;
}

/** What is to be done about an index. */
export interface IndexTask {
  id: string;
  /** undefined: nobody wants it any more */
  wanted: WantedIndex | undefined;
  /** `broken`: its building was cut off */
  found: 'none' | 'valid' | 'broken';
}

/** Indexes that are not as they are asked for, and that nobody is building. */
export async function listTasks(db: Queryable): Promise<IndexTask[]> {
  const { rows } = await db.query<WantedIndex & { name_id: string; found: IndexTask['found'] }>({
    name: 'list-index-tasks',
    text: `select coalesce(t.id::text, substr(c.relname, ${prefix.length + 1})) as name_id, t.id, t.environment_id, t.kind, t.path, t.type,
             case when c.oid is null then 'none' when c.indisvalid then 'valid' else 'broken' end as found
           from metadata_indexes t full join (
             select c.oid, c.relname, i.indisvalid from pg_class c join pg_index i on i.indexrelid = c.oid
             where c.relname like '${prefix.replaceAll('_', '\\_')}%' and pg_table_is_visible(c.oid)) c on c.relname::text = '${prefix}' || t.id
           where (t.id is null or t.state = 'BUILDING' or (t.state = 'READY' and c.indisvalid is not true))
             and not exists (select from pg_stat_progress_create_index p where p.index_relid = c.oid)`,
  });
  return rows.map(({ name_id: id, found, ...row }) => ({ id, wanted: row.id === null ? undefined : row, found }));
}

/**
 * SQL: the statements that make an index, in their order. Each may have been done before. None holds up reads or writes, so none can be part
 * of a transaction. The planner knows nothing of the values of a partial index by itself, hence the statistics.
 */
export function buildStatements({ id, environment_id, kind, path, type }: WantedIndex): string[] {
  const value = indexedValue(type, `array[${path.map((name) => pg.escapeLiteral(name)).join(', ')}]`);
  const name = `${prefix}${BigInt(id)}`;
  return [
    `create index concurrently if not exists ${name} on ${kind}s (${value}) where environment_id = ${BigInt(environment_id)} and ${value} is not null`,
    `create statistics if not exists ${name} on ${value} from ${kind}s`,
    `analyze ${kind}s`,
  ];
}

/** SQL: the statements that remove an index, built or not. */
export function dropStatements(id: string): string[] {
  const name = `${prefix}${BigInt(id)}`;
  return [`drop index concurrently if exists ${name}`, `drop statistics if exists ${name}`];
}

/** Runs one of the statements above to its end. */
export async function runStatement(db: Queryable, statement: string): Promise<void> {
  await db.query(statement);
}

/** Ends a statement of those above, whichever server runs it. PostgreSQL shows the beginning of one that is long. */
export async function cancelStatement(db: Queryable, statement: string): Promise<void> {
  await db.query(
    `select pg_cancel_backend(pid) from pg_stat_activity
     where datname = current_database() and usename = current_user and state = 'active' and query <> '' and starts_with($1, query)`,
    [statement],
  );
}
