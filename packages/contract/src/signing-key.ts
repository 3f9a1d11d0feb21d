import { type Static, Type } from 'typebox';
import { idSchema, Timestamp, Version } from './common.ts';

export const SigningKeyId = idSchema('key', 'The ID of the signing key.');

/** What a signing key does now. It goes from `NEXT` to `RETIRED` by time alone; revoking ends it from any state. */
export const SigningKeyState = Type.Enum(['NEXT', 'SIGNING', 'VERIFYING', 'RETIRED', 'REVOKED'], {
  description:
    '`NEXT` is published and does not sign yet, `SIGNING` signs every new token, `VERIFYING` signs none and its tokens are still valid, ' +
    '`RETIRED` and `REVOKED` are gone from /keys and none of their tokens is accepted.',
});
export type SigningKeyState = Static<typeof SigningKeyState>;

/** A key pair that signs the tokens of an environment. Its public part is at /keys, its private part never leaves the server. */
export const SigningKey = Type.Object({
  id: SigningKeyId,
  environment_id: Type.String(),
  kid: Type.String({ description: 'What the header of its tokens and its entry at /keys call it: its RFC 7638 thumbprint.' }),
  state: SigningKeyState,
  create_time: { ...Timestamp, description: 'Since when it is published.' },
  sign_time: { ...Timestamp, description: 'From when on it signs.' },
  retire_time: Type.Union([Timestamp, Type.Null()], {
    description: 'When the last token that it signed has expired; null while it signs, and for one that was revoked.',
  }),
  revoke_time: Type.Union([Timestamp, Type.Null()]),
  version: Version,
});
export type SigningKey = Static<typeof SigningKey>;

export const SigningKeyAnswer = Type.Object({ signing_key: SigningKey });
export type SigningKeyAnswer = Static<typeof SigningKeyAnswer>;

export const SigningKeyList = Type.Object({ signing_keys: Type.Array(SigningKey, { description: 'Newest first.' }) });
export type SigningKeyList = Static<typeof SigningKeyList>;
