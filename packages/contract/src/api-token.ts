import { type Static, Type } from 'typebox';
import { ExternalId, idSchema, PageQuery, pageOf, Timestamp, Version } from './common.ts';

export const ApiTokenId = idSchema('apit', 'The ID Crosswalk gave the token. It is no secret.');

/** Limits of the custom claims of one API token. */
export const apiTokenLimits = {
  claims: 20,
  /** Unicode code points in a key */
  keyPoints: 30,
  /** Unicode code points in a value, which has at least one */
  valuePoints: 256,
} as const;

const customClaims = Type.Record(Type.String(), Type.String({ minLength: 1, maxLength: apiTokenLimits.valuePoints }), {
  maxProperties: apiTokenLimits.claims,
  description: 'What your service should know of the caller: up to 20 texts of 1 to 256 characters, by key of 1 to 30 characters.',
  examples: [{ team: 'engineering', environment: 'production' }],
});
const description = Type.Union([Type.String({ maxLength: 255 }), Type.Null()], { description: 'What the token is for.' });

/** A token of an organization, or of a user in it, that a service of the environment's owner accepts. */
export const ApiToken = Type.Object({
  token_id: ApiTokenId,
  organization_id: Type.String(),
  organization_external_id: Type.Union([ExternalId, Type.Null()]),
  user_id: Type.Union([Type.String(), Type.Null()], { description: 'Null for a token of the organization itself.' }),
  user_external_id: Type.Union([ExternalId, Type.Null()]),
  email: Type.Union([Type.String(), Type.Null()], { description: "The user's address." }),
  roles: Type.Array(Type.String(), { description: 'Names of the roles the user has in the organization now.' }),
  custom_claims: Type.Record(Type.String(), Type.String()),
  description,
  token_suffix: Type.String({ description: 'The last four characters, to tell tokens apart.' }),
  expiry: Type.Union([Timestamp, Type.Null()], { description: 'When it ends; null: not by itself.' }),
  version: Version,
  created_at: Timestamp,
  last_used_at: Type.Union([Timestamp, Type.Null()], { description: 'When it was last validated. Accurate to about a minute.' }),
});
export type ApiToken = Static<typeof ApiToken>;

export const CreateApiToken = Type.Object(
  {
    organization_id: idSchema('org', 'The organization the token is of.'),
    user_id: Type.Optional(
      Type.Union([idSchema('usr', 'The user the token is of: an active member of the organization.'), Type.Null()], {
        description: 'Left out or null, the token is of the organization itself.',
      }),
    ),
    custom_claims: Type.Optional(customClaims),
    description: Type.Optional(description),
    expiry: Type.Optional(Type.Union([Timestamp, Type.Null()], { description: 'When it ends; left out or null, it does not by itself.' })),
  },
  {
    additionalProperties: false,
    examples: [
      {
        organization_id: 'org_915840612345678901',
        user_id: 'usr_915840612345678902',
        custom_claims: { team: 'engineering' },
        description: 'Nightly export',
        expiry: '2030-01-01T00:00:00Z',
      },
    ],
  },
);
export type CreateApiToken = Static<typeof CreateApiToken>;

const token = Type.String({ minLength: 1, description: 'The token, or its ID.' });

/** Body of the calls that name a token: never in a path or query, which logs keep. */
export const NameApiToken = Type.Object({ token }, { additionalProperties: false, examples: [{ token: 'apit_915840612345678901' }] });

/** `custom_claims` replaces all that are there. */
export const UpdateApiToken = Type.Object(
  { token, custom_claims: Type.Optional(customClaims), description: Type.Optional(description) },
  { additionalProperties: false, examples: [{ token: 'apit_915840612345678901', custom_claims: { team: 'platform' } }] },
);
export type UpdateApiToken = Static<typeof UpdateApiToken>;

/** `token` is shown in this answer and never again. */
export const CreateApiTokenAnswer = Type.Object({ token: Type.String(), token_id: ApiTokenId, token_info: ApiToken });
export type CreateApiTokenAnswer = Static<typeof CreateApiTokenAnswer>;

export const ApiTokenAnswer = Type.Object({ token_info: ApiToken });
export type ApiTokenAnswer = Static<typeof ApiTokenAnswer>;

/** As every page, and the count under the name that Scalekit gives it here. */
export const ApiTokenPage = Type.Object({
  ...pageOf('tokens', ApiToken).properties,
  total_count: Type.Integer({ description: 'The same as `total_size`.' }),
});

export const ListApiTokensQuery = Type.Object(
  {
    ...PageQuery,
    organization_id: idSchema('org', 'The organization whose tokens are wanted, those of its users among them.'),
    user_id: Type.Optional(idSchema('usr', 'Only tokens of this user in the organization.')),
  },
  { additionalProperties: false },
);
