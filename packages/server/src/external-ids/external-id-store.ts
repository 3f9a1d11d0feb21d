import type { RecordKind } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';

/** Frees every external ID and alias of a record that is being deleted. */
export async function releaseExternalIds(tx: Queryable, environmentId: string, kind: RecordKind, recordId: string): Promise<void> {
  await tx.query({
    name: 'release-external-ids',
    text: 'delete from external_ids where environment_id = $1 and kind = $2 and record_id = $3',
    values: [environmentId, kind, recordId],
  });
}

/** Removes up to 1,000 expired aliases; returns how many there were. They stopped resolving when they expired. */
export async function purgeAliases(db: Queryable): Promise<number> {
  const { rowCount } = await db.query(
    `delete from external_ids where alias_expire_time < now() and (environment_id, kind, system, value) in (
       select environment_id, kind, system, value from external_ids where alias_expire_time < now() limit 1000)`,
  );
  return rowCount ?? 0;
}

/**
 * SQL: the row of `external_ids` that an alias `k` with `environment_id`, `system` and `value` names now, as `x`
 * (`record_id`, `is_alias`, `alias_expire_time`). Used by every look-up by external ID so that expiry is decided in one place. The `limit` keeps
 * it a subquery of its own: an index search for each key whatever the planner knows of the table.
 */
export function externalIdJoin(kind: RecordKind): string {
  return `lateral (select record_id, alias_expire_time is not null as is_alias, alias_expire_time from external_ids
    where environment_id = k.environment_id and kind = '${kind}' and system = k.system and value = k.value
      and (alias_expire_time is null or alias_expire_time > now()) limit 1) x`;
}
