import type { Permission } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { type Page, type PageRequest, selectPage } from '../database/page-query.ts';
import { formatId } from '../lib/id.ts';
import type { NewPermission, PermissionFields } from './permission.ts';

export interface PermissionRow extends PermissionFields {
  id: string;
  environment_id: string;
  name: string;
  version: string;
  create_time: string;
  update_time: string;
}

/** SQL: what `toPermission` reads of a permission `t`. */
export const columns = 't.id, t.environment_id, t.name, t.description, t.version, t.create_time, t.update_time';

/** The permission of a row of `columns`. */
export function toPermission(row: PermissionRow): Permission {
  return {
    id: formatId('perm', row.id),
    environment_id: formatId('env', row.environment_id),
    name: row.name,
    description: row.description,
    version: Number(row.version),
    create_time: row.create_time,
    update_time: row.update_time,
  };
}

/** The permission of a name. */
export async function findPermission(db: Queryable, environmentId: string, name: string): Promise<Permission | undefined> {
  const { rows } = await db.query<PermissionRow>(`select ${columns} from permissions t where t.environment_id = $1 and t.name = $2`, [
    environmentId,
    name,
  ]);
  return rows.map(toPermission)[0];
}

/** The permission of a name, locked until the transaction ends; undefined if there is none. */
export async function lockPermission(tx: Queryable, environmentId: string, name: string): Promise<Permission | undefined> {
  const { rows } = await tx.query<PermissionRow>(
    `select ${columns} from permissions t where t.environment_id = $1 and t.name = $2 for no key update`,
    [environmentId, name],
  );
  return rows.map(toPermission)[0];
}

/** One page of permissions, newest first. */
export async function listPermissions(db: Queryable, environmentId: string, request: PageRequest): Promise<Page<Permission>> {
  const query = { columns, table: 'permissions', where: 't.environment_id = $1', values: [environmentId], indexed: false };
  const page = await selectPage<PermissionRow>(db, query, request);
  return { ...page, items: page.items.map(toPermission) };
}

/** Writes a new permission. */
export async function insertPermission(
  tx: Queryable,
  environmentId: string,
  id: string,
  { name, fields }: NewPermission,
): Promise<Permission> {
  const { rows } = await tx.query<PermissionRow>(
    `insert into permissions as t (environment_id, id, name, description) values ($1, $2, $3, $4) returning ${columns}`,
    [environmentId, id, name, fields.description],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('an insert returned no row');
  return toPermission(row);
}

/** Sets the fields of a locked permission and raises its version; undefined if that changes nothing. */
export async function updatePermission(
  tx: Queryable,
  environmentId: string,
  id: string,
  { description }: PermissionFields,
): Promise<Permission | undefined> {
  const { rows } = await tx.query<PermissionRow>(
    `update permissions t set description = $3, version = t.version + 1, update_time = now()
     where t.environment_id = $1 and t.id = $2 and t.description is distinct from $3 returning ${columns}`,
    [environmentId, id, description],
  );
  return rows.map(toPermission)[0];
}

/** Removes a permission that no role has any more. */
export async function deletePermission(tx: Queryable, environmentId: string, id: string): Promise<void> {
  await tx.query('delete from permissions where environment_id = $1 and id = $2', [environmentId, id]);
}

/** Which of these names are names of permissions, with their database IDs. */
export async function findPermissionIds(db: Queryable, environmentId: string, names: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await db.query<{ id: string; name: string }>(
    'select id, name from permissions where environment_id = $1 and name = any($2::text[])',
    [environmentId, names],
  );
  return new Map(rows.map(({ id, name }) => [name, id]));
}

/** Puts permissions in place of those a role has itself (all by database ID); false if that changes nothing. */
export async function replaceRolePermissions(
  tx: Queryable,
  environmentId: string,
  roleId: string,
  permissionIds: readonly string[],
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `with taken as (
       delete from role_permissions where environment_id = $1 and role_id = $2 and permission_id <> all ($3::bigint[]) returning 1),
     given as (
       insert into role_permissions (environment_id, role_id, permission_id) select $1, $2, id from unnest($3::bigint[]) as p (id)
       on conflict do nothing returning 1)
     select from taken union all select from given`,
    [environmentId, roleId, permissionIds],
  );
  return rowCount !== 0;
}

/** Adds permissions to those a role has itself (all by database ID); false if it had them all. */
export async function addRolePermissions(
  tx: Queryable,
  environmentId: string,
  roleId: string,
  permissionIds: readonly string[],
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into role_permissions (environment_id, role_id, permission_id) select $1, $2, id from unnest($3::bigint[]) as p (id)
     on conflict do nothing`,
    [environmentId, roleId, permissionIds],
  );
  return rowCount !== 0;
}

/** Takes a permission from a role (both by database ID); false if the role does not have it itself. */
export async function removeRolePermission(tx: Queryable, environmentId: string, roleId: string, permissionId: string): Promise<boolean> {
  const { rowCount } = await tx.query('delete from role_permissions where environment_id = $1 and role_id = $2 and permission_id = $3', [
    environmentId,
    roleId,
    permissionId,
  ]);
  return rowCount === 1;
}

/** The next 1,000 roles (database IDs) beyond `after` that have a permission themselves, locked until the transaction ends. */
export async function lockRolesWith(tx: Queryable, environmentId: string, permissionId: string, after: string): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `select t.id from roles t
     where t.environment_id = $1 and t.id > $3
       and t.id in (select role_id from role_permissions where environment_id = $1 and permission_id = $2)
     order by t.id limit 1000 for no key update`,
    [environmentId, permissionId, after],
  );
  return rows.map(({ id }) => id);
}

/** Takes a permission from roles (all by database ID). */
export async function takeFromRoles(tx: Queryable, environmentId: string, permissionId: string, roleIds: readonly string[]): Promise<void> {
  await tx.query('delete from role_permissions where environment_id = $1 and permission_id = $2 and role_id = any($3::bigint[])', [
    environmentId,
    permissionId,
    roleIds,
  ]);
}
