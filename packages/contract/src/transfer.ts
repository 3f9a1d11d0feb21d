import { type Static, Type } from 'typebox';
import { ExternalId, ExternalIdsPatch, MetadataPatch, System } from './common.ts';
import { DomainType, domainsReach } from './domain.ts';
import { UpdateOrganizationSettings, UpdateSessionPolicy, UpsertUserManagementSettings } from './organization-settings.ts';
import { PermissionName } from './permission.ts';
import { RoleName, roleLimits } from './role.ts';
import { Email, UserProfileInput } from './user.ts';

/**
 * Rows of imports and exports: one record of one kind each, named by the owner's own IDs. A row says what is to be true of the record;
 * fields that it does not name stay, `null` clears, metadata and external IDs are merged.
 */

/** How a row names another record: by its ID here, an external ID, the address of a user, or the `ref` of a row before it. */
export const RowReference = Type.Union([
  Type.Object({ id: Type.String({ maxLength: 64 }) }, { additionalProperties: false }),
  Type.Object({ external_id: ExternalId, system: Type.Optional(System) }, { additionalProperties: false }),
  Type.Object({ email: Email }, { additionalProperties: false }),
  Type.Object({ ref: Type.String({ minLength: 1, maxLength: 64 }) }, { additionalProperties: false }),
]);
export type RowReference = Static<typeof RowReference>;

const identity = {
  id: Type.Optional(Type.String({ maxLength: 64, description: 'The ID here, of a record that is there already.' })),
  ref: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, description: 'A name within the file, for rows that refer to this one. Not kept.' }),
  ),
  external_id: Type.Optional(Type.Union([ExternalId, Type.Null()])),
  external_ids: Type.Optional(ExternalIdsPatch),
  metadata: Type.Optional(MetadataPatch),
};

/** A domain of an organization. It begins as it does when it is added by itself: a file proves nothing. */
const RowDomain = Type.Object(
  { domain: Type.String({ minLength: 4, maxLength: 255 }), domain_type: Type.Optional(DomainType) },
  { additionalProperties: false },
);

/** Settings of an organization, each part as the request takes it that sets that part. */
export const RowSettings = Type.Object(
  {
    features: UpdateOrganizationSettings.properties.features,
    user_management: Type.Optional(UpsertUserManagementSettings.properties.settings),
    session_policy: Type.Optional(UpdateSessionPolicy),
  },
  { additionalProperties: false, description: 'Parts and fields not named stay.' },
);
export type RowSettings = Static<typeof RowSettings>;

const nullable = (maxLength: number) => Type.Optional(Type.Union([Type.String({ maxLength }), Type.Null()]));

/** Found by `id`, else by any of its external IDs or the one that the import matches by; made when none is known. */
export const OrganizationRow = Type.Object(
  {
    kind: Type.Literal('organization'),
    ...identity,
    display_name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    region_code: Type.Optional(Type.Union([Type.Enum(['US', 'EU']), Type.Null()])),
    slug: nullable(253),
    logo_url: nullable(1024),
    settings: Type.Optional(RowSettings),
    default_member_role: Type.Optional(
      Type.Union([RoleName, Type.Null()], { description: 'The role that new members get; `null`: that of the environment.' }),
    ),
    domains: Type.Optional(
      Type.Array(RowDomain, { maxItems: domainsReach, description: 'Domains to add to those it has. They are not verified by this.' }),
    ),
  },
  { additionalProperties: false },
);
export type OrganizationRow = Static<typeof OrganizationRow>;

/** Found by `id`, else by any of its external IDs, else by its address, or by the one that the import matches by; made when none is known. */
export const UserRow = Type.Object(
  {
    kind: Type.Literal('user'),
    ...identity,
    email: Type.Optional(Email),
    user_profile: Type.Optional(UserProfileInput),
  },
  { additionalProperties: false },
);
export type UserRow = Static<typeof UserRow>;

/** Found by its organization and user. */
export const MembershipRow = Type.Object(
  {
    kind: Type.Literal('membership'),
    organization: RowReference,
    user: RowReference,
    roles: Type.Optional(Type.Array(RoleName, { maxItems: roleLimits.perMembership, uniqueItems: true })),
    membership_status: Type.Optional(Type.Enum(['ACTIVE', 'INACTIVE', 'PENDING_INVITE', 'INVITE_EXPIRED'])),
    metadata: Type.Optional(MetadataPatch),
    inviter_email: Type.Optional(Email),
  },
  { additionalProperties: false },
);
export type MembershipRow = Static<typeof MembershipRow>;

/** Found by its name, among the roles of the environment or of `organization`. */
export const RoleRow = Type.Object(
  {
    kind: Type.Literal('role'),
    name: RoleName,
    organization: Type.Optional(RowReference),
    display_name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    description: Type.Optional(Type.String({ maxLength: 2000 })),
    extends: Type.Optional(Type.Union([RoleName, Type.Null()])),
    permissions: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: roleLimits.permissions })),
    default_creator: Type.Optional(
      Type.Literal(true, { description: 'Makes it the default of whoever creates an organization; of a role of the environment.' }),
    ),
    default_member: Type.Optional(
      Type.Literal(true, { description: 'Makes it the role that new members get, of the environment or of its organization.' }),
    ),
  },
  { additionalProperties: false },
);
export type RoleRow = Static<typeof RoleRow>;

/** Found by its name. */
export const PermissionRow = Type.Object(
  { kind: Type.Literal('permission'), name: PermissionName, description: Type.Optional(Type.String({ maxLength: 2000 })) },
  { additionalProperties: false },
);
export type PermissionRow = Static<typeof PermissionRow>;

/** One row: a line of NDJSON, or a line of CSV whose columns are paths such as `metadata.plan` or `organization.external_id`. */
export const TransferRow = Type.Union([OrganizationRow, UserRow, MembershipRow, RoleRow, PermissionRow]);
export type TransferRow = Static<typeof TransferRow>;
