import type { Organization, OrganizationSettings } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import type { MetadataChange } from '../metadata/index.ts';
import type { NewOrganization, OrganizationFields } from './organization.ts';
import { columnsOf } from './organization-settings.ts';
import { columns, type OrganizationRow, toOrganization } from './organization-store.ts';

/** An organization as it is to be, by database ID. */
export interface OrganizationState extends NewOrganization {
  id: string;
  settings: OrganizationSettings;
  /** name of a role of the environment or of its own; null: the default of the environment */
  defaultMemberRole: string | null;
}

/** SQL: the states of `$2`. */
const states = `jsonb_to_recordset($2::jsonb) as s (id bigint, display_name text, external_id text, external_ids jsonb,
  region_code text, slug text, logo_url text, metadata jsonb, sso_enabled boolean, dir_sync_enabled boolean, max_allowed_users integer,
  session_policy_source text, absolute_session_timeout integer, idle_session_timeout_enabled boolean, idle_session_timeout integer,
  default_member_role text)`;

/** SQL: the default member role of a state, by its name. */
const defaultRole = `case when s.default_member_role is not null then (select r.id from roles r
  where r.environment_id = $1 and r.scope_id in (0, s.id) and r.name = s.default_member_role) end`;

function json(organizations: readonly OrganizationState[]): string {
  return JSON.stringify(
    organizations.map(({ id, fields, metadata, settings, defaultMemberRole }) => ({
      id,
      ...fields,
      metadata,
      ...columnsOf(settings),
      default_member_role: defaultMemberRole,
    })),
  );
}

/** Organizations, locked until the transaction ends, by database ID; in the order of IDs, so that two writers of many wait for each other. */
export async function lockOrganizations(tx: Queryable, environmentId: string, ids: readonly string[]): Promise<Map<string, Organization>> {
  if (ids.length === 0) return new Map();
  const { rows } = await tx.query<OrganizationRow>({
    name: 'lock-organizations',
    text: `select ${columns} from organizations t where t.environment_id = $1 and t.id = any($2::bigint[]) order by t.id for update of t`,
    values: [environmentId, ids],
  });
  return new Map(rows.map((row) => [row.id, toOrganization(row)]));
}

/** Writes new organizations. Their external IDs are claimed before. */
export async function insertOrganizations(
  tx: Queryable,
  environmentId: string,
  organizations: readonly OrganizationState[],
): Promise<Map<string, Organization>> {
  if (organizations.length === 0) return new Map();
  const { rows } = await tx.query<OrganizationRow>({
    name: 'insert-organizations',
    text: `insert into organizations as t (environment_id, id, display_name, external_id, external_ids, region_code, slug, logo_url, metadata,
             sso_enabled, dir_sync_enabled, max_allowed_users, session_policy_source, absolute_session_timeout, idle_session_timeout_enabled,
             idle_session_timeout, default_member_role_id)
           select $1, s.id, s.display_name, s.external_id, s.external_ids, s.region_code, s.slug, s.logo_url, s.metadata,
             s.sso_enabled, s.dir_sync_enabled, s.max_allowed_users, s.session_policy_source, s.absolute_session_timeout,
             s.idle_session_timeout_enabled, s.idle_session_timeout, ${defaultRole} from ${states}
           returning ${columns}`,
    values: [environmentId, json(organizations)],
  });
  return new Map(rows.map((row) => [row.id, toOrganization(row)]));
}

/** A change of a locked organization: its fields as they are to be, and what becomes of its metadata. */
export interface OrganizationChange {
  id: string;
  fields: OrganizationFields;
  metadata: MetadataChange;
}

/**
 * Sets the fields and changes the metadata of locked organizations, no two of them the same, and raises their versions. Returns those that it
 * changed, by database ID. Metadata is merged by the database, so that no key of another writer is lost.
 */
export async function changeOrganizations(
  tx: Queryable,
  environmentId: string,
  changes: readonly OrganizationChange[],
): Promise<Map<string, Organization>> {
  const { rows } = await tx.query<OrganizationRow>({
    name: 'change-organizations',
    text: `update organizations t set display_name = s.display_name, external_id = s.external_id, external_ids = s.external_ids,
             region_code = s.region_code, slug = s.slug, logo_url = s.logo_url, metadata = n.metadata, version = t.version + 1, update_time = now()
           from jsonb_to_recordset($2::jsonb) as s (id bigint, display_name text, external_id text, external_ids jsonb, region_code text,
             slug text, logo_url text, metadata jsonb, replace boolean)
           cross join lateral (
             select case when s.replace then s.metadata else crosswalk_merge_patch(o.metadata, s.metadata) end as metadata
             from organizations o where o.environment_id = $1 and o.id = s.id) n
           where t.environment_id = $1 and t.id = s.id
             and (t.display_name, t.external_id, t.external_ids, t.region_code, t.slug, t.logo_url, t.metadata)
               is distinct from (s.display_name, s.external_id, s.external_ids, s.region_code, s.slug, s.logo_url, n.metadata)
           returning ${columns}`,
    values: [environmentId, JSON.stringify(changes.map(({ id, fields, metadata }) => ({ id, ...fields, ...metadata })))],
  });
  return new Map(rows.map((row) => [row.id, toOrganization(row)]));
}

