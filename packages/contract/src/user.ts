import { type Static, Type } from 'typebox';
import {
  byKey,
  ExternalId,
  ExternalIds,
  ExternalIdsPatch,
  FilterQuery,
  idSchema,
  MatchedBy,
  MetadataPatch,
  MetadataSchema,
  PageQuery,
  pageOf,
  Timestamp,
  Version,
} from './common.ts';
import { Invitation } from './invitation.ts';
import { CreateMembership, Membership } from './membership.ts';

export const UserId = idSchema('usr', 'The ID Crosswalk gave the user.');

export const Email = Type.String({
  maxLength: 254,
  description: 'One plain address; unique in the environment without regard to case. Stored as sent.',
  examples: ['john.doe@company.com'],
});

const text = (maxLength: number, description: string) =>
  Type.Optional(Type.Union([Type.String({ maxLength }), Type.Null()], { description }));
const texts = byKey(Type.String({ minLength: 1, maxLength: 64 }), Type.String({ maxLength: 1024 }), { maxProperties: 20 });

/** What is known of a person beside the address. `first_name` and `last_name` are other names of `given_name` and `family_name`. */
const profileFields = {
  given_name: text(255, 'Given (first) name.'),
  family_name: text(255, 'Family (last) name.'),
  name: text(512, 'The whole name as it should be shown.'),
  preferred_username: text(512, 'Name the person wants to be addressed by.'),
  picture: text(2048, 'Address of a picture. Never fetched.'),
  gender: text(64, 'As the person states it.'),
  locale: text(64, 'BCP 47 language tag such as `en-GB`.'),
  phone_number: text(64, 'Telephone number, E.164 preferred.'),
  groups: Type.Optional(
    Type.Union([Type.Array(Type.String({ minLength: 1, maxLength: 250 }), { maxItems: 50, uniqueItems: true }), Type.Null()], {
      description: 'Names of groups the person is in elsewhere; replaced as a whole.',
    }),
  ),
  custom_attributes: Type.Optional(Type.Union([texts, Type.Null()], { description: 'Texts of your own by name; replaced as a whole.' })),
};

export const UserProfile = Type.Object({
  ...profileFields,
  metadata: Type.Optional(MetadataSchema),
  first_name: text(255, 'Same as given_name.'),
  last_name: text(255, 'Same as family_name.'),
});
export type UserProfile = Static<typeof UserProfile>;

export const UserProfileInput = Type.Object(
  {
    ...profileFields,
    metadata: Type.Optional(Type.Union([MetadataPatch, Type.Null()])),
    first_name: text(255, 'Same as given_name.'),
    last_name: text(255, 'Same as family_name.'),
  },
  { additionalProperties: false, description: 'Fields not named stay, `null` clears one.' },
);
export type UserProfileInput = Static<typeof UserProfileInput>;

/** A person. */
export const User = Type.Object({
  id: UserId,
  environment_id: Type.String(),
  email: Type.String(),
  external_id: Type.Union([ExternalId, Type.Null()], { description: 'Your own ID of this person.' }),
  external_ids: ExternalIds,
  metadata: MetadataSchema,
  user_profile: UserProfile,
  memberships: Type.Array(Membership, {
    description:
      'The first 100 memberships, oldest first, fewer where their metadata is more than 256 KB; GET /api/v1/memberships lists all.',
  }),
  version: Version,
  create_time: Timestamp,
  update_time: Timestamp,
});
export type User = Static<typeof User>;

const writable = {
  external_id: Type.Optional(Type.Union([ExternalId, Type.Null()], { description: 'Your own ID of this person; `null` clears it.' })),
  external_ids: Type.Optional(ExternalIdsPatch),
  user_profile: Type.Optional(UserProfileInput),
};

const userExample = {
  email: 'john.doe@company.com',
  external_id: 'SALESFORCE-003921',
  metadata: { department: 'Sales', quota: 150000 },
  user_profile: { given_name: 'John', family_name: 'Doe' },
};

export const CreateUser = Type.Object(
  { email: Email, ...writable, metadata: Type.Optional(MetadataSchema) },
  { additionalProperties: false, examples: [userExample] },
);
export type CreateUser = Static<typeof CreateUser>;

export const CreateUserAndMembership = Type.Object(
  {
    email: Email,
    ...writable,
    metadata: Type.Optional(MetadataSchema),
    membership: Type.Optional(CreateMembership),
    send_invitation_email: Type.Optional(
      Type.Boolean({ default: true, description: 'True: the membership waits for the person to accept. False: it is active at once.' }),
    ),
  },
  { additionalProperties: false, examples: [{ ...userExample, send_invitation_email: true }] },
);
export type CreateUserAndMembership = Static<typeof CreateUserAndMembership>;

export const UpdateUser = Type.Object(
  { email: Type.Optional(Email), ...writable, metadata: Type.Optional(MetadataPatch) },
  { additionalProperties: false, examples: [{ external_id: 'SALESFORCE-003921', metadata: { quota: 175000 } }] },
);
export type UpdateUser = Static<typeof UpdateUser>;

export const UserAnswer = Type.Object({ user: User, matched_by: Type.Optional(MatchedBy) });
export type UserAnswer = Static<typeof UserAnswer>;

export const UserAndMembershipAnswer = Type.Object({
  user: User,
  membership: Membership,
  invitation: Type.Union([Invitation, Type.Null()]),
});
export type UserAndMembershipAnswer = Static<typeof UserAndMembershipAnswer>;

/** Answer of a change to a membership. */
export const UserMembershipAnswer = Type.Object({ user: User, membership: Membership });
export type UserMembershipAnswer = Static<typeof UserMembershipAnswer>;

/** `created` tells of the record that the call names: the user, or for a membership call the membership. `matched_by` is there when the user was. */
export const UpsertUserAnswer = Type.Object({ user: User, created: Type.Boolean(), matched_by: Type.Optional(MatchedBy) });
export type UpsertUserAnswer = Static<typeof UpsertUserAnswer>;

export const UpsertMembershipAnswer = Type.Object({
  user: User,
  membership: Membership,
  invitation: Type.Union([Invitation, Type.Null()]),
  created: Type.Boolean(),
});
export type UpsertMembershipAnswer = Static<typeof UpsertMembershipAnswer>;

export const UserPage = pageOf('users', User);
export type UserPage = Static<typeof UserPage>;

export const ListUsersQuery = Type.Object(
  { ...PageQuery, filter: FilterQuery, external_id: Type.Optional(ExternalId), email: Type.Optional(Email) },
  { additionalProperties: false },
);
