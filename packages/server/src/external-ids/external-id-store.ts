import type { RecordKind } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { formatId } from '../lib/id.ts';
import { type ExternalKey, externalIdTaken, type SystemIds } from './external-id.ts';

/**
 * Moves a record from one set of external IDs to another: releases those it loses, claims those it gains.
 * A changed ID stays as an alias for `aliasDays`; a cleared one is free at once. A free ID, the record's own
 * alias and the alias of another record can be claimed; an ID that another record has now is
 * 409 EXTERNAL_ID_TAKEN. A concurrent claim of the same ID waits for the one that was first.
 */
export async function moveExternalIds(
  tx: Queryable,
  environmentId: string,
  kind: RecordKind,
  recordId: string,
  before: SystemIds,
  after: SystemIds,
  aliasDays: number,
): Promise<void> {
  const lost = [...before].filter(([system, value]) => after.get(system) !== value);
  const gained = [...after].filter(([system, value]) => before.get(system) !== value);
  const kept = lost.filter(([system]) => aliasDays > 0 && after.has(system));
  const freed = lost.filter(([system]) => aliasDays === 0 || !after.has(system));
  if (kept.length > 0) {
    await tx.query({
      name: 'alias-external-ids',
      text: `update external_ids x set alias_expire_time = now() + make_interval(days => $6)
             from unnest($4::text[], $5::text[]) as k (system, value)
             where x.environment_id = $1 and x.kind = $2 and x.record_id = $3 and x.system = k.system and x.value = k.value`,
      values: [environmentId, kind, recordId, ...columns(kept), aliasDays],
    });
  }
  if (freed.length > 0) {
    await tx.query({
      name: 'free-external-ids',
      text: `delete from external_ids x using unnest($4::text[], $5::text[]) as k (system, value)
             where x.environment_id = $1 and x.kind = $2 and x.record_id = $3 and x.system = k.system and x.value = k.value`,
      values: [environmentId, kind, recordId, ...columns(freed)],
    });
  }
  if (gained.length > 0) await claim(tx, environmentId, kind, recordId, gained);
}

/** In the order of system and value, so that two claims of several IDs wait for each other rather than lock up. */
async function claim(tx: Queryable, environmentId: string, kind: RecordKind, recordId: string, ids: [string, string][]): Promise<void> {
  const { rows } = await tx.query<ExternalKey>({
    name: 'claim-external-ids',
    text: `insert into external_ids as x (environment_id, kind, system, value, record_id)
           select $1, $2, k.system, k.value, $3 from unnest($4::text[], $5::text[]) as k (system, value)
           order by k.system collate "C", k.value collate "C"
           on conflict on constraint external_ids_pkey do update set record_id = excluded.record_id, alias_expire_time = null
             where x.alias_expire_time is not null or x.record_id = excluded.record_id
           returning system, value`,
    values: [environmentId, kind, recordId, ...columns(ids)],
  });
  if (rows.length === ids.length) return;
  const claimed = new Set(rows.map(({ system }) => system));
  const [refused] = ids.filter(([system]) => !claimed.has(system));
  if (refused === undefined) throw new Error('more external IDs were claimed than asked for');
  const [system, value] = refused;
  const holder = await tx.query<{ record_id: string }>(
    'select record_id from external_ids where environment_id = $1 and kind = $2 and system = $3 and value = $4',
    [environmentId, kind, system, value],
  );
  throw externalIdTaken(kind, { system, value }, formatId(kind === 'organization' ? 'org' : 'usr', holder.rows[0]?.record_id ?? ''));
}

function columns(ids: [string, string][]): [string[], string[]] {
  return [ids.map(([system]) => system), ids.map(([, value]) => value)];
}

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
