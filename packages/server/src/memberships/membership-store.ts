import { type AssignedRole, invitationLimits, type Membership, type MembershipStatus, type Metadata } from '@crosswalk/contract';
import { plainArray } from '../database/columns.ts';
import type { Queryable } from '../database/connection.ts';
import { type Condition, type Page, type PageRequest, selectPage } from '../database/page-query.ts';
import { formatId } from '../lib/id.ts';
import { isoTime } from '../lib/time.ts';
import type { MetadataChange, SqlFilter } from '../metadata/index.ts';
import { assignedRolesJson, permissionsOfRoles, type RoleScope, roleChains, toAssignedRole } from '../roles/index.ts';
import type { MembershipFields, NewMembership } from './membership.ts';

export interface MembershipRow {
  id: string;
  organization_id: string;
  user_id: string;
  status: MembershipStatus;
  roles: AssignedRole[];
  metadata: Metadata;
  inviter_email: string | null;
  join_time: string | null;
  invite_expire_time: string | null;
  version: string;
  create_time: string;
  update_time: string;
}

/** SQL: what `toMembership` reads of a membership `t`. */
export const columns = `t.id, t.organization_id, t.user_id, t.status, ${assignedRolesJson('t')} as roles, t.metadata, t.inviter_email, t.join_time,
  t.invite_expire_time, t.version, t.create_time, t.update_time`;

/** Also reads a row that came as JSON (see `membershipsJson`), where times have another text form. */
export function toMembership(row: MembershipRow): Membership {
  return {
    id: formatId('mem', row.id),
    organization_id: formatId('org', row.organization_id),
    user_id: formatId('usr', row.user_id),
    membership_status: row.status,
    roles: row.roles.map(toAssignedRole),
    metadata: row.metadata,
    inviter_email: row.inviter_email,
    join_time: row.join_time === null ? null : isoTime(row.join_time),
    expires_at: row.invite_expire_time === null ? null : isoTime(row.invite_expire_time),
    version: Number(row.version),
    create_time: isoTime(row.create_time),
    update_time: isoTime(row.update_time),
  };
}

/** Memberships of one statement: bounds the memory that they and their events take while they pass through. */
const batchSize = 1000;

/**
 * Memberships shown within a user, and their metadata together, in bytes of text: eight memberships of the largest metadata at least. More are
 * found by the list of memberships. A page has 100 users, which would be 330 MB if each had a hundred of the largest.
 */
const shownWithUser = { count: 100, bytes: 256 * 1024 };

/**
 * SQL: the first memberships of user `t`, oldest first, as one JSON array for `toMembership`. IDs are text
 * there, as a JSON number would lose their last digits.
 */
export const membershipsJson = `coalesce((
  select jsonb_agg(jsonb_build_object('id', m.id::text, 'organization_id', m.organization_id::text, 'user_id', m.user_id::text,
    'status', m.status, 'roles', ${assignedRolesJson('m')}, 'metadata', m.metadata, 'inviter_email', m.inviter_email, 'join_time', m.join_time,
    'invite_expire_time', m.invite_expire_time, 'version', m.version, 'create_time', m.create_time, 'update_time', m.update_time) order by m.id)
  from (
    select *, sum(octet_length(metadata::text)) over (order by id) as bytes
    from (select * from memberships where environment_id = t.environment_id and user_id = t.id order by id limit ${shownWithUser.count}) f
  ) m
  where m.bytes <= ${shownWithUser.bytes}
), '[]'::jsonb)`;

/** SQL: how long an invitation is open that has no days of its own. */
export const usualDays = `coalesce((select s.invitation_days from invitation_settings s where s.environment_id = $1), ${invitationLimits.defaultDays})`;

/** A membership as it is locked: with the fields that the answer shows in another form. */
export interface LockedMembership {
  membership: Membership;
  fields: MembershipFields;
}

/** The membership of a person in an organization, locked until the transaction ends; undefined if there is none. */
export async function lockMembership(
  tx: Queryable,
  environmentId: string,
  organizationId: string,
  userId: string,
): Promise<LockedMembership | undefined> {
  const { rows } = await tx.query<MembershipRow & { role_names: string[] }>({
    name: 'lock-membership',
    text: `select ${columns}, t.roles as role_names from memberships t
           where t.environment_id = $1 and t.organization_id = $2 and t.user_id = $3 for update of t`,
    values: [environmentId, organizationId, userId],
  });
  const [row] = rows;
  if (row === undefined) return undefined;
  const fields = { membership_status: row.status, roles: row.role_names };
  if (row.roles.length === row.role_names.length) return { membership: toMembership(row), fields };
  // Given while this statement waited, a role that was made meanwhile is beyond what it sees: the next one sees it.
  const membership = await findMembership(tx, environmentId, organizationId, userId);
  return membership === undefined ? undefined : { membership, fields };
}

