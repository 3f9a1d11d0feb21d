import { type Static, Type } from 'typebox';
import { idSchema, Timestamp, Version } from './common.ts';
import { pageSize } from './limits.ts';

export const DomainId = idSchema('dom', 'The ID Crosswalk gave the domain.');

export const DomainType = Type.Enum(['ORGANIZATION_DOMAIN', 'ALLOWED_EMAIL_DOMAIN'], {
  description:
    '`ORGANIZATION_DOMAIN`: the organization owns the domain; one organization of the environment can have it. ' +
    '`ALLOWED_EMAIL_DOMAIN`: people with an address of the domain may join; any number of organizations can have it.',
});
export type DomainType = Static<typeof DomainType>;

const VerificationStatus = Type.Enum(['PENDING', 'VERIFIED', 'FAILED', 'AUTO_VERIFIED'], {
  description:
    '`FAILED`: the last check did not find the TXT record; check again when it is there. `AUTO_VERIFIED`: there is nothing to prove.',
});

const domainName = Type.String({
  minLength: 4,
  maxLength: 255,
  description:
    'A domain name of two labels at least, without a trailing dot. Kept in lower case and ASCII: `München.de` becomes `xn--mnchen-3ya.de`.',
  examples: ['acme.example'],
});

/** A domain of an organization. */
export const Domain = Type.Object({
  id: DomainId,
  environment_id: Type.String(),
  organization_id: Type.String(),
  domain: domainName,
  domain_type: DomainType,
  verification_status: VerificationStatus,
  verification_method: Type.Enum(['DNS', 'NOT_APPLICABLE'], { description: '`NOT_APPLICABLE` for an `ALLOWED_EMAIL_DOMAIN`.' }),
  txt_record_key: Type.Union([Type.String(), Type.Null()], {
    description: 'The name of the TXT record that proves who owns the domain; null where nothing is to be proved.',
    examples: ['_crosswalk-challenge.acme.example'],
  }),
  txt_record_secret: Type.Union([Type.String(), Type.Null()], {
    description: 'The text that this TXT record must have. Known to everybody once it is there.',
  }),
  version: Version,
  create_time: Timestamp,
  update_time: Timestamp,
});
export type Domain = Static<typeof Domain>;

export const CreateDomain = Type.Object(
  { domain: domainName, domain_type: Type.Optional(DomainType) },
  { additionalProperties: false, examples: [{ domain: 'acme.example', domain_type: 'ORGANIZATION_DOMAIN' }] },
);
export type CreateDomain = Static<typeof CreateDomain>;

export const DomainAnswer = Type.Object({ domain: Domain });
export type DomainAnswer = Static<typeof DomainAnswer>;

export const VerifyDomainAnswer = Type.Object({
  verified: Type.Boolean({ description: 'Whether the organization has proved that the domain is its own.' }),
  domain: Domain,
});
export type VerifyDomainAnswer = Static<typeof VerifyDomainAnswer>;

/** Domains that can be paged through: an organization has a handful. */
export const domainsReach = 10_000;

export const ListDomainsQuery = Type.Object(
  {
    domain_type: Type.Optional(DomainType),
    include: Type.Optional(
      Type.String({ maxLength: 100, description: 'Taken, as existing clients send it: every domain is shown with all there is to it.' }),
    ),
    page_size: Type.Optional(
      Type.Integer({ minimum: 1, maximum: pageSize.max, default: pageSize.default, description: 'Domains in one page.' }),
    ),
    page_number: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: domainsReach,
        default: 0,
        description: `Pages are numbered from 0; the last that can be asked for begins at the ${domainsReach}th domain.`,
      }),
    ),
  },
  { additionalProperties: false },
);
export type ListDomainsQuery = Static<typeof ListDomainsQuery>;

/** One page of the domains of an organization, newest first. */
export const DomainPage = Type.Object({
  page_size: Type.Integer(),
  page_number: Type.Integer(),
  domains: Type.Array(Domain),
  total_size: Type.Integer({ description: 'How many domains match: exact up to 10,000.' }),
  total_size_is_floor: Type.Boolean({ description: 'True when more than 10,000 match; `total_size` is then 10,000.' }),
});
export type DomainPage = Static<typeof DomainPage>;
