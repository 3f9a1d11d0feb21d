import type { RecordKind } from '@crosswalk/contract';
import { plainArray, textArray } from '../database/columns.ts';
import type { Queryable } from '../database/connection.ts';
import { tableOf } from '../database/record-tables.ts';
import { publicId } from '../events/index.ts';
import { type ExternalKey, externalIdTaken, type SystemIds } from './external-id.ts';
import { externalIdJoin } from './external-id-store.ts';

/** Who has an external ID: the record's database ID, and whether the ID is only an alias of it. */
export interface Holder {
  recordId: string;
  isAlias: boolean;
  /** when the alias ends; null for an ID that the record has now */
  aliasUntil: string | null;
}

/** Who has each of many external IDs, in the order of the keys; undefined where nobody has. */
export async function findHolders(
  db: Queryable,
  environmentId: string,
  kind: RecordKind,
  keys: readonly ExternalKey[],
): Promise<(Holder | undefined)[]> {
  if (keys.length === 0) return [];
  const { rows } = await db.query<{ n: string; record_id: string; is_alias: boolean; alias_expire_time: string | null }>({
    name: `find-holders-${kind}`,
    text: `select k.n, x.record_id, x.is_alias, x.alias_expire_time
           from unnest($2::text[], $3::text[]) with ordinality as k (system, value, n)
           join ${externalIdJoin(kind, { environmentId: '$1', system: 'k.system', value: 'k.value' })} on true`,
    values: [environmentId, textArray(keys.map(({ system }) => system)), textArray(keys.map(({ value }) => value))],
  });
  const found = new Map(
    rows.map((row) => [Number(row.n) - 1, { recordId: row.record_id, isAlias: row.is_alias, aliasUntil: row.alias_expire_time }]),
  );
  return keys.map((_, index) => found.get(index));
}

/** An alias of a record (a database ID), and when it ends. */
export interface Alias extends ExternalKey {
  recordId: string;
  until: string;
}

/** Gives aliases that others had claimed back to their records: those that have not ended, are free and whose records are there. */
export async function returnAliases(tx: Queryable, environmentId: string, kind: RecordKind, aliases: readonly Alias[]): Promise<void> {
  if (aliases.length === 0) return;
  await tx.query({
    name: `return-aliases-${kind}`,
    text: `insert into external_ids (environment_id, kind, system, value, record_id, alias_expire_time)
           select $1, '${kind}', a.system, a.value, a.record_id, a.until
           from unnest($2::bigint[], $3::text[], $4::text[], $5::timestamptz[]) as a (record_id, system, value, until)
           where a.until > now() and exists (select from ${tableOf[kind]} where environment_id = $1 and id = a.record_id)
           order by a.system collate "C", a.value collate "C" on conflict do nothing`,
    values: [environmentId, ...columns(aliases), aliases.map(({ until }) => until)],
  });
}

/** Frees every external ID and alias of records (database IDs) that are being deleted. */
export async function releaseManyExternalIds(
  tx: Queryable,
  environmentId: string,
  kind: RecordKind,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  await tx.query({
    name: 'release-many-external-ids',
    text: 'delete from external_ids where environment_id = $1 and kind = $2 and record_id = any($3::bigint[])',
    values: [environmentId, kind, ids],
  });
}

/** The external IDs of one record as they are and as they are to be. */
export interface IdChange {
  recordId: string;
  before: SystemIds;
  after: SystemIds;
}

/**
 * Moves records, no two of which want the same ID, from one set of external IDs to another: releases those they lose, claims those they gain.
 * A changed ID stays as an alias for `aliasDays`; a cleared one is free at once. A free ID, the record's own alias and the alias of another
 * record can be claimed; an ID that another record has now is 409 EXTERNAL_ID_TAKEN, and then the transaction is to be given up. A
 * concurrent claim of the same ID waits for the one that was first.
 *
 * `isFree` tells which IDs nobody had when this transaction looked, not even as an alias: to write those costs two thirds. One that was
 * claimed since is a unique violation.
 */