/** The membership of a person in an organization. */
export async function findMembership(
  db: Queryable,
  environmentId: string,
  organizationId: string,
  userId: string,
): Promise<Membership | undefined> {
  const { rows } = await db.query<MembershipRow>({
    name: 'find-membership',
    text: `select ${columns} from memberships t where t.environment_id = $1 and t.organization_id = $2 and t.user_id = $3`,
    values: [environmentId, organizationId, userId],
  });
  return rows.map(toMembership)[0];
}

/** What a membership is to be described by: its organization and its roles, by database ID. */
export interface MembershipParts {
  organizationId: string;
  roleIds: readonly string[];
}

/** What is told of a membership that is stored elsewhere. */
export interface MembershipDescription {
  /** the display name of the organization */
  organizationName: string;
  /** names of what its roles may do, inherited permissions included, in their order */
  permissions: string[];
}

/** Describes the memberships of several answers: each organization and each role is looked up once. */
export async function describeMemberships(
  db: Queryable,
  answers: readonly { environmentId: string; memberships: readonly MembershipParts[] }[],
): Promise<MembershipDescription[][]> {
  const roles = keysOf(answers, ({ roleIds }) => roleIds);
  const organizations = keysOf(answers, ({ organizationId }) => [organizationId]);
  const { rows } = await db.query<{ kind: 'role' | 'organization'; environment_id: string; id: string; names: string[] }>({
    name: 'describe-memberships',
    text: `with recursive ${roleChains}
           select 'role' as kind, r.* from (${permissionsOfRoles}) r
           union all
           select 'organization', o.environment_id, o.id, array[o.display_name]
           from unnest($3::bigint[], $4::bigint[]) as k (environment_id, id)
           join lateral (select * from organizations where environment_id = k.environment_id and id = k.id limit 1) o on true`,
    values: [...roles, ...organizations],
  });
  const found = new Map(rows.map(({ kind, environment_id, id, names }) => [`${kind} ${environment_id} ${id}`, names]));
  return answers.map(({ environmentId, memberships }) =>
    memberships.map(({ organizationId, roleIds }) => ({
      organizationName: found.get(`organization ${environmentId} ${organizationId}`)?.[0] ?? '',
      permissions: [...new Set(roleIds.flatMap((id) => found.get(`role ${environmentId} ${id}`) ?? []))].sort(),
    })),
  );
}

/** Records of memberships, each once: their environments and their database IDs as a column each. */
function keysOf(
  answers: readonly { environmentId: string; memberships: readonly MembershipParts[] }[],
  idsOf: (membership: MembershipParts) => readonly string[],
): [string, string] {
  const keys = answers.flatMap(({ environmentId, memberships }) =>
    [...new Set(memberships.flatMap(idsOf))].map((id) => ({ environmentId, id })),
  );
  return [plainArray(keys.map(({ environmentId }) => environmentId)), plainArray(keys.map(({ id }) => id))];
}

/** A membership that was written, and whether its organization has a user limit that it may break. */
export interface InsertedMembership {
  membership: Membership;
  limited: boolean;
}

/** Writes a new membership; undefined if the person is a member already. The look at the limit rides along: it costs no statement. */
export async function insertMembership(
  tx: Queryable,
  environmentId: string,
  id: string,
  organizationId: string,
  userId: string,
  { membership_status, roles }: MembershipFields,
  { metadata, inviterEmail, invitationDays }: NewMembership,
): Promise<InsertedMembership | undefined> {
  const { rows } = await tx.query<MembershipRow & { limited: boolean }>({
    name: 'insert-membership',
    text: `insert into memberships as t (environment_id, id, organization_id, user_id, status, roles, metadata, inviter_email, invited,
             join_time, invite_expire_time)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $5 = 'PENDING_INVITE', case when $5 = 'ACTIVE' then now() end,
             case when $5 = 'PENDING_INVITE' then now() + make_interval(days => coalesce($9, ${usualDays})) end)
           on conflict on constraint memberships_organization_user_key do nothing
           returning ${columns}, exists (select from organizations o
             where o.environment_id = t.environment_id and o.id = t.organization_id and o.max_allowed_users > 0) as limited`,
    values: [environmentId, id, organizationId, userId, membership_status, roles, JSON.stringify(metadata), inviterEmail, invitationDays],
  });
  return rows.map((row) => ({ membership: toMembership(row), limited: row.limited }))[0];
}

