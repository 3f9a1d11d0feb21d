import type { DomainType, MembershipStatus, Metadata, UserProfileInput } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import type { Condition } from '../database/page-query.ts';
import type { SettingsColumns } from '../organizations/index.ts';

/** An organization as it is exported. IDs are database IDs. */
export interface StoredOrganization extends SettingsColumns {
  id: string;
  external_id: string | null;
  external_ids: Record<string, string>;
  display_name: string;
  region_code: 'US' | 'EU' | null;
  slug: string | null;
  logo_url: string | null;
  metadata: Metadata;
  /** its default role, if that is one of the environment */
  default_member_role: string | null;
  domains: { domain: string; domain_type: DomainType }[];
}

export interface StoredPermission {
  id: string;
  name: string;
  description: string;
}

export interface StoredUser {
  id: string;
  external_id: string | null;
  external_ids: Record<string, string>;
  email: string;
  profile: UserProfileInput;
  metadata: Metadata;
}

/** A membership with what names its organization and its user. */
export interface StoredMembership {
  id: string;
  organization_id: string;
  external_id: string | null;
  external_ids: Record<string, string>;
  email: string;
  user_external_id: string | null;
  user_external_ids: Record<string, string>;
  roles: string[];
  status: MembershipStatus;
  metadata: Metadata;
  inviter_email: string | null;
}

/** A role with what names its organization. */
export interface StoredRole {
  organization_id: string | null;
  external_id: string | null;
  external_ids: Record<string, string> | null;
  name: string;
  display_name: string;
  description: string;
  base: string | null;
  permissions: string[];
  default_creator: boolean;
  default_member: boolean;
}

/** Which rows a statement gives: the next beyond an ID, or those of some IDs. Database IDs. */
export type Part = { after: string; limit: number } | { ids: readonly string[] };

/** SQL: the rows of a part, oldest first, of a table whose columns have a prefix. Its parameters are `$2` and `$3`. `name` is that of the statement. */
function partOf(part: Part, prefix = ''): { name: string; sql: string; values: unknown[] } {
  const id = `${prefix}id`;
  return 'ids' in part
    ? { name: 'those', sql: `${id} = any($2::bigint[]) order by ${id}`, values: [part.ids] }
    : { name: 'next', sql: `${id} > $2 order by ${id} limit $3`, values: [part.after, part.limit] };
}

/*
 * Each statement gives the next rows beyond an ID, oldest first, by the primary key: it does the same work wherever the export is, and no
 * statement runs for long.
 */

export async function readOrganizations(db: Queryable, environmentId: string, part: Part): Promise<StoredOrganization[]> {
  const { name, sql, values } = partOf(part, 'o.');
  const { rows } = await db.query<StoredOrganization>({
    name: `export-${name}-organizations`,
    text: `select o.id, o.external_id, o.external_ids, o.display_name, o.region_code, o.slug, o.logo_url, o.metadata, o.sso_enabled,
             o.dir_sync_enabled, o.max_allowed_users, o.session_policy_source, o.absolute_session_timeout, o.idle_session_timeout_enabled,
             o.idle_session_timeout,
             (select r.name from roles r where r.environment_id = $1 and r.id = o.default_member_role_id and r.scope_id = 0) as default_member_role,
             coalesce((select jsonb_agg(jsonb_build_object('domain', d.domain, 'domain_type', d.domain_type) order by d.id)
               from domains d where d.environment_id = $1 and d.organization_id = o.id), '[]') as domains
           from organizations o where o.environment_id = $1 and ${sql}`,
    values: [environmentId, ...values],
  });
  return rows;
}

export async function nextPermissions(db: Queryable, environmentId: string, after: string, limit: number): Promise<StoredPermission[]> {
  const { rows } = await db.query<StoredPermission>({
    name: 'export-permissions',
    text: 'select id, name, description from permissions where environment_id = $1 and id > $2 order by id limit $3',
    values: [environmentId, after, limit],
  });
  return rows;
}

export async function readUsers(db: Queryable, environmentId: string, part: Part): Promise<StoredUser[]> {
  const { name, sql, values } = partOf(part);
  const { rows } = await db.query<StoredUser>({
    name: `export-${name}-users`,
    text: `select id, external_id, external_ids, email, profile, metadata
           from users where environment_id = $1 and ${sql}`,
    values: [environmentId, ...values],
  });
  return rows;
}

export async function readMemberships(db: Queryable, environmentId: string, part: Part): Promise<StoredMembership[]> {
  const { name, sql, values } = partOf(part);
  const { rows } = await db.query<StoredMembership>({
    name: `export-${name}-memberships`,
    // Each look-up is a subquery of its own (`limit`): an index search whatever the planner knows of the tables.
    text: `select m.id, m.organization_id, o.external_id, o.external_ids, u.email, u.external_id as user_external_id,
             u.external_ids as user_external_ids, m.roles, m.status, m.metadata, m.inviter_email
           from (select * from memberships where environment_id = $1 and ${sql}) m
           join lateral (select external_id, external_ids from organizations
             where environment_id = $1 and id = m.organization_id limit 1) o on true
           join lateral (select email, external_id, external_ids from users where environment_id = $1 and id = m.user_id limit 1) u on true
           order by m.id`,
    values: [environmentId, ...values],
  });
  return rows;
}

