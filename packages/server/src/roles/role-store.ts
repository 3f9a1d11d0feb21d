import { type Role, type RoleInclude, type RolePermission, roleLimits } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { holdEnvironment } from '../database/hold-environment.ts';
import { formatId } from '../lib/id.ts';
import { isoTime } from '../lib/time.ts';
import type { Chain, RoleFields, RoleScope } from './role.ts';

interface RoleRow extends RoleFields {
  id: string;
  environment_id: string;
  organization_id: string | null;
  name: string;
  default_creator: boolean;
  default_member: boolean;
  dependent_roles_count: number;
  permissions?: RolePermission[];
  version: string;
  create_time: string;
  update_time: string;
}

/** Counting the roles that extend a role stops here, as it does for pages of records. */
const countLimit = 10_000;

/** Dependents in one answer: a role of the environment may have some in every organization. */
const listLimit = 1_000;

/** SQL: the defaults that hold in the scope `$2` of the environment `$1`; for a role `t` of an organization, those of that organization. */
const defaultCreator = '(select default_creator_role_id from environments where id = $1)';
const defaultMember = `coalesce(
  (select default_member_role_id from organizations where environment_id = $1 and id = coalesce($2, t.organization_id)),
  (select default_member_role_id from environments where id = $1))`;

/** SQL: which roles the scope `$2` of the environment `$1` sees: those of the environment, and its own; an organization that is not there sees none. */
const visible = `t.environment_id = $1 and t.scope_id in (0, $2)
  and ($2::bigint is null or exists (select from organizations o where o.environment_id = $1 and o.id = $2))`;

/** SQL: the columns of a role `t` as the scope `$2` sees it, with the permissions that are wanted. */
function columns(include: RoleInclude): string {
  return `t.id, t.environment_id, t.organization_id, t.name, t.display_name, t.description, t.version, t.create_time, t.update_time,
    (select b.name from roles b where b.environment_id = t.environment_id and b.id = t.base_role_id) as extends,
    t.id = ${defaultCreator} as default_creator, t.id = ${defaultMember} as default_member,
    (select count(*)::int from (select from roles d where d.environment_id = t.environment_id and d.base_role_id = t.id
       and ($2::bigint is null or d.scope_id in (0, $2)) limit ${countLimit}) d) as dependent_roles_count${include === '' ? '' : `, ${permissionsJson(include === 'permissions' ? 1 : roleLimits.depth)} as permissions`}`;
}

/** SQL: the permissions that a role `t` has from the first `depth` roles of its chain, by name, as one JSON array. */
function permissionsJson(depth: number): string {
  return `coalesce((
    with recursive chain (id, name, base_role_id, depth) as (
      select t.id, t.name, t.base_role_id, 1
      union all
      select b.id, b.name, b.base_role_id, c.depth + 1
      from chain c join roles b on b.environment_id = t.environment_id and b.id = c.base_role_id where c.depth < ${depth})
    select jsonb_agg(jsonb_build_object('id', p.id::text, 'name', p.name, 'description', p.description,
      'create_time', p.create_time, 'update_time', p.update_time, 'role_name', p.role_name) order by p.name)
    from (select distinct on (p.name) p.*, c.name as role_name
          from chain c
          join role_permissions g on g.environment_id = t.environment_id and g.role_id = c.id
          join permissions p on p.environment_id = g.environment_id and p.id = g.permission_id
          order by p.name, c.depth) p), '[]'::jsonb)`;
}

function toRole(row: RoleRow): Role {
  return {
    id: formatId('role', row.id),
    environment_id: formatId('env', row.environment_id),
    organization_id: row.organization_id === null ? null : formatId('org', row.organization_id),
    name: row.name,
    display_name: row.display_name,
    description: row.description,
    extends: row.extends,
    default_creator: row.default_creator,
    default_member: row.default_member,
    is_org_role: row.organization_id !== null,
    dependent_roles_count: row.dependent_roles_count,
    ...(row.permissions === undefined ? {} : { permissions: row.permissions.map(toRolePermission) }),
    version: Number(row.version),
    create_time: row.create_time,
    update_time: row.update_time,
  };
}

/** A permission of a role, from a row that came as JSON. */
export function toRolePermission({ id, name, description, create_time, update_time, role_name }: RolePermission): RolePermission {
  return {
    id: formatId('perm', id),
    name,
    description,
    create_time: isoTime(create_time),
    update_time: isoTime(update_time),
    role_name,
  };
}

/**
 * Keeps other writers of roles out until the transaction ends: the first statement of every change to them. A change for the
 * environment excludes all others, one for an organization those for the environment and for the same organization: so
 * what a change sees of roles, what they extend and what they may do stays true. False if there is no such organization.
 */
