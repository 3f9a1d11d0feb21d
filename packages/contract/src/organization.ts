import { type Static, Type } from 'typebox';
import {
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
  textOf,
  Version,
} from './common.ts';
import { OrganizationSettings } from './organization-settings.ts';

export const OrganizationId = idSchema('org', 'The ID Crosswalk gave the organization.');

const displayName = Type.String({ minLength: 1, maxLength: 200, description: 'The name people see.', examples: ['Acme Corporation'] });
const regionCode = Type.Enum(['US', 'EU'], { description: 'Where the customer is served.' });
const slug = textOf(
  {
    pattern: '^$|^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$',
    rule: 'must be a name as in DNS: lower-case letters, digits and "-", parts of 1 to 63 with dots between, such as acme or acme.eu',
  },
  { maxLength: 253, description: 'A DNS-like name, unique in the environment; an empty string clears it.', examples: ['acme'] },
);
const logoUrl = textOf(
  { pattern: '^$|^https://[^\\s]+$', rule: 'must begin with https:// and have no spaces, such as https://acme.example/logo.png' },
  {
    maxLength: 1024,
    description: 'Address of a logo; must begin with https://. Never fetched. An empty string clears it.',
    examples: ['https://acme.example/logo.png'],
  },
);

/** A customer of the product. */
export const Organization = Type.Object({
  id: OrganizationId,
  environment_id: Type.String(),
  display_name: displayName,
  external_id: Type.Union([ExternalId, Type.Null()], { description: 'Your own ID of this customer.' }),
  external_ids: ExternalIds,
  metadata: MetadataSchema,
  region_code: Type.Union([regionCode, Type.Null()]),
  slug: Type.Union([Type.String(), Type.Null()]),
  logo_url: Type.Union([Type.String(), Type.Null()]),
  settings: OrganizationSettings,
  default_member_role: Type.Union([Type.String(), Type.Null()], {
    description: 'Name of the role that new members get who are given none; null: the default of the environment.',
  }),
  version: Version,
  create_time: Timestamp,
  update_time: Timestamp,
});
export type Organization = Static<typeof Organization>;

const writable = {
  external_id: Type.Optional(Type.Union([ExternalId, Type.Null()], { description: 'Your own ID of this customer; `null` clears it.' })),
  external_ids: Type.Optional(ExternalIdsPatch),
  region_code: Type.Optional(Type.Union([regionCode, Type.Null()])),
  slug: Type.Optional(Type.Union([slug, Type.Null()])),
  logo_url: Type.Optional(Type.Union([logoUrl, Type.Null()])),
};

export const CreateOrganization = Type.Object(
  { display_name: displayName, ...writable, metadata: Type.Optional(MetadataSchema) },
  {
    additionalProperties: false,
    examples: [
      {
        display_name: 'Acme Corporation',
        external_id: 'CUST-12345-ACME',
        external_ids: { stripe: 'cus_Nffrf1gZ0uCj2f' },
        metadata: { plan_type: 'enterprise', seats: 250 },
      },
    ],
  },
);
export type CreateOrganization = Static<typeof CreateOrganization>;

export const UpdateOrganization = Type.Object(
  { display_name: Type.Optional(displayName), ...writable, metadata: Type.Optional(MetadataPatch) },
  { additionalProperties: false, examples: [{ external_id: 'NEW-CUST-12345-ACME', metadata: { seats: 300 } }] },
);
export type UpdateOrganization = Static<typeof UpdateOrganization>;

/** Query of an update. */
export const UpdateMask = Type.Optional(
  Type.String({
    maxLength: 200,
    description:
      'The fields that are changed, with commas between: of `display_name`, `external_id`, `metadata`, `slug`, `logo_url`. What the body has of them is set, ' +
      'metadata as a whole; what it does not have is cleared; nothing else of it counts. Left out: what the body has.',
    examples: ['display_name,slug'],
  }),
);

export const OrganizationAnswer = Type.Object({ organization: Organization, matched_by: Type.Optional(MatchedBy) });
export type OrganizationAnswer = Static<typeof OrganizationAnswer>;

/** `matched_by` is there when the organization was. */
export const UpsertOrganizationAnswer = Type.Object({
  organization: Organization,
  created: Type.Boolean(),
  matched_by: Type.Optional(MatchedBy),
});
export type UpsertOrganizationAnswer = Static<typeof UpsertOrganizationAnswer>;

export const OrganizationPage = pageOf('organizations', Organization);
export type OrganizationPage = Static<typeof OrganizationPage>;

export const ListOrganizationsQuery = Type.Object(
  {
    ...PageQuery,
    filter: FilterQuery,
    external_id: Type.Optional(ExternalId),
    slug: Type.Optional({ ...slug, description: 'The slug, exactly.' }),
  },
  { additionalProperties: false },
);