/** The next organizations beyond one that have roles of their own. Database IDs. */
export async function nextRoleScopes(db: Queryable, environmentId: string, after: string, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ scope_id: string }>({
    name: 'export-role-scopes',
    text: 'select distinct scope_id from roles where environment_id = $1 and scope_id > $2 order by scope_id limit $3',
    values: [environmentId, after, limit],
  });
  return rows.map(({ scope_id }) => scope_id);
}

/** The roles of some scopes (0: the environment; else organizations), scope by scope: each after the one it extends, else oldest first. */
export async function rolesOf(db: Queryable, environmentId: string, scopes: readonly string[]): Promise<StoredRole[]> {
  const { rows } = await db.query<StoredRole>({
    name: 'export-roles',
    text: `with recursive own as (select * from roles where environment_id = $1 and scope_id = any($2::bigint[])),
             placed (id, depth) as (
               select r.id, 1 from own r
               where not exists (select from own b where b.id = r.base_role_id and b.scope_id = r.scope_id)
               union all
               select r.id, p.depth + 1 from placed p join own r on r.base_role_id = p.id
               where r.scope_id = (select b.scope_id from own b where b.id = p.id))
           select r.organization_id, o.external_id, o.external_ids, r.name, r.display_name, r.description,
             (select b.name from roles b where b.environment_id = $1 and b.id = r.base_role_id) as base,
             array(select p.name from role_permissions g
               join permissions p on p.environment_id = g.environment_id and p.id = g.permission_id
               where g.environment_id = $1 and g.role_id = r.id order by p.name) as permissions,
             r.id = e.default_creator_role_id as default_creator,
             r.id = coalesce(o.default_member_role_id, case when r.organization_id is null then e.default_member_role_id end, 0) as default_member
           from placed p join own r on r.id = p.id join environments e on e.id = $1
           left join organizations o on o.environment_id = $1 and o.id = r.organization_id
           order by r.scope_id, p.depth, r.id`,
    values: [environmentId, scopes],
  });
  return rows;
}

/** Tables whose rows have metadata, and lists that are narrowed. */
export type Table = 'organizations' | 'users' | 'memberships';

/** What the rows of a stretch of a table have in one of their objects: a key, and the types its values have as JSON. */
export interface FoundKey {
  part: 'external_ids' | 'metadata';
  key: string;
  types: string[];
}

/** The keys in a part of a table, and the last of its IDs; undefined when there are no more rows. */
export async function readKeys(
  db: Queryable,
  environmentId: string,
  table: Table,
  part: Part,
): Promise<{ keys: FoundKey[]; last: string | undefined }> {
  const { name, sql, values } = partOf(part);
  const externalIds =
    table === 'memberships'
      ? ''
      : `union all select 'external_ids', k.key, array['string'] from page, jsonb_object_keys(external_ids) k (key) group by k.key`;
  const { rows } = await db.query<{ part: FoundKey['part'] | 'last'; key: string | null; types: string[] }>({
    name: `export-keys-of-${name}-${table}`,
    text: `with page as materialized (select * from ${table} where environment_id = $1 and ${sql})
           select 'metadata' as part, k.key, array_agg(distinct jsonb_typeof(k.value)) as types
           from page, jsonb_each(metadata) k group by k.key
           ${externalIds}
           union all select 'last', max(id)::text, array[]::text[] from page`,
    values: [environmentId, ...values],
  });
  const keys = rows.flatMap(({ part, key, types }) => (part === 'last' || key === null ? [] : [{ part, key, types }]));
  return { keys, last: rows.find(({ part }) => part === 'last')?.key ?? undefined };
}

/** Those rows that match, if an index finds them and they are no more than `limit`; else undefined. Database IDs, in their order. */
export async function findMatches(db: Queryable, table: Table, { where, values }: Condition, limit: number): Promise<string[] | undefined> {
  const { rows } = await db.query<{ ids: string[] | null }>(
    `select array_agg(m.id::text order by m.id) as ids from (select t.id from ${table} t where ${where} limit ${limit + 1}) m`,
    values,
  );
  const ids = rows[0]?.ids ?? [];
  return ids.length > limit ? undefined : ids;
}

/**
 * Which of the next `limit` rows beyond an ID match, and the last of those that were looked at; undefined when there are no more. It looks at
 * no more of them, so it ends soon whatever the condition is. Database IDs.
 */
export async function nextMatches(
  db: Queryable,
  table: Table,
  { where, values }: Condition,
  after: string,
  limit: number,
): Promise<{ ids: string[]; last: string | undefined }> {
  const { rows } = await db.query<{ ids: string[] | null; last: string | null }>(
    `select array_agg(t.id::text order by t.id) filter (where ${where}) as ids, max(t.id) as last
     from (select * from ${table} where environment_id = $1 and id > $${values.length + 1} order by id limit ${limit}) t`,
    [...values, after],
  );
  return { ids: rows[0]?.ids ?? [], last: rows[0]?.last ?? undefined };
}
