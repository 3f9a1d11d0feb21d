import type { Membership, MembershipStatus, Metadata } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { findAssignedRoles } from '../roles/index.ts';
import type { MembershipFields } from './membership.ts';
import { columns, type LockedMembership, type MembershipRow, toMembership, usualDays } from './membership-store.ts';

/** A membership as it is to be. IDs are database IDs. */
export interface MembershipState {
  id: string;
  organizationId: string;
  userId: string;
  fields: MembershipFields;
  metadata: Metadata;
  inviterEmail: string | null;
}

/** Names one membership: both IDs are database IDs. */
export interface MemberKey {
  organizationId: string;
  userId: string;
}

/** SQL: the states of `$2`. */
const states = `jsonb_to_recordset($2::jsonb) as s (id bigint, organization_id bigint, user_id bigint, status text, roles text[], metadata jsonb,
  inviter_email text)`;
function json(memberships: readonly MembershipState[]): string {
  return JSON.stringify(
    memberships.map(({ id, organizationId, userId, fields, metadata, inviterEmail }) => ({
      id,
      organization_id: organizationId,
      user_id: userId,
      status: fields.membership_status,
      roles: fields.roles,
      metadata,
      inviter_email: inviterEmail,
    })),
  );
}

/** What memberships need to know of an organization. */
export interface MemberOrganization {
  /** its user limit; null: none */
  limit: number | null;
  /** the name of the role that new members get */
  defaultRole: string;
}

/**
 * Organizations by database ID, which stay until the transaction ends. Those with a user limit are locked besides, so that those
 * who want their last places decide one after the other.
 */
export async function holdOrganizations(
  tx: Queryable,
  environmentId: string,
  ids: readonly string[],
): Promise<Map<string, MemberOrganization>> {
  if (ids.length === 0) return new Map();
  await tx.query({
    name: 'lock-user-limits',
    text: `select from organizations where environment_id = $1 and id = any($2::bigint[]) and max_allowed_users > 0 order by id for no key update`,
    values: [environmentId, ids],
  });
  const { rows } = await tx.query<{ id: string; max_allowed_users: number | null; name: string }>({
    name: 'hold-organizations',
    text: `select o.id, o.max_allowed_users, r.name from organizations o
           join roles r on r.environment_id = $1
             and r.id = coalesce(o.default_member_role_id, (select default_member_role_id from environments where id = $1))
           where o.environment_id = $1 and o.id = any($2::bigint[]) order by o.id for key share of o, r`,
    values: [environmentId, ids],
  });
  return new Map(
    rows.map(({ id, max_allowed_users: limit, name }) => [id, { limit: limit !== null && limit > 0 ? limit : null, defaultRole: name }]),
  );
}

/** Which of these users (database IDs) there are; they stay until the transaction ends. */
export async function holdUsers(tx: Queryable, environmentId: string, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const { rows } = await tx.query<{ id: string }>({
    name: 'hold-users',
    text: 'select id from users where environment_id = $1 and id = any($2::bigint[]) order by id for key share',
    values: [environmentId, ids],
  });
  return new Set(rows.map(({ id }) => id));
}

/** Memberships, locked until the transaction ends, by `organization ID/user ID`. */
export async function lockMemberships(
  tx: Queryable,
  environmentId: string,
  keys: readonly MemberKey[],
): Promise<Map<string, LockedMembership>> {
  if (keys.length === 0) return new Map();
  const { rows } = await tx.query<MembershipRow & { role_names: string[] }>({
    name: 'lock-memberships',
    text: `select ${columns}, t.roles as role_names from memberships t
           where t.environment_id = $1 and (t.organization_id, t.user_id) in (select * from unnest($2::bigint[], $3::bigint[]))
           order by t.id for update of t`,
    values: [environmentId, keys.map(({ organizationId }) => organizationId), keys.map(({ userId }) => userId)],
  });
  return new Map(
    rows.map((row) => [
      `${row.organization_id}/${row.user_id}`,
      { membership: toMembership(row), fields: { membership_status: row.status, roles: row.role_names } },
    ]),
  );
}

/** Memberships by database ID, locked until the transaction ends, in the order of IDs. */
export async function lockMembershipsById(
  tx: Queryable,
  environmentId: string,
  ids: readonly string[],
): Promise<Map<string, LockedMembership>> {
  if (ids.length === 0) return new Map();
  const { rows } = await tx.query<MembershipRow & { role_names: string[] }>({
    name: 'lock-memberships-by-id',
    text: `select ${columns}, t.roles as role_names from memberships t
           where t.environment_id = $1 and t.id = any($2::bigint[]) order by t.id for update of t`,
    values: [environmentId, ids],
  });
  return new Map(
    rows.map((row) => [row.id, { membership: toMembership(row), fields: { membership_status: row.status, roles: row.role_names } }]),
  );
}

/** A membership as it is to be again: the end of its invitation included. IDs are database IDs, times ISO 8601. */
export interface FormerMembership {
  id: string;
  status: MembershipStatus;
  roles: string[];
  metadata: Metadata;
  inviterEmail: string | null;
  joinTime: string | null;
  expireTime: string | null;
}

