import type { RecordKind } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import type { ExternalKey } from './external-id.ts';

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
 * SQL: whether a row `name` of `external_ids` leads to its record: it is an ID that the record has, or an alias that has not ended. In every
 * look-up by external ID, so that what has ended is decided in one place.
 */
export function resolves(name: string): string {
  return `(${name}.alias_expire_time is null or ${name}.alias_expire_time > now())`;
}

/** The database ID of the record that an external ID leads to; undefined if it leads nowhere. */
export async function findRecordId(
  db: Queryable,
  environmentId: string,
  kind: RecordKind,
  { system, value }: ExternalKey,
): Promise<string | undefined> {
  const { rows } = await db.query<{ record_id: string }>({
    name: 'resolve-external-id',
    text: `select e.record_id from external_ids e
           where e.environment_id = $1 and e.kind = $2 and e.system = $3 and e.value = $4 and ${resolves('e')}`,
    values: [environmentId, kind, system, value],
  });
  return rows[0]?.record_id;
}

/** Whether there is an organization (database ID). */
export async function hasOrganization(db: Queryable, environmentId: string, id: string): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'has-organization',
    text: 'select from organizations where environment_id = $1 and id = $2',
    values: [environmentId, id],
  });
  return rowCount === 1;
}

/** SQL expressions for the parts of an external ID. */
interface KeyExpressions {
  environmentId: string;
  system: string;
  value: string;
}

/** Of a row `k` that has a column for each. */
const columnsOfKey: KeyExpressions = { environmentId: 'k.environment_id', system: 'k.system', value: 'k.value' };

/**
 * SQL: the row of `external_ids` that a key leads to, as `x` (`record_id`, `is_alias`, `alias_expire_time`). The `limit` keeps it a subquery of
 * its own: an index search for each key whatever the planner knows of the table.
 */
export function externalIdJoin(kind: RecordKind, { environmentId, system, value } = columnsOfKey): string {
  return `lateral (select e.record_id, e.alias_expire_time is not null as is_alias, e.alias_expire_time from external_ids e
    where e.environment_id = ${environmentId} and e.kind = '${kind}' and e.system = ${system} and e.value = ${value}
      and ${resolves('e')} limit 1) x`;
}
