import type { RecordKind } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { tableOf } from '../database/record-tables.ts';
import { resolves } from './external-id-store.ts';

/** A pair of a re-key as it stands in the database. IDs are database IDs; undefined where nothing has the ID. */
export interface RekeyState {
  /** who has the old ID, and whether only as an alias */
  from: { recordId: string; isAlias: boolean } | undefined;
  /** who has the new ID now; an alias does not count, as any claim takes it over */
  toHolder: string | undefined;
  /** whether that one got it by this very pair, and has had it since */
  isDone: boolean;
}

/** The state of each pair, in order. Each look-up is a subquery of its own (`limit`), so that even without statistics it is an index search. */
export async function findRekeyState(
  db: Queryable,
  environmentId: string,
  kind: RecordKind,
  system: string,
  pairs: readonly { from: string; to: string }[],
): Promise<RekeyState[]> {
  const { rows } = await db.query<{
    n: string;
    record_id: string | null;
    is_alias: boolean | null;
    holder: string | null;
    is_done: boolean | null;
  }>(
    `select k.n, f.record_id, f.alias_expire_time is not null as is_alias, h.record_id as holder, h.rekeyed_from = k.old as is_done
     from unnest($4::text[], $5::text[]) with ordinality as k (old, new, n)
     left join lateral (
       select e.record_id, e.alias_expire_time from external_ids e
       where e.environment_id = $1 and e.kind = $2 and e.system = $3 and e.value = k.old and ${resolves('e')} limit 1) f on true
     left join lateral (
       select record_id, rekeyed_from from external_ids where environment_id = $1 and kind = $2 and system = $3 and value = k.new
         and alias_expire_time is null limit 1) h on true
     order by k.n`,
    [environmentId, kind, system, pairs.map(({ from }) => from), pairs.map(({ to }) => to)],
  );
  return rows.map((row) => ({
    from: row.record_id === null ? undefined : { recordId: row.record_id, isAlias: row.is_alias === true },
    toHolder: row.holder ?? undefined,
    isDone: row.is_done === true,
  }));
}

/** Locks records in the order of their IDs, so that two re-keys wait for each other rather than lock up. */
export async function lockRecords(tx: Queryable, environmentId: string, kind: RecordKind, ids: readonly string[]): Promise<void> {
  await tx.query(`select from ${tableOf[kind]} where environment_id = $1 and id = any($2::bigint[]) order by id for update`, [
    environmentId,
    ids,
  ]);
}

/** Releases the old IDs: as aliases for `aliasDays`, or altogether when that is 0. */
export async function releaseOldIds(
  tx: Queryable,
  environmentId: string,
  kind: RecordKind,
  system: string,
  values: readonly string[],
  aliasDays: number,
): Promise<void> {
  const which = 'environment_id = $1 and kind = $2 and system = $3 and value = any($4::text[])';
  const parameters = [environmentId, kind, system, values];
  if (aliasDays === 0) await tx.query(`delete from external_ids where ${which}`, parameters);
  else
    await tx.query(`update external_ids set alias_expire_time = now() + make_interval(days => $5) where ${which}`, [
      ...parameters,
      aliasDays,
    ]);
}

/** Gives the new IDs to their records; returns the values that could be taken. */
export async function claimNewIds(
  tx: Queryable,
  environmentId: string,
  kind: RecordKind,
  system: string,
  moves: readonly { id: string; from: string; to: string }[],
): Promise<Set<string>> {
  const { rows } = await tx.query<{ value: string }>(
    `insert into external_ids as x (environment_id, kind, system, value, record_id, rekeyed_from)
     select $1, $2, $3, m.value, m.id, m.old from unnest($4::text[], $5::bigint[], $6::text[]) as m (value, id, old) order by m.value collate "C"
     on conflict on constraint external_ids_pkey do update
       set record_id = excluded.record_id, alias_expire_time = null, rekeyed_from = excluded.rekeyed_from
       where x.alias_expire_time is not null
     returning value`,
    [environmentId, kind, system, moves.map(({ to }) => to), moves.map(({ id }) => id), moves.map(({ from }) => from)],
  );
  return new Set(rows.map(({ value }) => value));
}
