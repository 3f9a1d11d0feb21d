import { type Static, Type } from 'typebox';
import { Timestamp } from './common.ts';
import { MembershipStatus } from './membership.ts';

/** An invitation that is open or was. */
export const Invitation = Type.Object({
  organization_id: Type.String(),
  user_id: Type.String(),
  status: MembershipStatus,
  inviter_email: Type.Union([Type.String(), Type.Null()]),
  created_at: Timestamp,
  expires_at: Timestamp,
  resent_at: Type.Union([Timestamp, Type.Null()]),
  resent_count: Type.Integer({ description: 'How often it was sent again; the first sending does not count.' }),
});
export type Invitation = Static<typeof Invitation>;

/** Body of a resend: there is nothing to say, and it may be left out. */
export const ResendInvite = Type.Unsafe<object | null>({
  type: ['object', 'null'],
  properties: {},
  additionalProperties: false,
  examples: [{}],
});

/** Answer of a resend. */
export const InviteAnswer = Type.Object({ invite: Invitation });
export type InviteAnswer = Static<typeof InviteAnswer>;
