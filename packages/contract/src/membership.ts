import { type Static, Type } from 'typebox';
import { FilterQuery, idSchema, MetadataPatch, MetadataSchema, PageQuery, pageOf, Timestamp, Version } from './common.ts';
import { InvitationDays } from './invitation-settings.ts';
import { AssignedRole, RoleName, roleLimits } from './role.ts';

export const MembershipId = idSchema('mem', 'The ID Crosswalk gave the membership.');

export const MembershipStatus = Type.Enum(['ACTIVE', 'INACTIVE', 'PENDING_INVITE', 'INVITE_EXPIRED']);
export type MembershipStatus = Static<typeof MembershipStatus>;

/** `id` and `display_name` are taken so that roles can be sent back as they were answered: the name alone counts. */
const roleInput = Type.Object(
  {
    name: RoleName,
    id: Type.Optional(Type.String({ readOnly: true, maxLength: 64 })),
    display_name: Type.Optional(Type.String({ readOnly: true, maxLength: 100 })),
  },
  { additionalProperties: false },
);
const rolesRule = 'Roles of the person in this organization, each of the environment or of the organization; an empty list means none.';
const roles = Type.Array(roleInput, { maxItems: roleLimits.perMembership, description: rolesRule });
const newRoles = {
  ...roles,
  description: `${rolesRule} Left out, a new member gets the default role of the organization, or else of the environment.`,
};

/** A person in an organization. */
export const Membership = Type.Object({
  id: MembershipId,
  organization_id: Type.String(),
  user_id: Type.String(),
  membership_status: MembershipStatus,
  roles: Type.Array(AssignedRole),
  metadata: MetadataSchema,
  inviter_email: Type.Union([Type.String(), Type.Null()]),
  join_time: Type.Union([Timestamp, Type.Null()], { description: 'When the membership became active.' }),
  expires_at: Type.Union([Timestamp, Type.Null()], {
    description:
      'When the invitation expires or expired; null when the membership began without one or has been active. ' +
      'The status follows within minutes; from this moment on the membership takes no place of the user limit.',
  }),
  version: Version,
  create_time: Timestamp,
  update_time: Timestamp,
});
export type Membership = Static<typeof Membership>;

const invitationDays = {
  ...InvitationDays,
  description: 'Days that the invitation is open, each time it is given a new end; left out: as the environment says, else 15.',
};
const inviterEmail = Type.String({ maxLength: 254, description: 'Who invites, by one plain address; told in the invitation.' });

export const CreateMembership = Type.Object(
  {
    roles: Type.Optional(newRoles),
    metadata: Type.Optional(MetadataSchema),
    inviter_email: Type.Optional(inviterEmail),
    send_invitation_email: Type.Optional(
      Type.Boolean({ default: true, description: 'True: the membership waits for the person to accept. False: it is active at once.' }),
    ),
    invitation_days: Type.Optional(invitationDays),
  },
  {
    additionalProperties: false,
    examples: [{ roles: [{ name: 'member' }], metadata: { cost_center: 4711 }, send_invitation_email: false }],
  },
);
export type CreateMembership = Static<typeof CreateMembership>;

export const UpdateMembership = Type.Object(
  {
    roles: Type.Optional(roles),
    metadata: Type.Optional(MetadataPatch),
    membership_status: Type.Optional(
      Type.Enum(['ACTIVE', 'INACTIVE'], { description: 'ACTIVE also accepts an open invitation for the person.' }),
    ),
  },
  { additionalProperties: false, examples: [{ roles: [{ name: 'admin' }], membership_status: 'INACTIVE' }] },
);
export type UpdateMembership = Static<typeof UpdateMembership>;

/** Body of PUT: what `CreateMembership` and `UpdateMembership` have together. */
export const UpsertMembership = Type.Object(
  {
    roles: Type.Optional(newRoles),
    metadata: Type.Optional(MetadataPatch),
    membership_status: Type.Optional(Type.Enum(['ACTIVE', 'INACTIVE'])),
    inviter_email: Type.Optional(inviterEmail),
    send_invitation_email: Type.Optional(Type.Boolean({ default: true })),
    invitation_days: Type.Optional(invitationDays),
  },
  { additionalProperties: false, examples: [{ roles: [{ name: 'member' }], send_invitation_email: false }] },
);
export type UpsertMembership = Static<typeof UpsertMembership>;

/** Query of a creation, as in Scalekit's REST; the same field in the body means the same. */
export const InvitationQuery = { send_invitation_email: Type.Optional(Type.Boolean({ description: 'As the field of the body.' })) };

/** Query of a deletion. */
export const CascadeQuery = {
  cascade: Type.Optional(
    Type.Boolean({ default: false, description: 'True: a user who has no other membership is deleted too. False: the user stays.' }),
  ),
};

export const MembershipAnswer = Type.Object({ membership: Membership });
export type MembershipAnswer = Static<typeof MembershipAnswer>;

export const MembershipPage = pageOf('memberships', Membership);
export type MembershipPage = Static<typeof MembershipPage>;

export const ListMembershipsQuery = Type.Object(
  {
    ...PageQuery,
    filter: FilterQuery,
    organization_id: Type.Optional(idSchema('org', 'Only memberships of this organization.')),
    user_id: Type.Optional(idSchema('usr', 'Only memberships of this user.')),
    membership_status: Type.Optional(MembershipStatus),
  },
  { additionalProperties: false },
);
