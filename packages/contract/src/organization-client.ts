import { type Static, Type } from 'typebox';
import { ClientSecret } from './client.ts';
import { idSchema, PageQuery, pageOf, Timestamp, textOf, Version } from './common.ts';

export const OrganizationClientId = idSchema('m2morg', 'The ID of the client, and its `client_id` at the token endpoint.');

/** Limits of an organization client beyond those in the schemas below; over them is 400, which tells the excess. */
export const organizationClientLimits = {
  /**
   * bytes of scopes, audience and custom claims together, as JSON: all of them are in every token, a token travels in
   * a header, and many servers refuse headers of more than 8 KB
   */
  claimBytes: 4096,
} as const;

const name = Type.Union([Type.String({ maxLength: 128 }), Type.Null()], { description: 'What people call it.' });
const description = Type.Union([Type.String({ maxLength: 512 }), Type.Null()], { description: 'What it is for.' });
/** RFC 6749, section 3.3: a list of scopes has spaces between them. */
const scopeForm = {
  pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,128}$',
  rule: 'must be 1 to 128 ASCII characters without spaces, quotes and backslashes, such as deploy:applications',
};
const scopes = Type.Array(textOf(scopeForm), {
  maxItems: 100,
  uniqueItems: true,
  description: 'What its tokens may be asked to allow, in the words of your own services.',
  examples: [['deploy:applications', 'read:deployments']],
});
const audience = Type.Array(Type.String({ minLength: 1, maxLength: 512 }), {
  maxItems: 20,
  uniqueItems: true,
  description: 'The services its tokens are for: `aud` of each token, which has none when this is empty.',
  examples: [['https://api.acme.example']],
});

/** One of the things the tokens of a client say in `custom_claims`. */
export const CustomClaim = Type.Object(
  { key: Type.String({ minLength: 1, maxLength: 128 }), value: Type.String({ maxLength: 1024 }) },
  { additionalProperties: false },
);
export type CustomClaim = Static<typeof CustomClaim>;

const customClaims = Type.Array(CustomClaim, {
  maxItems: 50,
  description: 'What each of its tokens says in `custom_claims`, as key and value. No key twice.',
});
/** Seconds. */
export const clientLifetime = { min: 1, /** a year */ max: 31_536_000 };

const lifetime = {
  minimum: clientLifetime.min,
  maximum: clientLifetime.max,
  description: 'How long each of its tokens is valid, in seconds. A token cannot be called back, so keep it short.',
};

const expiry = Type.Union(
  [Type.Integer(lifetime), textOf({ pattern: '^[0-9]{1,19}$', rule: 'must be a whole number' }, { description: 'The same as text.' })],
  { description: `${lifetime.description} A number, or the same as text: so JSON of protobuf writes an int64.` },
);

/** A machine of an organization: it gets tokens from POST /oauth/token for the services of the environment's owner. */
export const OrganizationClient = Type.Object({
  client_id: OrganizationClientId,
  organization_id: Type.String(),
  name,
  description,
  scopes,
  audience,
  custom_claims: customClaims,
  expiry: Type.Integer(lifetime),
  secrets: Type.Array(ClientSecret, { description: 'Oldest first.' }),
  version: Version,
  create_time: Timestamp,
  update_time: Timestamp,
  last_used_time: Type.Union([Timestamp, Type.Null()], { description: 'When it last got a token. Accurate to about a minute.' }),
});
export type OrganizationClient = Static<typeof OrganizationClient>;

const writable = {
  name: Type.Optional(name),
  description: Type.Optional(description),
  scopes: Type.Optional(scopes),
  audience: Type.Optional(audience),
  custom_claims: Type.Optional(customClaims),
};

export const CreateOrganizationClient = Type.Object(
  { ...writable, expiry: Type.Optional({ ...expiry, default: 3600 }) },
  {
    additionalProperties: false,
    examples: [
      {
        name: 'Deployment pipeline',
        scopes: ['deploy:applications', 'read:deployments'],
        audience: ['https://api.acme.example'],
        custom_claims: [{ key: 'tier', value: 'enterprise' }],
        expiry: 3600,
      },
    ],
  },
);
export type CreateOrganizationClient = Static<typeof CreateOrganizationClient>;

/** A field that is named is replaced as a whole, lists too: an empty list clears. */
export const UpdateOrganizationClient = Type.Object(
  { ...writable, expiry: Type.Optional(expiry) },
  { additionalProperties: false, examples: [{ scopes: ['read:deployments'], expiry: 900 }] },
);
export type UpdateOrganizationClient = Static<typeof UpdateOrganizationClient>;

export const OrganizationClientAnswer = Type.Object({ client: OrganizationClient });
export type OrganizationClientAnswer = Static<typeof OrganizationClientAnswer>;

/** `plain_secret` is shown in this answer and never again. */
export const CreateOrganizationClientAnswer = Type.Object({ client: OrganizationClient, plain_secret: Type.String() });
export type CreateOrganizationClientAnswer = Static<typeof CreateOrganizationClientAnswer>;

/** `plain_secret` is shown in this answer and never again. */
export const OrganizationClientSecretAnswer = Type.Object({ secret: ClientSecret, plain_secret: Type.String() });
export type OrganizationClientSecretAnswer = Static<typeof OrganizationClientSecretAnswer>;

export const OrganizationClientPage = pageOf('clients', OrganizationClient);

export const ListOrganizationClientsQuery = Type.Object(PageQuery, { additionalProperties: false });
