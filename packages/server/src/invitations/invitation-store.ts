import type { Invitation, InvitationState, MembershipStatus } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { type Page, type PageRequest, selectPage } from '../database/page-query.ts';
import { formatId } from '../lib/id.ts';
import { isoTime } from '../lib/time.ts';
import { invitationOf, type Sending } from './invitation.ts';

/** SQL: what is known of the sending of invitation `t`. */
const columns = `t.create_time, t.resent_time, t.resent_count, (
  select u.email from memberships m join users u on u.environment_id = m.environment_id and u.id = m.user_id
  where m.environment_id = t.environment_id and m.id = t.membership_id) as email`;

/** Writes the invitation of a new membership, which is to be sent. `days`: how long it is open; null: as the environment says. */
export async function insertInvitation(tx: Queryable, environmentId: string, membershipId: string, days: number | null): Promise<Sending> {
  const { rows } = await tx.query<Sending>({
    name: 'insert-invitation',
    text: `insert into invitations as t (environment_id, membership_id, days) values ($1, $2, $3) returning ${columns}`,
    values: [environmentId, membershipId, days],
  });
  const [row] = rows;
  if (row === undefined) throw new Error('an insert returned no row');
  return row;
}

/** Writes the invitations of many new memberships (database IDs), open as long as the environment says. Returns them by membership. */
export async function insertInvitations(
  tx: Queryable,
  environmentId: string,
  membershipIds: readonly string[],
): Promise<Map<string, Sending>> {
  if (membershipIds.length === 0) return new Map();
  const { rows } = await tx.query<Sending & { membership_id: string }>({
    name: 'insert-invitations',
    text: `insert into invitations as t (environment_id, membership_id) select $1, id from unnest($2::bigint[]) as m (id)
           returning t.membership_id, ${columns}`,
    values: [environmentId, membershipIds],
  });
  return new Map(rows.map(({ membership_id: id, ...sending }) => [id, sending]));
}

/** The invitation of a membership; undefined if it began without one. */
export async function findInvitation(db: Queryable, environmentId: string, membershipId: string): Promise<Sending | undefined> {
  const { rows } = await db.query<Sending>({
    name: 'find-invitation',
    text: `select ${columns} from invitations t where t.environment_id = $1 and t.membership_id = $2`,
    values: [environmentId, membershipId],
  });
  return rows[0];
}

/** Notes that an invitation is sent again. Its membership is locked, so none is counted twice. */
export async function countResend(tx: Queryable, environmentId: string, membershipId: string): Promise<Sending> {
  const { rows } = await tx.query<Sending>({
    name: 'count-resend',
    text: `update invitations t set resent_count = t.resent_count + 1, resent_time = now()
           where t.environment_id = $1 and t.membership_id = $2 returning ${columns}`,
    values: [environmentId, membershipId],
  });
  const [row] = rows;
  if (row === undefined) throw new Error('the invitation of a locked membership vanished');
  return row;
}

/** SQL: the state that the invitation of membership `t` is marked with. Word for word that of the index `memberships_invitation_state_idx`. */
const marked = `case
  when t.status = 'ACTIVE' or t.join_time is not null then 'ACCEPTED' when t.status = 'INACTIVE' then 'REVOKED'
  when t.status = 'INVITE_EXPIRED' then 'EXPIRED' else 'PENDING' end`;

/** SQL: whether the invitation of membership `t` is in a state; `stateOf` says the same. */
const stateSql = {
  ACCEPTED: `${marked} = 'ACCEPTED'`,
  REVOKED: `${marked} = 'REVOKED'`,
  PENDING: `${marked} = 'PENDING' and t.invite_expire_time > now()`,
} as const;

/**
 * SQL: in the place of the table, those of the invited memberships `where` that have expired: as an index has them in order, and those few
 * whose end has just passed and that are not marked yet, as the index of that end has them.
 */
function expiredSql(where: string, order: 'asc' | 'desc'): string {
  return `(
    (select * from memberships t where ${where} and ${marked} = 'EXPIRED' order by t.id ${order})
    union all
    (select * from memberships t where ${where} and t.status = 'PENDING_INVITE' and t.join_time is null and t.invite_expire_time <= now()
     order by t.invite_expire_time))`;
}

interface ListedRow {
  id: string;
  organization_id: string;
  user_id: string;
  status: MembershipStatus;
  inviter_email: string | null;
  join_time: string | null;
  invite_expire_time: string | null;
  /** as JSON has it */
  sending: Sending;
}

const listedColumns = `t.id, t.organization_id, t.user_id, t.status, t.inviter_email, t.join_time, t.invite_expire_time, (
  select jsonb_build_object('email', u.email, 'create_time', i.create_time, 'resent_time', i.resent_time, 'resent_count', i.resent_count)
  from invitations i join users u on u.environment_id = i.environment_id and u.id = t.user_id
  where i.environment_id = t.environment_id and i.membership_id = t.id) as sending`;

function toInvitation({ sending, ...row }: ListedRow): Invitation {
  const membership = {
    organization_id: formatId('org', row.organization_id),
    user_id: formatId('usr', row.user_id),
    membership_status: row.status,
    inviter_email: row.inviter_email,
    join_time: row.join_time,
    expires_at: row.invite_expire_time,
  };
  const { create_time, resent_time } = sending;
  return invitationOf(membership, {
    ...sending,
    create_time: isoTime(create_time),
    resent_time: resent_time === null ? null : isoTime(resent_time),
  });
}

/** Which invitations a list has; all of it must hold. */
export interface InvitationsQuery {
  /** a database ID */
  organizationId?: string;
  state?: InvitationState;
}

/** One page of the invitations of an environment, newest first. */
export async function listInvitations(
  db: Queryable,
  environmentId: string,
  { organizationId, state }: InvitationsQuery,
  request: PageRequest,
): Promise<Page<Invitation>> {
  const where = `t.environment_id = $1 and t.invited${organizationId === undefined ? '' : ' and t.organization_id = $2'}`;
  const values = [environmentId, ...(organizationId === undefined ? [] : [organizationId])];
  const query = { columns: listedColumns, values, indexed: false };
  const page = await selectPage<ListedRow>(
    db,
    state === 'EXPIRED'
      ? { ...query, table: expiredSql(where, request.position?.direction === 'prev' ? 'asc' : 'desc'), where }
      : { ...query, table: 'memberships', where: state === undefined ? where : `${where} and ${stateSql[state]}` },
    request,
  );
  return { ...page, items: page.items.map(toInvitation) };
}
