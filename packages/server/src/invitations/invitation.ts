import type { Invitation, InvitationState, Membership } from '@crosswalk/contract';
import { eventOf, type NewEvent } from '../events/index.ts';
import { ApiError } from '../lib/api-error.ts';
import { recordTag } from '../lib/version-tag.ts';

/*
 * The life of an invitation. It has no state of its own: what its membership is decides, so the two cannot contradict each other.
 *
 *     (created) ---> PENDING --accept--------> ACCEPTED   the membership is ACTIVE and has a join_time; it stays ACCEPTED whatever follows
 *                    PENDING --revoke--------> REVOKED    the membership is INACTIVE and never began
 *                    PENDING --time----------> EXPIRED    INVITE_EXPIRED, or its end has passed and nobody has marked it yet
 *                    PENDING --resend--------> PENDING    same end, new link
 *                    EXPIRED --resend--------> PENDING    new end, new link
 *                    EXPIRED --revoke--------> REVOKED
 *                    REVOKED --revoke--------> REVOKED    nothing changes
 *     PENDING | EXPIRED | REVOKED --membership set ACTIVE by API--> ACCEPTED
 *     any state --end of the membership, user or organization--> (gone)
 *
 * Everything else is refused with INVITATION_CLOSED.
 */

/** What decides on the state of an invitation. */
export type Standing = Pick<Membership, 'membership_status' | 'join_time' | 'expires_at'>;

/** The state of an invitation; `stateSql` says the same in SQL. */
export function stateOf({ membership_status: status, join_time, expires_at }: Standing, now: Date): InvitationState {
  if (status === 'ACTIVE' || join_time !== null) return 'ACCEPTED';
  if (status === 'INACTIVE') return 'REVOKED';
  if (status === 'INVITE_EXPIRED' || expires_at === null || Date.parse(expires_at) <= now.getTime()) return 'EXPIRED';
  return 'PENDING';
}

/** What is known of the sending of an invitation; whether it is open, and until when, its membership knows. */
export interface Sending {
  email: string;
  create_time: string;
  resent_time: string | null;
  resent_count: number;
}

/** What an invitation shows of its membership. */
export type InvitedMembership = Standing & Pick<Membership, 'organization_id' | 'user_id' | 'inviter_email'>;

/** The invitation of a membership as it is answered. */
export function invitationOf(membership: InvitedMembership, sending: Sending, now = new Date()): Invitation {
  return {
    organization_id: membership.organization_id,
    user_id: membership.user_id,
    email: sending.email,
    state: stateOf(membership, now),
    status: membership.membership_status,
    inviter_email: membership.inviter_email,
    created_at: sending.create_time,
    expires_at: membership.expires_at,
    accepted_at: membership.join_time,
    resent_at: sending.resent_time,
    resent_count: sending.resent_count,
  };
}

/** A membership together with its invitation, as it was or is. */
export interface Invited {
  membership: Membership;
  invitation: Invitation;
}

/** The entity tag of an answer about an invitation: it shows an address and a state, which change without the membership. */
export function invitedTag({ membership, invitation }: Invited): string {
  return recordTag(membership, JSON.stringify(invitation));
}

/** The event that an invitation is to be sent: for the first time, or again. It carries what a mail needs to say. */
export function invitationEvent(before: Invited | undefined, after: Invited): NewEvent {
  const shown = ({ membership, invitation }: Invited) => ({ ...membership, invitation });
  return eventOf('user.organization_invitation', 'membership', before && shown(before), shown(after));
}

/** The event that an invitation was accepted or revoked: a change of its membership. */
export function closingEvent(before: Membership, after: Membership): NewEvent {
  return eventOf('user.organization_membership_updated', 'membership', before, after);
}

/** Whether an invitation has to be given a new end before it is sent again; 400 INVITATION_CLOSED when it is not to be sent at all. */
export function needsRenewal(membership: Membership, now: Date): boolean {
  const state = stateOf(membership, now);
  if (state === 'ACCEPTED' || state === 'REVOKED') throw invitationClosed(membership, now);
  return state === 'EXPIRED';
}

/** The 400 of an invitation that is in no state for what is asked. */
export function invitationClosed(membership: Membership, now: Date): ApiError {
  const { user_id: user, organization_id: organization } = membership;
  const messages: Record<InvitationState, string> = {
    ACCEPTED: `${user} has accepted the invitation to ${organization} already`,
    REVOKED: `the membership of ${user} in ${organization} was set inactive before it was accepted`,
    EXPIRED: `the invitation of ${user} to ${organization} has expired; send it again first`,
    PENDING: `the invitation of ${user} to ${organization} is still open`,
  };
  return new ApiError('INVITATION_CLOSED', messages[stateOf(membership, now)], { resource: { kind: 'membership' } });
}

/** The 404 of an invitation: the membership never had one. */
export function invitationNotFound({ user_id, organization_id }: Membership): ApiError {
  return new ApiError('INVITATION_NOT_FOUND', `${user_id} became a member of ${organization_id} without an invitation`, {
    resource: { kind: 'invitation' },
  });
}
