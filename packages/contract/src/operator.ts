import { type Static, Type } from 'typebox';
import { idSchema, Timestamp, Version } from './common.ts';

export const OperatorId = idSchema('opr', 'The ID of the operator.');

/** What an operator may do in an environment: a viewer reads, an editor changes records too, an admin may do everything. */
export const OperatorRole = Type.Enum(['viewer', 'editor', 'admin'], {
  description: '`viewer` reads, `editor` changes records too, `admin` also changes credentials, operators and settings.',
});
export type OperatorRole = Static<typeof OperatorRole>;

/** Length of a password of an operator, in characters (Unicode code points) of its normal form NFC. There are no other rules. */
export const passwordLength = { min: 12, max: 256 } as const;

export const Password = Type.String({
  minLength: 1,
  // Not the limit itself, which counts after normalization.
  maxLength: 1024,
  description: `${passwordLength.min} to ${passwordLength.max} characters, any.`,
  examples: ['correct horse battery staple'],
});

export const OperatorEmail = Type.String({
  maxLength: 254,
  description: 'One plain address, by which they sign in; unique on this server without regard to case.',
  examples: ['grace@example.com'],
});

const OperatorName = Type.Union([Type.String({ minLength: 1, maxLength: 128 }), Type.Null()], { description: 'What people call them.' });

/** A person who works with the dashboard. Of the whole installation, with a role per environment. */
export const Operator = Type.Object({
  id: OperatorId,
  email: Type.String(),
  name: Type.Union([Type.String(), Type.Null()]),
  roles: Type.Record(Type.String(), OperatorRole, {
    description:
      'Their role by the ID of the environment. Other environments than your own are not told, but to themselves in their session.',
  }),
  password_change_time: Timestamp,
  create_time: Timestamp,
  update_time: Timestamp,
  last_sign_in_time: Type.Union([Timestamp, Type.Null()]),
  version: Version,
});
export type Operator = Static<typeof Operator>;

export const CreateOperator = Type.Object(
  {
    email: OperatorEmail,
    name: Type.Optional(OperatorName),
    password: Password,
    role: OperatorRole,
  },
  {
    additionalProperties: false,
    examples: [{ email: 'grace@example.com', name: 'Grace Hopper', password: 'correct horse battery staple', role: 'editor' }],
  },
);
export type CreateOperator = Static<typeof CreateOperator>;

export const UpdateOperator = Type.Object(
  {
    name: Type.Optional(OperatorName),
    role: Type.Optional(Type.Union([OperatorRole, Type.Null()], { description: 'Their role in this environment; null takes it away.' })),
    password: Type.Optional(Password),
  },
  { additionalProperties: false, examples: [{ name: 'Grace Hopper' }] },
);
export type UpdateOperator = Static<typeof UpdateOperator>;

export const OperatorAnswer = Type.Object({ operator: Operator });
export type OperatorAnswer = Static<typeof OperatorAnswer>;

export const OperatorList = Type.Object({ operators: Type.Array(Operator) });
export type OperatorList = Static<typeof OperatorList>;
