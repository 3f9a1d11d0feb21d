import { type Static, Type } from 'typebox';
import { PageQuery, pageOf, Timestamp } from './common.ts';
import { MembershipStatus } from './membership.ts';

/** Where an invitation is in its life. */
export const InvitationState = Type.Enum(['PENDING', 'ACCEPTED', 'REVOKED', 'EXPIRED'], {
  description:
    '`PENDING`: its link opens it. `ACCEPTED`: the membership has begun. `REVOKED`: taken back before it was accepted. `EXPIRED`: not ' +
    'accepted in time; sent again it is `PENDING`.',
});
export type InvitationState = Static<typeof InvitationState>;

/** An invitation that is open or was. */
export const Invitation = Type.Object({
  organization_id: Type.String(),
  user_id: Type.String(),
  email: Type.String({ description: 'The address of the user, which the invitation is for.' }),
  state: InvitationState,
  status: MembershipStatus,
  inviter_email: Type.Union([Type.String(), Type.Null()]),
  created_at: Timestamp,
  expires_at: Type.Union([Timestamp, Type.Null()], { description: 'Null when it was accepted.' }),
  accepted_at: Type.Union([Timestamp, Type.Null()]),
  resent_at: Type.Union([Timestamp, Type.Null()]),
  resent_count: Type.Integer({ description: 'How often it was sent again; the first sending does not count.' }),
});
export type Invitation = Static<typeof Invitation>;

/** Body of a resend, a revocation or an acceptance: there is nothing to say, and it may be left out. */
export const ResendInvite = Type.Unsafe<object | null>({
  type: ['object', 'null'],
  properties: {},
  additionalProperties: false,
  examples: [{}],
});

/** Answer of a resend. */
export const InviteAnswer = Type.Object({ invite: Invitation });
export type InviteAnswer = Static<typeof InviteAnswer>;

export const InvitationAnswer = Type.Object({ invitation: Invitation });
export type InvitationAnswer = Static<typeof InvitationAnswer>;

export const InvitationPage = pageOf('invitations', Invitation);
export type InvitationPage = Static<typeof InvitationPage>;

/** Query of a list of invitations. */
export const ListInvitationsQuery = { ...PageQuery, state: Type.Optional(InvitationState) };
