import type { Permission } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { columns, type PermissionRow, toPermission } from './permission-store.ts';

/** A permission as it is to be, by database ID. */
export interface PermissionState {
  id: string;
  name: string;
  description: string;
}

/** Permissions of some names, locked until the transaction ends, by name; in the order of IDs, so that two writers of many wait for each other. */
export async function lockPermissions(tx: Queryable, environmentId: string, names: readonly string[]): Promise<Map<string, Permission>> {
  const { rows } = await tx.query<PermissionRow>(
    `select ${columns} from permissions t where t.environment_id = $1 and t.name = any($2::text[]) order by t.id for update of t`,
    [environmentId, names],
  );
  return new Map(rows.map((row) => [row.name, toPermission(row)]));
}

/** Permissions by database ID, locked until the transaction ends. */
export async function lockPermissionsById(tx: Queryable, environmentId: string, ids: readonly string[]): Promise<Map<string, Permission>> {
  const { rows } = await tx.query<PermissionRow>(
    `select ${columns} from permissions t where t.environment_id = $1 and t.id = any($2::bigint[]) order by t.id for update of t`,
    [environmentId, ids],
  );
  return new Map(rows.map((row) => [row.id, toPermission(row)]));
}

/** Which of some permissions (database IDs) a role has. */
export async function findGrantedPermissions(db: Queryable, environmentId: string, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>(
    `select p.id from unnest($2::bigint[]) as p (id)
     where exists (select from role_permissions g where g.environment_id = $1 and g.permission_id = p.id)`,
    [environmentId, ids],
  );
  return new Set(rows.map(({ id }) => id));
}

/** Removes locked permissions that no role has. */
export async function deletePermissions(tx: Queryable, environmentId: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.query('delete from permissions where environment_id = $1 and id = any($2::bigint[])', [environmentId, ids]);
}

/** Writes new permissions; a unique violation when one of them was made meanwhile. Returns them by name. */
export async function insertPermissions(
  tx: Queryable,
  environmentId: string,
  permissions: readonly PermissionState[],
): Promise<Map<string, Permission>> {
  if (permissions.length === 0) return new Map();
  const { rows } = await tx.query<PermissionRow>(
    `insert into permissions as t (environment_id, id, name, description)
     select $1, s.id, s.name, s.description from jsonb_to_recordset($2::jsonb) as s (id bigint, name text, description text)
     returning ${columns}`,
    [environmentId, JSON.stringify(permissions)],
  );
  return new Map(rows.map((row) => [row.name, toPermission(row)]));
}

/** Gives locked permissions other descriptions, and raises their versions. Returns them by name. */
export async function updatePermissions(
  tx: Queryable,
  environmentId: string,
  permissions: readonly PermissionState[],
): Promise<Map<string, Permission>> {
  if (permissions.length === 0) return new Map();
  const { rows } = await tx.query<PermissionRow>(
    `update permissions t set description = s.description, version = t.version + 1, update_time = now()
     from jsonb_to_recordset($2::jsonb) as s (id bigint, description text)
     where t.environment_id = $1 and t.id = s.id returning ${columns}`,
    [environmentId, JSON.stringify(permissions)],
  );
  return new Map(rows.map((row) => [row.name, toPermission(row)]));
}
