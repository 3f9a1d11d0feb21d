import { type ExternalSystem, type RecordKind, systemLimits } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { holdEnvironment } from '../database/hold-environment.ts';
import { formatId } from '../lib/id.ts';
import type { SystemFields } from './system.ts';

interface SystemRow extends SystemFields {
  id: string;
  environment_id: string;
  name: string;
  version: string;
  create_time: string;
  update_time: string;
}

const columns = 't.id, t.environment_id, t.name, t.label, t.url_pattern, t.id_pattern, t.version, t.create_time, t.update_time';

function toSystem(row: SystemRow): ExternalSystem {
  return {
    id: formatId('sys', row.id),
    environment_id: formatId('env', row.environment_id),
    name: row.name,
    label: row.label,
    url_pattern: row.url_pattern,
    id_pattern: row.id_pattern,
    version: Number(row.version),
    create_time: row.create_time,
    update_time: row.update_time,
  };
}

/** What is known of a system. */
export async function findSystem(db: Queryable, environmentId: string, name: string): Promise<ExternalSystem | undefined> {
  const { rows } = await db.query<SystemRow>(`select ${columns} from systems t where t.environment_id = $1 and t.name = $2`, [
    environmentId,
    name,
  ]);
  return rows.map(toSystem)[0];
}

/**
 * What is known of a system, locked until the transaction ends; undefined if nothing is. Locks the environment, so that of many that begin
 * at once to describe a system one does, and none is one too many.
 */
export async function lockSystem(tx: Queryable, environmentId: string, name: string): Promise<ExternalSystem | undefined> {
  await holdEnvironment(tx, environmentId);
  return findSystem(tx, environmentId, name);
}

/** How many systems are described. */
export async function countSystems(db: Queryable, environmentId: string): Promise<number> {
  const { rows } = await db.query<{ count: string }>('select count(*) from systems where environment_id = $1', [environmentId]);
  return Number(rows[0]?.count ?? 0);
}

/** All systems that are described, by name: there are few. */
export async function listSystems(db: Queryable, environmentId: string): Promise<ExternalSystem[]> {
  const { rows } = await db.query<SystemRow>({
    name: 'list-systems',
    text: `select ${columns} from systems t where t.environment_id = $1 order by t.name`,
    values: [environmentId],
  });
  return rows.map(toSystem);
}

/**
 * The names of the systems that IDs or aliases of a kind of record are of, in order. Goes from name to name in the index, never over the IDs: a
 * search for each name, however many records have it.
 */
export async function listSystemsInUse(db: Queryable, environmentId: string, kind: RecordKind): Promise<string[]> {
  const { rows } = await db.query<{ system: string }>({
    name: 'list-systems-in-use',
    text: `with recursive names (system) as (
             select min(system) from external_ids where environment_id = $1 and kind = $2 and system > ''
             union all
             select (select min(x.system) from external_ids x where x.environment_id = $1 and x.kind = $2 and x.system > names.system)
             from names where names.system is not null)
           select system from names where system is not null limit ${systemLimits.others}`,
    values: [environmentId, kind],
  });
  return rows.map(({ system }) => system);
}

/** Writes a new system. */
export async function insertSystem(
  tx: Queryable,
  environmentId: string,
  id: string,
  name: string,
  fields: SystemFields,
): Promise<ExternalSystem> {
  const { rows } = await tx.query<SystemRow>(
    `insert into systems as t (environment_id, id, name, label, url_pattern, id_pattern) values ($1, $2, $3, $4, $5, $6) returning ${columns}`,
    [environmentId, id, name, fields.label, fields.url_pattern, fields.id_pattern],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('an insert returned no row');
  return toSystem(row);
}

/** Sets the fields of a locked system and raises its version; undefined if that changes nothing. */
export async function updateSystem(
  tx: Queryable,
  environmentId: string,
  name: string,
  fields: SystemFields,
): Promise<ExternalSystem | undefined> {
  const { rows } = await tx.query<SystemRow>(
    `update systems t set label = $3, url_pattern = $4, id_pattern = $5, version = t.version + 1, update_time = now()
     where t.environment_id = $1 and t.name = $2 and (t.label, t.url_pattern, t.id_pattern) is distinct from ($3, $4, $5) returning ${columns}`,
    [environmentId, name, fields.label, fields.url_pattern, fields.id_pattern],
  );
  return rows.map(toSystem)[0];
}

/** Removes a locked system. */
export async function deleteSystem(tx: Queryable, environmentId: string, name: string): Promise<void> {
  await tx.query('delete from systems where environment_id = $1 and name = $2', [environmentId, name]);
}