/** Gives locked memberships all that they had at a former time, and raises their versions. Returns them by database ID. */
export async function restoreMemberships(
  tx: Queryable,
  environmentId: string,
  memberships: readonly FormerMembership[],
): Promise<Map<string, Membership>> {
  if (memberships.length === 0) return new Map();
  const { rows } = await tx.query<MembershipRow>({
    name: 'restore-memberships',
    text: `update memberships t set status = s.status, roles = s.roles, metadata = s.metadata, inviter_email = s."inviterEmail",
             join_time = s."joinTime", invite_expire_time = s."expireTime", version = t.version + 1, update_time = now()
           from jsonb_to_recordset($2::jsonb) as s (id bigint, status text, roles text[], metadata jsonb, "inviterEmail" text,
             "joinTime" timestamptz, "expireTime" timestamptz)
           where t.environment_id = $1 and t.id = s.id returning ${columns}`,
    values: [environmentId, JSON.stringify(memberships)],
  });
  return new Map(rows.map((row) => [row.id, toMembership(row)]));
}

/** Which of some memberships (database IDs) have tokens of a person, which a deletion would end. */
export async function findMembersWithTokens(db: Queryable, environmentId: string, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>({
    name: 'find-members-with-tokens',
    text: `select m.id from memberships m where m.environment_id = $1 and m.id = any($2::bigint[])
             and exists (select from api_tokens a where a.environment_id = $1 and a.organization_id = m.organization_id and a.user_id = m.user_id)`,
    values: [environmentId, ids],
  });
  return new Set(rows.map(({ id }) => id));
}

/** Which of some organizations or users (database IDs) have memberships. */
export async function findWithMemberships(
  db: Queryable,
  environmentId: string,
  owner: 'organization_id' | 'user_id',
  ids: readonly string[],
): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>({
    name: `find-with-memberships-${owner}`,
    text: `select o.id from unnest($2::bigint[]) as o (id)
           where exists (select from memberships m where m.environment_id = $1 and m.${owner} = o.id)`,
    values: [environmentId, ids],
  });
  return new Set(rows.map(({ id }) => id));
}

/** Writes new memberships; a unique violation when one of them was made meanwhile. Returns them by database ID. */
export async function insertMemberships(
  tx: Queryable,
  environmentId: string,
  memberships: readonly MembershipState[],
): Promise<Map<string, Membership>> {
  if (memberships.length === 0) return new Map();
  // What the database adds is the same of all of a status, and the rest is known; roles are asked for once, not for each membership.
  const { rows } = await tx.query<
    Pick<MembershipRow, 'status' | 'join_time' | 'invite_expire_time' | 'version' | 'create_time' | 'update_time'>
  >({
    name: 'insert-memberships',
    text: `with made as (
             insert into memberships (environment_id, id, organization_id, user_id, status, roles, metadata, inviter_email, invited,
               join_time, invite_expire_time)
             select $1, s.id, s.organization_id, s.user_id, s.status, s.roles, s.metadata, s.inviter_email,
               s.status in ('PENDING_INVITE', 'INVITE_EXPIRED'), case when s.status = 'ACTIVE' then now() end,
               case s.status when 'PENDING_INVITE' then now() + make_interval(days => ${usualDays}) when 'INVITE_EXPIRED' then now() end
             from ${states}
             returning status, join_time, invite_expire_time, version, create_time, update_time)
           select distinct status, join_time, invite_expire_time, version, create_time, update_time from made`,
    values: [environmentId, json(memberships)],
  });
  const made = new Map(rows.map((row) => [row.status, row]));
  const rolesOf = await findAssignedRoles(
    tx,
    environmentId,
    memberships.map(({ organizationId, fields }) => ({ organizationId, names: fields.roles })),
  );
  return new Map(
    memberships.map(({ id, organizationId, userId, fields, metadata, inviterEmail }, index): [string, Membership] => {
      const row = made.get(fields.membership_status);
      if (row === undefined) throw new Error('memberships were written and did not come back');
      const { status, join_time, invite_expire_time, version, create_time, update_time } = row;
      const own = { id, organization_id: organizationId, user_id: userId, status, roles: rolesOf[index] ?? [], metadata };
      const times = { join_time, invite_expire_time, create_time, update_time };
      return [id, toMembership({ ...own, inviter_email: inviterEmail, version, ...times })];
    }),
  );
}

/** Gives locked memberships other fields and metadata, and raises their versions. Returns them by database ID. */
export async function updateMemberships(
  tx: Queryable,
  environmentId: string,
  memberships: readonly MembershipState[],
): Promise<Map<string, Membership>> {
  if (memberships.length === 0) return new Map();
  const { rows } = await tx.query<MembershipRow>({
    name: 'update-memberships',
    text: `update memberships t set status = s.status, roles = s.roles, metadata = s.metadata, inviter_email = s.inviter_email,
             version = t.version + 1, update_time = now(),
             join_time = case when s.status = 'ACTIVE' then coalesce(t.join_time, now()) else t.join_time end,
             invite_expire_time = case when s.status = 'ACTIVE' then null else t.invite_expire_time end
           from ${states} where t.environment_id = $1 and t.id = s.id returning ${columns}`,
    values: [environmentId, json(memberships)],
  });
  return new Map(rows.map((row) => [row.id, toMembership(row)]));
}