export async function lockScope(tx: Queryable, environmentId: string, { organizationId }: RoleScope): Promise<boolean> {
  await holdEnvironment(tx, environmentId, { shared: organizationId !== null });
  if (organizationId === null) return true;
  const { rowCount } = await tx.query('select from organizations where environment_id = $1 and id = $2 for no key update', [
    environmentId,
    organizationId,
  ]);
  return rowCount === 1;
}

/** The role of a name that a scope sees. */
export async function findRole(
  db: Queryable,
  environmentId: string,
  { organizationId }: RoleScope,
  name: string,
  include: RoleInclude,
): Promise<Role | undefined> {
  const { rows } = await db.query<RoleRow>(`select ${columns(include)} from roles t where ${visible} and t.name = $3`, [
    environmentId,
    organizationId,
    name,
  ]);
  return rows.map(toRole)[0];
}

/** Every role that a scope sees: those of the environment first, each group oldest first. */
export async function listRoles(
  db: Queryable,
  environmentId: string,
  { organizationId }: RoleScope,
  include: RoleInclude,
): Promise<Role[]> {
  const { rows } = await db.query<RoleRow>(
    `select ${columns(include)} from roles t where ${visible} order by t.scope_id, t.id limit ${2 * roleLimits.roles}`,
    [environmentId, organizationId],
  );
  return rows.map(toRole);
}

/** Up to 1,000 roles that extend a role (database ID) directly: those of the environment first. An organization sees its own alone. */
export async function listDependents(db: Queryable, environmentId: string, { organizationId }: RoleScope, id: string): Promise<Role[]> {
  const { rows } = await db.query<RoleRow>(
    `select ${columns('')} from roles t where t.environment_id = $1 and t.base_role_id = $3
       and ($2::bigint is null or t.scope_id in (0, $2)) order by t.scope_id, t.id limit ${listLimit}`,
    [environmentId, organizationId, id],
  );
  return rows.map(toRole);
}

/** Roles by database ID, as the environment sees them, with their own permissions; in the order of their IDs. */
export async function findRolesById(db: Queryable, environmentId: string, ids: readonly string[]): Promise<Role[]> {
  const { rows } = await db.query<RoleRow>(
    `select ${columns('permissions')} from roles t where t.environment_id = $1 and t.id = any($3::bigint[]) order by t.id`,
    [environmentId, null, ids],
  );
  return rows.map(toRole);
}

/** The first role that keeps a scope from having one of its own of this name: ID and organization are public ones. */
export async function findNameHolder(
  db: Queryable,
  environmentId: string,
  { organizationId }: RoleScope,
  name: string,
): Promise<Pick<Role, 'id' | 'organization_id'> | undefined> {
  const { rows } = await db.query<{ id: string; organization_id: string | null }>(
    `select id, organization_id from roles
     where environment_id = $1 and name = $3 and ($2::bigint is null or scope_id in (0, $2)) order by scope_id limit 1`,
    [environmentId, organizationId, name],
  );
  return rows.map((row) => ({
    id: formatId('role', row.id),
    organization_id: row.organization_id === null ? null : formatId('org', row.organization_id),
  }))[0];
}

/** Where a role (by database ID; null for one that is about to be) would be if it extended `base`, which the scope sees. */
export async function findChain(
  tx: Queryable,
  environmentId: string,
  { organizationId }: RoleScope,
  id: string | null,
  base: string,
): Promise<Chain> {
  const { rows } = await tx.query<Chain>(
    `with recursive up (id, base_role_id, depth) as (
       select t.id, t.base_role_id, 1 from roles t where ${visible} and t.name = $4
       union all
       select b.id, b.base_role_id, up.depth + 1 from up join roles b on b.environment_id = $1 and b.id = up.base_role_id
       where up.depth <= ${roleLimits.depth}
     ), down (id, depth) as (
       select id, 1 from roles where environment_id = $1 and id = $3
       union all
       select d.id, down.depth + 1 from down join roles d on d.environment_id = $1 and d.base_role_id = down.id
       where down.depth <= ${roleLimits.depth}
     )
     select (select count(*)::int from up) as above, coalesce((select max(depth) from down), 1) as below,
       exists (select from up where id = $3) as circular`,
    [environmentId, organizationId, id, base],
  );
  const [chain] = rows;
  if (chain === undefined) throw new Error('a select without a table returned no row');
  return chain;
}

/** SQL: the database ID of the role that `$2` sees under the name in a parameter. */
const idOfName = (parameter: string) =>
  `(select b.id from roles b where b.environment_id = $1 and b.scope_id in (0, $2) and b.name = ${parameter})`;

