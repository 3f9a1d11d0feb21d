import { type Static, Type } from 'typebox';
import { Timestamp } from './common.ts';
import { EnvironmentId } from './environment.ts';
import { Operator, OperatorEmail, OperatorRole, Password } from './operator.ts';

/** Headers of a request that a session authenticates: the environment it is about, and the token of every unsafe method. Lower case. */
export const sessionHeaders = { environment: 'x-crosswalk-environment', csrf: 'x-csrf-token' } as const;

/** An operator who is signed in. */
export const Session = Type.Object({
  operator: Operator,
  environments: Type.Array(Type.Object({ id: EnvironmentId, name: Type.String(), role: OperatorRole }), {
    description: 'Where the operator has a role, by name.',
  }),
  csrf_token: Type.String({ description: `Sent as \`${sessionHeaders.csrf}\` with every request that changes something.` }),
  expire_time: { ...Timestamp, description: 'When it ends unless it is used; use puts it off, to a week after the sign-in.' },
});
export type Session = Static<typeof Session>;

export const SessionAnswer = Type.Object({
  session: Type.Union([Session, Type.Null()]),
  setup_required: Type.Boolean({ description: 'Whether there is no operator yet: the link that the server printed makes the first.' }),
});
export type SessionAnswer = Static<typeof SessionAnswer>;

export const SignIn = Type.Object(
  { email: OperatorEmail, password: Password },
  { additionalProperties: false, examples: [{ email: 'grace@example.com', password: 'correct horse battery staple' }] },
);
export type SignIn = Static<typeof SignIn>;

export const SetUp = Type.Object(
  {
    token: Type.String({ minLength: 1, maxLength: 200, description: 'What follows `#token=` in the link that the server printed.' }),
    email: OperatorEmail,
    name: Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 128 }), Type.Null()])),
    password: Password,
  },
  {
    additionalProperties: false,
    examples: [{ token: 'cws_…', email: 'grace@example.com', password: 'correct horse battery staple' }],
  },
);
export type SetUp = Static<typeof SetUp>;

export const ChangeEmail = Type.Object(
  { current_password: Password, email: OperatorEmail },
  { additionalProperties: false, examples: [{ current_password: 'correct horse battery staple', email: 'grace.hopper@example.com' }] },
);
export type ChangeEmail = Static<typeof ChangeEmail>;

export const ChangePassword = Type.Object(
  { current_password: Password, new_password: Password },
  {
    additionalProperties: false,
    examples: [{ current_password: 'correct horse battery staple', new_password: 'incorrect zebra charger nail' }],
  },
);
export type ChangePassword = Static<typeof ChangePassword>;