/** Sets the fields and changes the metadata of a locked membership, and raises its version; undefined if that changes nothing. */
export async function updateMembership(
  tx: Queryable,
  environmentId: string,
  id: string,
  fields: MembershipFields,
  { metadata, replace }: MetadataChange,
): Promise<Membership | undefined> {
  const { rows } = await tx.query<MembershipRow>({
    name: 'update-membership',
    text: `update memberships t set status = $3, roles = $4, metadata = n.metadata, version = t.version + 1, update_time = now(),
             join_time = case when $3 = 'ACTIVE' then coalesce(t.join_time, now()) else t.join_time end,
             invite_expire_time = case when $3 = 'ACTIVE' then null else t.invite_expire_time end
           from (select case when $6::boolean then $5::jsonb else crosswalk_merge_patch(o.metadata, $5::jsonb) end as metadata
                 from memberships o where o.environment_id = $1 and o.id = $2) n
           where t.environment_id = $1 and t.id = $2 and (t.status, t.roles, t.metadata) is distinct from ($3, $4::text[], n.metadata)
           returning ${columns}`,
    values: [environmentId, id, fields.membership_status, fields.roles, JSON.stringify(metadata), replace],
  });
  return rows.map(toMembership)[0];
}

/** Raises the version of a locked membership whose invitation is sent again; `renew` lets it wait for the person anew. */
export async function reinviteMembership(tx: Queryable, environmentId: string, id: string, renew: boolean): Promise<Membership> {
  const { rows } = await tx.query<MembershipRow>({
    name: 'reinvite-membership',
    text: `update memberships t set status = 'PENDING_INVITE', version = t.version + 1, update_time = now(),
             invite_expire_time = case when $3::boolean then now() + make_interval(days => coalesce(
               (select i.days from invitations i where i.environment_id = $1 and i.membership_id = $2), ${usualDays}))
               else t.invite_expire_time end
           where t.environment_id = $1 and t.id = $2 returning ${columns}`,
    values: [environmentId, id, renew],
  });
  const [row] = rows;
  if (row === undefined) throw new Error('a locked membership vanished');
  return toMembership(row);
}

/**
 * Begins a membership that waits for the person and whose invitation has not expired; undefined if it does not. One conditional update:
 * whoever waits for the row looks again when it is theirs, so of many at once one succeeds.
 */
export async function acceptMembership(
  tx: Queryable,
  environmentId: string,
  id: string,
): Promise<{ before: Membership; after: Membership } | undefined> {
  const { rows } = await tx.query<MembershipRow & { open_until: string; open_version: string; open_update_time: string }>({
    name: 'accept-membership',
    text: `with open as (
             select id, invite_expire_time, version, update_time from memberships
             where environment_id = $1 and id = $2 and status = 'PENDING_INVITE' and invite_expire_time > now() for update)
           update memberships t set status = 'ACTIVE', join_time = now(), invite_expire_time = null, version = t.version + 1, update_time = now()
           from open where t.environment_id = $1 and t.id = open.id
           returning ${columns}, open.invite_expire_time as open_until, open.version as open_version, open.update_time as open_update_time`,
    values: [environmentId, id],
  });
  const [row] = rows;
  if (row === undefined) return undefined;
  const before: MembershipRow = {
    ...row,
    status: 'PENDING_INVITE',
    join_time: null,
    invite_expire_time: row.open_until,
    version: row.open_version,
    update_time: row.open_update_time,
  };
  return { before: toMembership(before), after: toMembership(row) };
}

/** Makes a locked membership that never began inactive. */
export async function revokeMembership(tx: Queryable, environmentId: string, id: string): Promise<Membership> {
  const { rows } = await tx.query<MembershipRow>({
    name: 'revoke-membership',
    text: `update memberships t set status = 'INACTIVE', version = t.version + 1, update_time = now()
           where t.environment_id = $1 and t.id = $2 returning ${columns}`,
    values: [environmentId, id],
  });
  const [row] = rows;
  if (row === undefined) throw new Error('a locked membership vanished');
  return toMembership(row);
}

/** A membership whose invitation has expired, and the database ID of its environment. */
export interface ExpiredMembership {
  environmentId: string;
  membership: Membership;
}

/** Marks up to 1,000 memberships of all environments whose invitation was not accepted in time. Those that others hold wait for the next time. */
export async function expireMemberships(tx: Queryable): Promise<ExpiredMembership[]> {
  const { rows } = await tx.query<MembershipRow & { environment_id: string }>(
    `update memberships t set status = 'INVITE_EXPIRED', version = t.version + 1, update_time = now()
     from (select environment_id, id from memberships where status = 'PENDING_INVITE' and invite_expire_time <= now()
           order by invite_expire_time limit 1000 for update skip locked) due
     where t.environment_id = due.environment_id and t.id = due.id returning t.environment_id, ${columns}`,
  );
  return rows.map((row) => ({ environmentId: row.environment_id, membership: toMembership(row) }));
}

