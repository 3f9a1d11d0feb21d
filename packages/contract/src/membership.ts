import { type Static, Type } from 'typebox';
import { FilterQuery, idSchema, MetadataPatch, MetadataSchema, PageQuery, pageOf, Timestamp, Version } from './common.ts';

export const MembershipId = idSchema('mem', 'The ID Crosswalk gave the membership.');

export const MembershipStatus = Type.Enum(['ACTIVE', 'INACTIVE', 'PENDING_INVITE', 'INVITE_EXPIRED']);
export type MembershipStatus = Static<typeof MembershipStatus>;

const Role = Type.Object({ name: Type.String({ pattern: '^[a-zA-Z0-9_]{1,64}$' }) }, { additionalProperties: false });
const roles = Type.Array(Role, { maxItems: 50, description: 'Names of the roles the person has in this organization.' });

/** A person in an organization. */
export const Membership = Type.Object({
  id: MembershipId,
  organization_id: Type.String(),
  user_id: Type.String(),
  membership_status: MembershipStatus,
  roles: Type.Array(Type.Object({ name: Type.String() })),
  metadata: MetadataSchema,
  inviter_email: Type.Union([Type.String(), Type.Null()]),
  join_time: Type.Union([Timestamp, Type.Null()], { description: 'When the membership became active.' }),
  version: Version,
  create_time: Timestamp,
  update_time: Timestamp,
});
export type Membership = Static<typeof Membership>;

/** An invitation that is open or was. */
export const Invitation = Type.Object({
  organization_id: Type.String(),
  user_id: Type.String(),
  status: MembershipStatus,
  inviter_email: Type.Union([Type.String(), Type.Null()]),
  created_at: Timestamp,
  expires_at: Timestamp,
  resent_at: Type.Union([Timestamp, Type.Null()]),
  resent_count: Type.Integer(),
});
export type Invitation = Static<typeof Invitation>;

const inviterEmail = Type.String({ maxLength: 254, description: 'Who invites, by one plain address; told in the invitation.' });

export const CreateMembership = Type.Object(
  {
    roles: Type.Optional(roles),
    metadata: Type.Optional(MetadataSchema),
    inviter_email: Type.Optional(inviterEmail),
    send_invitation_email: Type.Optional(
      Type.Boolean({ default: true, description: 'True: the membership waits for the person to accept. False: it is active at once.' }),
    ),
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
    roles: Type.Optional(roles),
    metadata: Type.Optional(MetadataPatch),
    membership_status: Type.Optional(Type.Enum(['ACTIVE', 'INACTIVE'])),
    inviter_email: Type.Optional(inviterEmail),
    send_invitation_email: Type.Optional(Type.Boolean({ default: true })),
  },
  { additionalProperties: false, examples: [{ roles: [{ name: 'member' }], send_invitation_email: false }] },
);
export type UpsertMembership = Static<typeof UpsertMembership>;

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