export async function moveExternalIds(
  tx: Queryable,
  environmentId: string,
  kind: RecordKind,
  changes: readonly IdChange[],
  aliasDays: number,
  isFree: (key: ExternalKey) => boolean = () => false,
): Promise<void> {
  const ids = (from: 'before' | 'after', to: 'before' | 'after') =>
    changes.flatMap((change) =>
      [...change[from]].flatMap(([system, value]) =>
        change[to].get(system) === value ? [] : [{ recordId: change.recordId, system, value, follows: change[to].has(system) }],
      ),
    );
  const lost = ids('before', 'after');
  await alias(
    tx,
    environmentId,
    kind,
    lost.filter(({ follows }) => aliasDays > 0 && follows),
    aliasDays,
  );
  await free(
    tx,
    environmentId,
    kind,
    lost.filter(({ follows }) => aliasDays === 0 || !follows),
  );
  const gained = ids('after', 'before');
  await claimFree(tx, environmentId, kind, gained.filter(isFree));
  await claim(
    tx,
    environmentId,
    kind,
    gained.filter((key) => !isFree(key)),
  );
}

interface OwnedKey extends ExternalKey {
  recordId: string;
}

function columns(keys: readonly OwnedKey[]): [string, string, string] {
  return [
    plainArray(keys.map(({ recordId }) => recordId)),
    textArray(keys.map(({ system }) => system)),
    textArray(keys.map(({ value }) => value)),
  ];
}

async function alias(tx: Queryable, environmentId: string, kind: RecordKind, keys: readonly OwnedKey[], days: number): Promise<void> {
  if (keys.length === 0) return;
  await tx.query({
    name: 'alias-many-external-ids',
    text: `update external_ids x set alias_expire_time = now() + make_interval(days => $6)
           from unnest($3::bigint[], $4::text[], $5::text[]) as k (record_id, system, value)
           where x.environment_id = $1 and x.kind = $2 and x.record_id = k.record_id and x.system = k.system and x.value = k.value`,
    values: [environmentId, kind, ...columns(keys), days],
  });
}

async function free(tx: Queryable, environmentId: string, kind: RecordKind, keys: readonly OwnedKey[]): Promise<void> {
  if (keys.length === 0) return;
  await tx.query({
    name: 'free-many-external-ids',
    text: `delete from external_ids x using unnest($3::bigint[], $4::text[], $5::text[]) as k (record_id, system, value)
           where x.environment_id = $1 and x.kind = $2 and x.record_id = k.record_id and x.system = k.system and x.value = k.value`,
    values: [environmentId, kind, ...columns(keys)],
  });
}

/** SQL: the keys of `columns`, in the order of system and value, so that two claims of several IDs wait for each other rather than lock up. */
const claimed = `select $1, $2, k.system, k.value, k.record_id from unnest($3::bigint[], $4::text[], $5::text[]) as k (record_id, system, value)
  order by k.system collate "C", k.value collate "C"`;

async function claimFree(tx: Queryable, environmentId: string, kind: RecordKind, keys: readonly OwnedKey[]): Promise<void> {
  if (keys.length === 0) return;
  await tx.query({
    name: 'claim-free-external-ids',
    text: `insert into external_ids (environment_id, kind, system, value, record_id) ${claimed}`,
    values: [environmentId, kind, ...columns(keys)],
  });
}

async function claim(tx: Queryable, environmentId: string, kind: RecordKind, keys: readonly OwnedKey[]): Promise<void> {
  if (keys.length === 0) return;
  const { rows } = await tx.query<ExternalKey>({
    name: 'claim-many-external-ids',
    text: `insert into external_ids as x (environment_id, kind, system, value, record_id)
           ${claimed}
           on conflict on constraint external_ids_pkey do update
             set record_id = excluded.record_id, alias_expire_time = null, rekeyed_from = null
             where x.alias_expire_time is not null or x.record_id = excluded.record_id
           returning system, value`,
    values: [environmentId, kind, ...columns(keys)],
  });
  if (rows.length === keys.length) return;
  const got = new Set(rows.map(({ system, value }) => `${system}\0${value}`));
  const refused = keys.find(({ system, value }) => !got.has(`${system}\0${value}`));
  if (refused === undefined) throw new Error('more external IDs were claimed than asked for');
  const [holder] = await findHolders(tx, environmentId, kind, [refused]);
  throw externalIdTaken(kind, refused, publicId(kind, holder?.recordId ?? ''));
}
