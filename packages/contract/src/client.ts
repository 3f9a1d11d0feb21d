import { type Static, Type } from 'typebox';
import { idSchema, Timestamp, Version } from './common.ts';

export const ClientId = idSchema('skc', 'The ID of the API client.');

/** What a client may do. `write` does not contain `read`. */
export const Scope = Type.Enum(['read', 'write']);
export type Scope = Static<typeof Scope>;

/** A secret of a client; what it is was shown when it was made. */
export const ClientSecret = Type.Object({
  id: Type.String(),
  hint: Type.String({ description: 'The last four characters, to tell secrets apart.' }),
  create_time: Timestamp,
  last_used_time: Type.Union([Timestamp, Type.Null()], { description: 'Accurate to about a minute.' }),
});
export type ClientSecret = Static<typeof ClientSecret>;

/** An API credential of an environment. */
export const Client = Type.Object({
  id: ClientId,
  environment_id: Type.String(),
  name: Type.String(),
  scopes: Type.Array(Scope),
  secrets: Type.Array(ClientSecret),
  version: Version,
  create_time: Timestamp,
  last_used_time: Type.Union([Timestamp, Type.Null()], { description: 'Accurate to about a minute.' }),
});
export type Client = Static<typeof Client>;

export const CreateClient = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 128 }),
    scopes: Type.Optional(Type.Array(Scope, { minItems: 1, maxItems: 2, uniqueItems: true, default: ['read', 'write'] })),
  },
  { additionalProperties: false, examples: [{ name: 'Billing webhooks', scopes: ['read', 'write'] }] },
);
export type CreateClient = Static<typeof CreateClient>;

export const ClientAnswer = Type.Object({ client: Client });
export type ClientAnswer = Static<typeof ClientAnswer>;

/** `plain_secret` is shown in this answer and never again. */
export const ClientSecretAnswer = Type.Object({ client: Client, secret_id: Type.String(), plain_secret: Type.String() });
export type ClientSecretAnswer = Static<typeof ClientSecretAnswer>;

export const ClientList = Type.Object({ clients: Type.Array(Client) });
export type ClientList = Static<typeof ClientList>;

/** Answer of POST /oauth/token (RFC 6749 section 5.1). */
export const TokenAnswer = Type.Object({
  access_token: Type.String(),
  token_type: Type.Literal('Bearer'),
  expires_in: Type.Integer({ description: 'Seconds.' }),
  scope: Type.String(),
});
export type TokenAnswer = Static<typeof TokenAnswer>;

/** Error answer of POST /oauth/token (RFC 6749 section 5.2). */
export const TokenError = Type.Object({ error: Type.String(), error_description: Type.String() });
