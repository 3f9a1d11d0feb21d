import { type AssignedRole, type RolePermission, roleLimits, type UserRole } from '@crosswalk/contract';
import { plainArray, textArray } from '../database/columns.ts';
import type { Queryable } from '../database/connection.ts';
import { formatId } from '../lib/id.ts';
import { toRolePermission } from './role-store.ts';

/**
 * SQL: the roles of a membership, which goes by `alias` there, in their order, as one JSON array for `toAssignedRole`. IDs
 * are text in it, as a JSON number would lose their last digits. The `limit` makes it an index search for each role.
 */
export function assignedRolesJson(alias: string): string {
  return `coalesce((
    select jsonb_agg(jsonb_build_object('id', r.id::text, 'name', a.name, 'display_name', r.display_name) order by a.place)
    from unnest(${alias}.roles) with ordinality as a (name, place)
    join lateral (select id, display_name from roles
      where environment_id = ${alias}.environment_id and scope_id in (0, ${alias}.organization_id) and name = a.name limit 1) r on true
  ), '[]'::jsonb)`;
}

/** A role as it came in `assignedRolesJson`. */
export function toAssignedRole({ id, name, display_name }: AssignedRole): AssignedRole {
  return { id: formatId('role', id), name, display_name };
}

/** The roles of memberships that are being written, in the order of both, for `toAssignedRole`. Organizations by database ID. */
export async function findAssignedRoles(
  db: Queryable,
  environmentId: string,
  memberships: readonly { organizationId: string; names: readonly string[] }[],
): Promise<AssignedRole[][]> {
  const { rows } = await db.query<{ scope_id: string } & AssignedRole>({
    name: 'find-assigned-roles',
    text: `select scope_id, id, name, display_name from roles
           where environment_id = $1 and scope_id = any(array[0] || $2::bigint[]) and name = any($3::text[])`,
    values: [
      environmentId,
      plainArray([...new Set(memberships.map(({ organizationId }) => organizationId))]),
      textArray([...new Set(memberships.flatMap(({ names }) => names))]),
    ],
  });
  const found = new Map(rows.map(({ scope_id: scope, ...role }) => [`${scope}/${role.name}`, role]));
  return memberships.map(({ organizationId, names }) =>
    names.flatMap((name) => found.get(`0/${name}`) ?? found.get(`${organizationId}/${name}`) ?? []),
  );
}

/**
 * SQL: the organization `$2` of the environment `$1`, locked so that it stays until the transaction ends, as `o`. Everything
 * that touches several of them locks organization, roles and memberships in this order, and roles in the order of their IDs.
 */
const lockedOrganization =
  'o as materialized (select default_member_role_id from organizations where environment_id = $1 and id = $2 for key share)';

/** Which of these names are roles that an organization (database ID) has or sees. Those that are stay until the transaction ends. */
export async function holdRoles(
  tx: Queryable,
  environmentId: string,
  organizationId: string,
  names: readonly string[],
): Promise<Set<string>> {
  const { rows } = await tx.query<{ name: string }>({
    name: 'lock-roles',
    text: `with ${lockedOrganization}
           select r.name from o join roles r on r.environment_id = $1 and r.scope_id in (0, $2) and r.name = any($3::text[])
           order by r.id for key share of r`,
    values: [environmentId, organizationId, names],
  });
  return new Set(rows.map(({ name }) => name));
}

/**
 * The name of the role that new members of an organization (database ID) get, which stays until the transaction ends;
 * undefined when there is no such organization, or the default was just deleted after another had taken its place.
 */
export async function holdDefaultRole(tx: Queryable, environmentId: string, organizationId: string): Promise<string | undefined> {
  const { rows } = await tx.query<{ name: string }>({
    name: 'lock-default-role',
    text: `with ${lockedOrganization}
           select r.name from o join roles r on r.environment_id = $1
             and r.id = coalesce(o.default_member_role_id, (select default_member_role_id from environments where id = $1))
           for key share of r`,
    values: [environmentId, organizationId],
  });
  return rows[0]?.name;
}

/** Names of the first roles that an organization (database ID) has or sees, for an error that tells what there is. */
export async function findSomeRoleNames(db: Queryable, environmentId: string, organizationId: string, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    'select name from roles where environment_id = $1 and scope_id in (0, $2) order by scope_id desc, id limit $3',
    [environmentId, organizationId, limit],
  );
  return rows.map(({ name }) => name);
}