/** Whether a user is a member of anything. */
export async function hasMemberships(tx: Queryable, environmentId: string, userId: string): Promise<boolean> {
  const { rowCount } = await tx.query('select from memberships where environment_id = $1 and user_id = $2 limit 1', [
    environmentId,
    userId,
  ]);
  return rowCount === 1;
}

/** Whose memberships: those of one organization or of one user. Database IDs. */
export type MembershipOwner = { organizationId: string } | { userId: string };

/** Locks up to 1,000 memberships of an owner until the transaction ends, and returns their database IDs; none when all are gone. */
export async function lockSomeMemberships(tx: Queryable, environmentId: string, owner: MembershipOwner): Promise<string[]> {
  const [column, ownerId] = 'userId' in owner ? ['user_id', owner.userId] : ['organization_id', owner.organizationId];
  // In the order in which everything that changes several memberships locks them.
  const { rows } = await tx.query<{ id: string }>(
    `select id from memberships where environment_id = $1 and ${column} = $2 order by id limit ${batchSize} for update`,
    [environmentId, ownerId],
  );
  return rows.map(({ id }) => id);
}

/** Removes locked memberships (database IDs) and returns them. */
export async function deleteMemberships(tx: Queryable, environmentId: string, ids: readonly string[]): Promise<Membership[]> {
  if (ids.length === 0) return [];
  const { rows } = await tx.query<MembershipRow>({
    name: 'delete-memberships',
    text: `delete from memberships t where t.environment_id = $1 and t.id = any($2::bigint[]) returning ${columns}`,
    values: [environmentId, ids],
  });
  return rows.map(toMembership);
}

/** A membership that got another role in place of one. */
export interface Reassigned {
  membership: Membership;
  /** names of the roles before */
  before: string[];
}

/**
 * Puts a role in place of another in the next 1,000 memberships of a scope beyond `after` (database ID) that have it, and
 * raises their versions; in the order of their IDs. None when all are done.
 */
export async function reassignSomeMemberships(
  tx: Queryable,
  environmentId: string,
  { organizationId }: RoleScope,
  from: string,
  to: string,
  after: string,
): Promise<Reassigned[]> {
  const locked = await tx.query<{ id: string; roles: string[] }>(
    `select id, roles from memberships
     where environment_id = $1 and roles @> array[$3::text] and ($2::bigint is null or organization_id = $2) and id > $4
     order by id limit ${batchSize} for update`,
    [environmentId, organizationId, from, after],
  );
  const { rows } = await tx.query<MembershipRow>(
    `update memberships t set version = t.version + 1, update_time = now(),
       roles = case when t.roles @> array[$4::text] then array_remove(t.roles, $3::text) else array_replace(t.roles, $3::text, $4::text) end
     where t.environment_id = $1 and t.id = any($2::bigint[]) returning ${columns}`,
    [environmentId, locked.rows.map(({ id }) => id), from, to],
  );
  const memberships = new Map(rows.map((row) => [row.id, toMembership(row)]));
  return locked.rows.flatMap(({ id, roles }) => {
    const membership = memberships.get(id);
    return membership === undefined ? [] : [{ membership, before: roles }];
  });
}

/** What a list of memberships is narrowed by; all of it must hold. IDs are database IDs. */
export interface MembershipsQuery {
  organizationId?: string | undefined;
  userId?: string | undefined;
  status?: MembershipStatus | undefined;
  /** SQL of a metadata filter whose parameters begin at `$2` */
  filter?: SqlFilter | undefined;
}

/** The memberships of a list, as SQL. */
export function conditionOf(environmentId: string, { organizationId, userId, status, filter }: MembershipsQuery): Condition {
  const values: unknown[] = [environmentId, ...(filter?.values ?? [])];
  const where = ['t.environment_id = $1', ...(filter === undefined ? [] : [filter.sql])];
  for (const [column, value] of [
    ['organization_id', organizationId],
    ['user_id', userId],
    ['status', status],
  ]) {
    if (value === undefined) continue;
    values.push(value);
    where.push(`t.${column} = $${values.length}`);
  }
  // The indexes of organization, user and status have the order, too.
  const inOrder = [organizationId, userId, status].some((value) => value !== undefined);
  return {
    where: where.join(' and '),
    values,
    indexed: filter?.indexed === true,
    inOrder,
    allOf: where.length === 1 ? 'membership' : undefined,
  };
}

/** One page of memberships, newest first. */
export async function listMemberships(
  db: Queryable,
  environmentId: string,
  query: MembershipsQuery,
  request: PageRequest,
): Promise<Page<Membership>> {
  const page = await selectPage<MembershipRow>(db, { columns, table: 'memberships', ...conditionOf(environmentId, query) }, request);
  return { ...page, items: page.items.map(toMembership) };
}
