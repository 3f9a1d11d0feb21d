import type { MatchedBy, Metadata, Organization } from '@crosswalk/contract';
import { batchKeys } from '../database/batch-keys.ts';
import type { Queryable } from '../database/connection.ts';
import { likePattern } from '../database/like.ts';
import { type Condition, type Page, type PageRequest, selectPage } from '../database/page-query.ts';
import { eventOf, type NewEvent } from '../events/index.ts';
import { externalIdColumns, externalIdJoin, type Found, type Move, systemIdsOf } from '../external-ids/index.ts';
import { formatId } from '../lib/id.ts';
import type { SqlFilter } from '../metadata/index.ts';
import type { OrganizationFields } from './organization.ts';
import { type SettingsColumns, settingsOf } from './organization-settings.ts';

export interface OrganizationRow extends OrganizationFields, SettingsColumns {
  id: string;
  environment_id: string;
  metadata: Metadata;
  default_member_role: string | null;
  version: string;
  create_time: string;
  update_time: string;
}

/** SQL: what `toOrganization` reads of an organization `t`. */
export const columns =
  't.id, t.environment_id, t.display_name, t.external_id, t.external_ids, t.metadata, t.region_code, t.slug, t.logo_url, ' +
  't.sso_enabled, t.dir_sync_enabled, t.max_allowed_users, t.session_policy_source, t.absolute_session_timeout, ' +
  't.idle_session_timeout_enabled, t.idle_session_timeout, ' +
  '(select r.name from roles r where r.environment_id = t.environment_id and r.id = t.default_member_role_id) as default_member_role, ' +
  't.version, t.create_time, t.update_time';

/** The organization of a row of `columns`. */
export function toOrganization(row: OrganizationRow): Organization {
  return {
    id: formatId('org', row.id),
    environment_id: formatId('env', row.environment_id),
    display_name: row.display_name,
    external_id: row.external_id,
    external_ids: row.external_ids,
    metadata: row.metadata,
    region_code: row.region_code,
    slug: row.slug,
    logo_url: row.logo_url,
    settings: settingsOf(row),
    default_member_role: row.default_member_role,
    version: Number(row.version),
    create_time: row.create_time,
    update_time: row.update_time,
  };
}

/** Organizations by database ID, in the order of the keys; undefined where there is none. */
export async function findOrganizations(
  db: Queryable,
  keys: readonly { environmentId: string; id: string }[],
): Promise<(Organization | undefined)[]> {
  const { rows } = await db.query<OrganizationRow & { n: string }>({
    name: 'find-organizations',
    text: `select k.n, ${columns} from ${batchKeys('bigint', 'bigint')} as k (environment_id, id, n)
           join lateral (select * from organizations where environment_id = k.environment_id and id = k.id limit 1) t on true`,
    values: [keys.map((key) => key.environmentId), keys.map((key) => key.id)],
  });
  const found = new Map(rows.map((row) => [Number(row.n) - 1, toOrganization(row)]));
  return keys.map((_, index) => found.get(index));
}

/** Organizations by external ID, aliases included, in the order of the keys; undefined where there is none. */
export async function findOrganizationsByExternalId(
  db: Queryable,
  keys: readonly { environmentId: string; system: string; value: string }[],
): Promise<(Found<Organization> | undefined)[]> {
  const { rows } = await db.query<OrganizationRow & { n: string; is_alias: boolean }>({
    name: 'find-organizations-by-external-id',
    text: `select k.n, x.is_alias, ${columns}
           from ${batchKeys('bigint', 'text', 'text')} as k (environment_id, system, value, n)
           join ${externalIdJoin('organization')} on true
           join lateral (select * from organizations where environment_id = k.environment_id and id = x.record_id limit 1) t on true`,
    values: [keys.map((key) => key.environmentId), keys.map((key) => key.system), keys.map((key) => key.value)],
  });
  const found = new Map(
    rows.map((row): [number, Found<Organization>] => {
      const matchedBy: MatchedBy = row.is_alias ? 'alias' : 'external_id';
      return [Number(row.n) - 1, { record: toOrganization(row), matchedBy }];
    }),
  );
  return keys.map((_, index) => found.get(index));
}

/** The organization, locked until the transaction ends; undefined if there is none. */
export async function lockOrganization(tx: Queryable, environmentId: string, id: string): Promise<Organization | undefined> {
  const { rows } = await tx.query<OrganizationRow>({
    name: 'lock-organization',
    text: `select ${columns} from organizations t where t.environment_id = $1 and t.id = $2 for update`,
    values: [environmentId, id],
  });
  return rows.map(toOrganization)[0];
}