/** Writes a new role without permissions; false if its scope has as many as it may. What it extends is checked before. */
export async function insertRole(
  tx: Queryable,
  environmentId: string,
  { organizationId }: RoleScope,
  id: string,
  name: string,
  fields: RoleFields,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into roles (environment_id, id, organization_id, name, display_name, description, base_role_id)
     select $1, $3, $2, $4, $5, $6, ${idOfName('$7')}
     where (select count(*) from roles where environment_id = $1 and scope_id = coalesce($2::bigint, 0)) < ${roleLimits.roles}`,
    [environmentId, organizationId, id, name, fields.display_name, fields.description, fields.extends],
  );
  return rowCount === 1;
}

/** Sets the fields of a role and raises its version; undefined if that changes nothing and nothing else did (`changed`). */
export async function updateRole(
  tx: Queryable,
  environmentId: string,
  { organizationId }: RoleScope,
  id: string,
  fields: RoleFields,
  changed: boolean,
): Promise<Role | undefined> {
  const { rows } = await tx.query<RoleRow>(
    `update roles t set display_name = $4, description = $5, base_role_id = n.base_role_id, version = t.version + 1, update_time = now()
     from (select ${idOfName('$6')} as base_role_id) n
     where t.environment_id = $1 and t.id = $3
       and ($7 or (t.display_name, t.description, t.base_role_id) is distinct from ($4, $5, n.base_role_id))
     returning ${columns('permissions')}`,
    [environmentId, organizationId, id, fields.display_name, fields.description, fields.extends, changed],
  );
  return rows.map(toRole)[0];
}

/** Raises the versions of roles (database IDs) of which something changed elsewhere; returns them as the environment sees them now. */
export async function touchRoles(tx: Queryable, environmentId: string, ids: readonly string[]): Promise<Role[]> {
  const { rows } = await tx.query<RoleRow>(
    `update roles t set version = t.version + 1, update_time = now()
     where t.environment_id = $1 and t.id = any($3::bigint[]) returning ${columns('permissions')}`,
    [environmentId, null, ids],
  );
  return rows.map(toRole);
}

/** Removes a role with what it may do. */
export async function deleteRole(tx: Queryable, environmentId: string, id: string): Promise<void> {
  await tx.query('delete from roles where environment_id = $1 and id = $2', [environmentId, id]);
}

/** Removes the roles of an organization (database ID) whose memberships are gone; returns what they were. */
export async function deleteRolesOfOrganization(tx: Queryable, environmentId: string, organizationId: string): Promise<Role[]> {
  const own = `select ${columns('permissions')} from roles t where t.environment_id = $1 and t.scope_id = $2 order by t.id`;
  // The order in which everything that changes several roles locks them.
  await tx.query('select from roles where environment_id = $1 and scope_id = $2 order by id for update', [environmentId, organizationId]);
  const { rows } = await tx.query<RoleRow>(own, [environmentId, organizationId]);
  // One statement, as the organization refers to its default and roles to their base: foreign keys are checked at its end.
  await tx.query(
    `with freed as (update organizations set default_member_role_id = null where environment_id = $1 and id = $2)
     delete from roles where environment_id = $1 and scope_id = $2`,
    [environmentId, organizationId],
  );
  return rows.map(toRole);
}

/** How many people have a role: of the organization, or in all of them. */
export async function countUsers(db: Queryable, environmentId: string, { organizationId }: RoleScope, name: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(distinct user_id)::int as count from memberships
     where environment_id = $1 and roles @> array[$3::text] and ($2::bigint is null or organization_id = $2)`,
    [environmentId, organizationId, name],
  );
  return rows[0]?.count ?? 0;
}

/** Whether any membership has a role of the scope. */
export async function hasUsers(tx: Queryable, environmentId: string, { organizationId }: RoleScope, name: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    `select from memberships where environment_id = $1 and roles @> array[$3::text] and ($2::bigint is null or organization_id = $2) limit 1`,
    [environmentId, organizationId, name],
  );
  return rowCount === 1;
}

/** The default roles as a scope has them. */
export async function findDefaultRoles(
  db: Queryable,
  environmentId: string,
  { organizationId }: RoleScope,
): Promise<{ creator: Role; member: Role }> {
  const { rows } = await db.query<RoleRow>(
    `select ${columns('')} from roles t where ${visible} and t.id in (${defaultCreator}, ${defaultMember})`,
    [environmentId, organizationId],
  );
  const roles = rows.map(toRole);
  const creator = roles.find((role) => role.default_creator);
  const member = roles.find((role) => role.default_member);
  if (creator === undefined || member === undefined) throw new Error('an environment has default roles');
  return { creator, member };
}

/** Sets the default roles (database IDs) of the environment. */
export async function setDefaultRoles(tx: Queryable, environmentId: string, creatorId: string, memberId: string): Promise<void> {
  await tx.query('update environments set default_creator_role_id = $2, default_member_role_id = $3 where id = $1', [
    environmentId,
    creatorId,
    memberId,
  ]);
}

/** The public ID of an organization that has a role (database ID) as its default. */
export async function findOrganizationWithDefault(db: Queryable, environmentId: string, id: string): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string }>(
    'select id from organizations where environment_id = $1 and default_member_role_id = $2 order by id limit 1',
    [environmentId, id],
  );
  return rows.map((row) => formatId('org', row.id))[0];
}
