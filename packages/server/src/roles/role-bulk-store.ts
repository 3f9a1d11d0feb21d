import type { Queryable } from '../database/connection.ts';
import { holdEnvironment } from '../database/hold-environment.ts';

/** A role as imports see it. IDs are database IDs. */
export interface KnownRole {
  id: string;
  /** null: a role of the environment */
  organizationId: string | null;
  name: string;
  baseId: string | null;
}

/** A role as it is to be. IDs are database IDs. */
export interface RoleState extends KnownRole {
  display_name: string;
  description: string;
}

/**
 * Keeps other writers of roles out until the transaction ends, as `lockScope` does for one scope: for roles of the environment all of
 * them, for roles of organizations those of the same ones. Returns the organizations that there are, each with the database ID of the default role that it has of its own.
 */
export async function lockScopes(
  tx: Queryable,
  environmentId: string,
  organizationIds: readonly string[],
  ofEnvironment: boolean,
): Promise<Map<string, string | null>> {
  await holdEnvironment(tx, environmentId, { shared: !ofEnvironment });
  if (organizationIds.length === 0) return new Map();
  const { rows } = await tx.query<{ id: string; default_member_role_id: string | null }>(
    'select id, default_member_role_id from organizations where environment_id = $1 and id = any($2::bigint[]) order by id for no key update',
    [environmentId, organizationIds],
  );
  return new Map(rows.map(({ id, default_member_role_id: roleId }) => [id, roleId]));
}

/** The roles of the environment and of some organizations, those of any that have one of some names, and those that extend another. */
export async function findKnownRoles(
  db: Queryable,
  environmentId: string,
  organizationIds: readonly string[],
  names: readonly string[],
): Promise<KnownRole[]> {
  const { rows } = await db.query<{ id: string; organization_id: string | null; name: string; base_role_id: string | null }>(
    `select id, organization_id, name, base_role_id from roles
     where environment_id = $1 and (scope_id = 0 or scope_id = any($2::bigint[]) or name = any($3::text[]) or base_role_id is not null)`,
    [environmentId, organizationIds, names],
  );
  return rows.map(({ id, organization_id: organizationId, name, base_role_id: baseId }) => ({ id, organizationId, name, baseId }));
}

/** SQL: the states of `$2`. */
const states = `jsonb_to_recordset($2::jsonb) as s (id bigint, "organizationId" bigint, name text, display_name text, description text,
  "baseId" bigint)`;

/** Writes new roles without permissions. */
export async function insertRoles(tx: Queryable, environmentId: string, roles: readonly RoleState[]): Promise<void> {
  if (roles.length === 0) return;
  await tx.query(
    `insert into roles (environment_id, id, organization_id, name, display_name, description, base_role_id)
     select $1, s.id, s."organizationId", s.name, s.display_name, s.description, s."baseId" from ${states}`,
    [environmentId, JSON.stringify(roles)],
  );
}

/** Gives roles other fields, and raises their versions. */
export async function updateRoles(tx: Queryable, environmentId: string, roles: readonly RoleState[]): Promise<void> {
  if (roles.length === 0) return;
  await tx.query(
    `update roles t set display_name = s.display_name, description = s.description, base_role_id = s."baseId",
       version = t.version + 1, update_time = now()
     from ${states} where t.environment_id = $1 and t.id = s.id`,
    [environmentId, JSON.stringify(roles)],
  );
}

/** Locks roles (database IDs) against those who would give them to someone, until the transaction ends. */
export async function lockRoles(tx: Queryable, environmentId: string, ids: readonly string[]): Promise<void> {
  await tx.query('select from roles where environment_id = $1 and id = any($2::bigint[]) order by id for update', [environmentId, ids]);
}

/** What refers to a role. */
export interface RoleUse {
  /** whether anyone has it, or a role that is not among those asked for extends it */
  isUsed: boolean;
  /** whether it is the default of new members of an organization */
  isOrganizationDefault: boolean;
}

/** What refers to some locked roles, by database ID. */
export async function findRoleUses(tx: Queryable, environmentId: string, ids: readonly string[]): Promise<Map<string, RoleUse>> {
  const { rows } = await tx.query<{ id: string; is_used: boolean; is_default: boolean }>(
    `select r.id,
       exists (select from memberships m where m.environment_id = $1 and m.roles @> array[r.name::text]
         and (r.organization_id is null or m.organization_id = r.organization_id))
       or exists (select from roles d where d.environment_id = $1 and d.base_role_id = r.id and d.id <> all($2::bigint[])) as is_used,
       exists (select from organizations o where o.environment_id = $1 and o.default_member_role_id = r.id) as is_default
     from roles r where r.environment_id = $1 and r.id = any($2::bigint[])`,
    [environmentId, ids],
  );
  return new Map(rows.map(({ id, is_used: isUsed, is_default: isOrganizationDefault }) => [id, { isUsed, isOrganizationDefault }]));
}

/** Removes locked roles that nothing refers to any more but each other. */
export async function deleteRoles(tx: Queryable, environmentId: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.query('delete from roles where environment_id = $1 and id = any($2::bigint[])', [environmentId, ids]);
}

/** Which of some organizations (database IDs) have roles of their own. */
export async function findScopesWithRoles(db: Queryable, environmentId: string, organizationIds: readonly string[]): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>(
    `select o.id from unnest($2::bigint[]) as o (id) where exists (select from roles r where r.environment_id = $1 and r.scope_id = o.id)`,
    [environmentId, organizationIds],
  );
  return new Set(rows.map(({ id }) => id));
}

/** Puts permissions in place of those that some roles have themselves. All IDs are database IDs. */
export async function replacePermissionsOf(
  tx: Queryable,
  environmentId: string,
  roles: readonly { id: string; permissionIds: readonly string[] }[],
): Promise<void> {
  if (roles.length === 0) return;
  const pairs = roles.flatMap(({ id, permissionIds }) => permissionIds.map((permissionId) => [id, permissionId]));
  const columns = [pairs.map(([id]) => id), pairs.map(([, permissionId]) => permissionId)];
  await tx.query(
    `delete from role_permissions where environment_id = $1 and role_id = any($2::bigint[])
       and (role_id, permission_id) not in (select * from unnest($3::bigint[], $4::bigint[]))`,
    [environmentId, roles.map(({ id }) => id), ...columns],
  );
  await tx.query(
    `insert into role_permissions (environment_id, role_id, permission_id) select $1, * from unnest($2::bigint[], $3::bigint[])
     on conflict do nothing`,
    [environmentId, ...columns],
  );
}

/** Which of these names are roles that organizations (database IDs) have or see, as `organization ID/name`, and `0/name` for those of the environment. They stay until the transaction ends. */
export async function lockRolesOf(
  tx: Queryable,
  environmentId: string,
  organizationIds: readonly string[],
  names: readonly string[],
): Promise<Set<string>> {
  if (names.length === 0) return new Set();
  const { rows } = await tx.query<{ scope_id: string; name: string }>({
    name: 'lock-roles-of',
    text: `select r.scope_id, r.name from roles r
           where r.environment_id = $1 and r.scope_id = any(array[0] || $2::bigint[]) and r.name = any($3::text[])
           order by r.id for key share of r`,
    values: [environmentId, organizationIds, names],
  });
  return new Set(rows.map(({ scope_id: scope, name }) => `${scope}/${name}`));
}