/** Gives organizations their new external IDs of one system; see external-ids. The events carry the records as they are then. */
export async function moveOrganizations(tx: Queryable, environmentId: string, system: string, moves: readonly Move[]): Promise<NewEvent[]> {
  const { rows } = await tx.query<OrganizationRow>(
    `update organizations t set version = t.version + 1, update_time = now(),
       external_id = case when $2 = '' then m.value else t.external_id end,
       external_ids = case when $2 = '' then t.external_ids else t.external_ids || jsonb_build_object($2::text, m.value) end
     from unnest($3::bigint[], $4::text[]) as m (id, value)
     where t.environment_id = $1 and t.id = m.id returning ${columns}`,
    [environmentId, system, moves.map(({ id }) => id), moves.map(({ to }) => to)],
  );
  const old = new Map(moves.map(({ id, from }) => [id, from]));
  return rows.map((row) => {
    const after = toOrganization(row);
    const before = { ...after, ...externalIdColumns(new Map([...systemIdsOf(after), [system, old.get(row.id) ?? '']])) };
    return eventOf('organization.updated', 'organization', before, after);
  });
}

/** Sets the default role of a locked organization's members (database IDs; null: that of the environment); see roles. Gives the events of that. */
export async function setDefaultMemberRole(tx: Queryable, environmentId: string, id: string, roleId: string | null): Promise<NewEvent[]> {
  const [before] = await findOrganizations(tx, [{ environmentId, id }]);
  const { rows } = await tx.query<OrganizationRow>(
    `update organizations t set default_member_role_id = $3, version = t.version + 1, update_time = now()
     where t.environment_id = $1 and t.id = $2 and t.default_member_role_id is distinct from $3 returning ${columns}`,
    [environmentId, id, roleId],
  );
  return rows.map((row) => eventOf('organization.updated', 'organization', before, toOrganization(row)));
}

/** Removes an organization that has no memberships, domains, roles and external IDs any more. */
export async function deleteOrganization(tx: Queryable, environmentId: string, id: string): Promise<void> {
  await tx.query('delete from organizations where environment_id = $1 and id = $2', [environmentId, id]);
}

/** The public ID of the organization that has a slug. */
export async function findSlugHolder(db: Queryable, environmentId: string, slug: string): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string }>('select id from organizations where environment_id = $1 and slug = $2', [
    environmentId,
    slug,
  ]);
  return rows.map(({ id }) => formatId('org', id))[0];
}

/** What a list of organizations is narrowed by; all of it must hold. */
export interface OrganizationsQuery {
  /** the primary external ID, exactly */
  externalId?: string | undefined;
  /** exactly; an empty one is nobody's */
  slug?: string | undefined;
  /** SQL of a metadata filter whose parameters begin at `$2` */
  filter?: SqlFilter | undefined;
  /** text that the name, an external ID or the ID contains, in any case of letters */
  search?: string | undefined;
}

/** The organizations of a list, as SQL. */
export function conditionOf(environmentId: string, { externalId, slug, filter, search }: OrganizationsQuery): Condition {
  const values: unknown[] = [environmentId, ...(filter?.values ?? [])];
  const where = ['t.environment_id = $1', ...(filter === undefined ? [] : [filter.sql])];
  if (externalId !== undefined) {
    values.push(externalId);
    where.push(`t.id = (select record_id from external_ids where environment_id = $1 and kind = 'organization' and system = ''
      and value = $${values.length} and alias_expire_time is null)`);
  }
  if (slug !== undefined) {
    values.push(slug);
    where.push(`t.slug = $${values.length}`);
  }
  if (search !== undefined) {
    values.push(likePattern(search));
    where.push(`t.search_text like $${values.length}`);
  }
  const indexed = filter?.indexed === true || [search, externalId, slug].some((narrowed) => narrowed !== undefined);
  const samePlan = search === undefined && (filter === undefined || filter.samePlan === true);
  return { where: where.join(' and '), values, indexed, samePlan, allOf: where.length === 1 ? 'organization' : undefined };
}

/** One page of organizations, newest first. */
export async function listOrganizations(
  db: Queryable,
  environmentId: string,
  query: OrganizationsQuery,
  request: PageRequest,
): Promise<Page<Organization>> {
  const page = await selectPage<OrganizationRow>(db, { columns, table: 'organizations', ...conditionOf(environmentId, query) }, request);
  return { ...page, items: page.items.map(toOrganization) };
}