/** SQL: the roles of the names `$3` in the organization `$2`, and all that they extend: `depth` is 1 for those that are named. */
const chains = `chain (id, name, display_name, base_role_id, place, depth) as (
    select r.id, r.name, r.display_name, r.base_role_id, a.place, 1
    from unnest($3::text[]) with ordinality as a (name, place)
    join roles r on r.environment_id = $1 and r.scope_id in (0, $2) and r.name = a.name
    union all
    select b.id, b.name, b.display_name, b.base_role_id, c.place, c.depth + 1
    from chain c join roles b on b.environment_id = $1 and b.id = c.base_role_id where c.depth < ${roleLimits.depth})`;

/** The roles of these names in an organization (database ID), in this order, and then those they extend. */
export async function findRolesWithBases(
  db: Queryable,
  environmentId: string,
  organizationId: string,
  names: readonly string[],
): Promise<UserRole[]> {
  const { rows } = await db.query<UserRole>(
    `with recursive ${chains}
     select id, name, display_name, min(depth) > 1 as inherited from chain group by id, name, display_name
     order by min(depth), min(place), name`,
    [environmentId, organizationId, names],
  );
  return rows.map((row) => ({ ...toAssignedRole(row), inherited: row.inherited }));
}

/** What the roles of these names in an organization (database ID) may do, inherited permissions included, by name. */
export async function findEffectivePermissions(
  db: Queryable,
  environmentId: string,
  organizationId: string,
  names: readonly string[],
): Promise<RolePermission[]> {
  const { rows } = await db.query<RolePermission>(
    `with recursive ${chains}
     select distinct on (p.name) p.id, p.name, p.description, p.create_time, p.update_time, c.name as role_name
     from chain c
     join role_permissions g on g.environment_id = $1 and g.role_id = c.id
     join permissions p on p.environment_id = $1 and p.id = g.permission_id
     order by p.name, c.depth, c.place`,
    [environmentId, organizationId, names],
  );
  return rows.map(toRolePermission);
}

/**
 * SQL: rows of `environment_id`, `id` and `names`: what the roles `$2` (database IDs) of the environments `$1` may do, inherited permissions
 * included. Each `limit` makes it an index search for each role. Part of a statement that begins `with recursive` and `roleChains`.
 */
export const permissionsOfRoles = `select c.environment_id, c.role_id as id, array_agg(distinct p.name) as names
  from role_chain c join lateral (
    select n.name from role_permissions g join permissions n on n.environment_id = g.environment_id and n.id = g.permission_id
    where g.environment_id = c.environment_id and g.role_id = c.id limit ${roleLimits.permissions}) p on true
  group by c.environment_id, c.role_id`;

/** SQL: the roles `$2` of the environments `$1` and all that they extend, each with the one it was come to from: `role_id`. */
export const roleChains = `role_chain (environment_id, role_id, id, base_role_id, depth) as (
    select r.environment_id, r.id, r.id, r.base_role_id, 1
    from unnest($1::bigint[], $2::bigint[]) as k (environment_id, id)
    join lateral (select * from roles where environment_id = k.environment_id and id = k.id limit 1) r on true
    union all
    select b.environment_id, c.role_id, b.id, b.base_role_id, c.depth + 1
    from role_chain c join roles b on b.environment_id = c.environment_id and b.id = c.base_role_id where c.depth < ${roleLimits.depth})`;

/**
 * Which of the roles of these names in an organization (database ID), or of those they extend, has a permission: null when
 * none has; undefined when there is no such permission.
 */
export async function findRoleWithPermission(
  db: Queryable,
  environmentId: string,
  organizationId: string,
  names: readonly string[],
  permission: string,
): Promise<string | null | undefined> {
  const { rows } = await db.query<{ role_name: string | null }>({
    name: 'find-role-with-permission',
    text: `with recursive ${chains}
           select (select c.name from chain c join role_permissions g on g.environment_id = $1 and g.role_id = c.id and g.permission_id = p.id
                   order by c.depth, c.place limit 1) as role_name
           from permissions p where p.environment_id = $1 and p.name = $4`,
    values: [environmentId, organizationId, names, permission],
  });
  return rows[0]?.role_name;
}
