import type { Invitation, Membership } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { invitationDays } from './invitation.ts';

interface InvitationRow {
  create_time: string;
  expire_time: string;
  resent_time: string | null;
  resent_count: number;
}

function toInvitation(membership: Membership, row: InvitationRow): Invitation {
  return {
    organization_id: membership.organization_id,
    user_id: membership.user_id,
    status: membership.membership_status,
    inviter_email: membership.inviter_email,
    created_at: row.create_time,
    expires_at: row.expire_time,
    resent_at: row.resent_time,
    resent_count: row.resent_count,
  };
}

/** Opens the invitation of a new membership. */
export async function insertInvitation(
  tx: Queryable,
  environmentId: string,
  membershipId: string,
  membership: Membership,
): Promise<Invitation> {
  const { rows } = await tx.query<InvitationRow>(
    `insert into invitations (environment_id, membership_id, expire_time) values ($1, $2, now() + make_interval(days => $3))
     returning create_time, expire_time, resent_time, resent_count`,
    [environmentId, membershipId, invitationDays],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('an insert returned no row');
  return toInvitation(membership, row);
}
