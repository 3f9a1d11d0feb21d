import type { Invitation, Membership } from '@crosswalk/contract';
import { eventOf, type NewEvent } from '../events/index.ts';
import { ApiError } from '../lib/api-error.ts';

/** How long an invitation can be accepted, in days (as upstream: 15). */
export const invitationDays = 15;

/** What is known of the sending of an invitation; whether it is open, and until when, its membership knows. */
export interface Sending {
  create_time: string;
  resent_time: string | null;
  resent_count: number;
}

/** The invitation of a membership as it is answered. */
export function invitationOf(membership: Membership, sending: Sending): Invitation {
  const { organization_id, user_id, membership_status: status, inviter_email, expires_at } = membership;
  if (expires_at === null) throw new Error('an invitation expires at some time');
  return {
    organization_id,
    user_id,
    status,
    inviter_email,
    created_at: sending.create_time,
    expires_at,
    resent_at: sending.resent_time,
    resent_count: sending.resent_count,
  };
}

/** A membership together with its invitation, as it was or is. */
export interface Invited {
  membership: Membership;
  invitation: Invitation;
}

/** The event that an invitation is to be sent: for the first time, or again. It carries what a mail needs to say. */
export function invitationEvent(before: Invited | undefined, after: Invited): NewEvent {
  const shown = ({ membership, invitation }: Invited) => ({ ...membership, invitation });
  return eventOf('user.organization_invitation', 'membership', before && shown(before), shown(after));
}

/** Whether an invitation has to be given a new end before it is sent again; 400 INVITATION_CLOSED when it is not to be sent at all. */
export function needsRenewal(
  { membership_status: status, user_id, organization_id, join_time, expires_at }: Membership,
  now: Date,
): boolean {
  if (status === 'ACTIVE' || join_time !== null) throw closed(`${user_id} has accepted the invitation to ${organization_id} already`);
  if (status === 'INACTIVE') throw closed(`the membership of ${user_id} in ${organization_id} was set inactive before it was accepted`);
  return status === 'INVITE_EXPIRED' || expires_at === null || Date.parse(expires_at) <= now.getTime();
}

function closed(message: string): ApiError {
  return new ApiError('INVITATION_CLOSED', message, { resource: { kind: 'membership' } });
}

/** The 404 of an invitation: the membership never had one. */
export function invitationNotFound({ user_id, organization_id }: Membership): ApiError {
  return new ApiError('INVITATION_NOT_FOUND', `${user_id} became a member of ${organization_id} without an invitation`, {
    resource: { kind: 'invitation' },
  });
}
