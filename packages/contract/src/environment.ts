import { type Static, Type } from 'typebox';
import { idSchema, Timestamp, Version } from './common.ts';

export const EnvironmentId = idSchema('env', 'The ID of the environment.');

const EnvironmentName = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'What people call it, unique on this server.',
  examples: ['production'],
});

/** An isolated space of records: its own credentials, its own uniqueness. */
export const Environment = Type.Object({
  id: EnvironmentId,
  name: EnvironmentName,
  version: Version,
  create_time: Timestamp,
  update_time: Timestamp,
});
export type Environment = Static<typeof Environment>;

export const CreateEnvironment = Type.Object(
  { name: EnvironmentName },
  { additionalProperties: false, examples: [{ name: 'production' }] },
);
export type CreateEnvironment = Static<typeof CreateEnvironment>;

export const UpdateEnvironment = Type.Object(
  { name: Type.Optional(EnvironmentName) },
  { additionalProperties: false, examples: [{ name: 'staging' }] },
);
export type UpdateEnvironment = Static<typeof UpdateEnvironment>;

export const EnvironmentAnswer = Type.Object({ environment: Environment });
export type EnvironmentAnswer = Static<typeof EnvironmentAnswer>;

export const EnvironmentList = Type.Object({ environments: Type.Array(Environment) });
export type EnvironmentList = Static<typeof EnvironmentList>;
