import type { RecordKind } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';

/** SQL: the names of the systems that a record has IDs of; the expression of the indexes. */
export const systemsOf = (table: string) => `jsonb_path_query_array(${table}.external_ids, '$.keyvalue().key')`;

/**
 * The sets of systems that records of a kind have IDs of. Goes from set to set in the index: a search for each, however many records have it. A
 * directory has few.
 */
export async function listSystemSets(db: Queryable, environmentId: string, kind: RecordKind): Promise<string[][]> {
  const next = (beyond: string) =>
    `select ${systemsOf('o')} as systems from ${kind}s o where o.environment_id = $1 ${beyond} order by ${systemsOf('o')} limit 1`;
  const { rows } = await db.query<{ systems: string[] }>({
    name: `list-system-sets-${kind}`,
    text: `with recursive sets (systems) as (
             (${next('')}) union all
             select (${next(`and ${systemsOf('o')} > sets.systems`)}) from sets where sets.systems is not null)
           select systems from sets where systems is not null`,
    values: [environmentId],
  });
  return rows.map(({ systems }) => systems);
}