/** Gives locked organizations other fields and metadata, and raises their versions. */
export async function updateOrganizations(
  tx: Queryable,
  environmentId: string,
  organizations: readonly OrganizationState[],
): Promise<Map<string, Organization>> {
  if (organizations.length === 0) return new Map();
  const { rows } = await tx.query<OrganizationRow>({
    name: 'update-organizations',
    text: `update organizations t set display_name = s.display_name, external_id = s.external_id, external_ids = s.external_ids,
             region_code = s.region_code, slug = s.slug, logo_url = s.logo_url, metadata = s.metadata, sso_enabled = s.sso_enabled,
             dir_sync_enabled = s.dir_sync_enabled, max_allowed_users = s.max_allowed_users, session_policy_source = s.session_policy_source,
             absolute_session_timeout = s.absolute_session_timeout, idle_session_timeout_enabled = s.idle_session_timeout_enabled,
             idle_session_timeout = s.idle_session_timeout, default_member_role_id = ${defaultRole}, version = t.version + 1, update_time = now()
           from ${states} where t.environment_id = $1 and t.id = s.id returning ${columns}`,
    values: [environmentId, json(organizations)],
  });
  return new Map(rows.map((row) => [row.id, toOrganization(row)]));
}

/** Gives locked organizations other default roles (all IDs are database IDs) and raises their versions. Returns them by database ID. */
export async function setDefaultMemberRoles(
  tx: Queryable,
  environmentId: string,
  defaults: readonly { organizationId: string; roleId: string | null }[],
): Promise<Map<string, Organization>> {
  if (defaults.length === 0) return new Map();
  const { rows } = await tx.query<OrganizationRow>({
    name: 'set-default-member-roles',
    text: `update organizations t set default_member_role_id = s.role_id, version = t.version + 1, update_time = now()
           from unnest($2::bigint[], $3::bigint[]) as s (id, role_id) where t.environment_id = $1 and t.id = s.id returning ${columns}`,
    values: [environmentId, defaults.map(({ organizationId }) => organizationId), defaults.map(({ roleId }) => roleId)],
  });
  return new Map(rows.map((row) => [row.id, toOrganization(row)]));
}

/** The default roles that organizations have of their own: database ID of the organization to that of the role. */
export async function findDefaultsOf(db: Queryable, environmentId: string, ids: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await db.query<{ id: string; role_id: string }>(
    `select id, default_member_role_id as role_id from organizations
     where environment_id = $1 and id = any($2::bigint[]) and default_member_role_id is not null`,
    [environmentId, ids],
  );
  return new Map(rows.map(({ id, role_id: roleId }) => [id, roleId]));
}

/** Which of some organizations (database IDs) have clients or tokens, which a deletion takes without a trace. */
export async function findWithCredentials(db: Queryable, environmentId: string, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>(
    `select o.id from unnest($2::bigint[]) as o (id)
     where exists (select from organization_clients c where c.environment_id = $1 and c.organization_id = o.id)
       or exists (select from api_tokens a where a.environment_id = $1 and a.organization_id = o.id)`,
    [environmentId, ids],
  );
  return new Set(rows.map(({ id }) => id));
}

/** Removes locked organizations that have no memberships, domains, roles and external IDs any more. */
export async function deleteOrganizations(tx: Queryable, environmentId: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.query({
    name: 'delete-organizations',
    text: 'delete from organizations where environment_id = $1 and id = any($2::bigint[])',
    values: [environmentId, ids],
  });
}

/** Who has which of some slugs: slug to database ID. */
export async function findSlugHolders(db: Queryable, environmentId: string, slugs: readonly string[]): Promise<Map<string, string>> {
  if (slugs.length === 0) return new Map();
  const { rows } = await db.query<{ slug: string; id: string }>({
    name: 'find-slug-holders',
    text: 'select slug, id from organizations where environment_id = $1 and slug = any($2::text[])',
    values: [environmentId, slugs],
  });
  return new Map(rows.map(({ slug, id }) => [slug, id]));
}
