import { type Static, Type } from 'typebox';
import { idSchema, Timestamp, Version } from './common.ts';
import { RecordKind } from './external-id.ts';

/** Limits of the indexes of metadata. */
export const metadataIndexLimits = {
  /** indexes of one environment: each is written with every change of its key */
  indexes: 20,
  /** characters of `key`, as long as a filter may be */
  key: 4096,
} as const;

export const MetadataIndexId = idSchema('midx', 'The ID of the index.');

const kind = { ...RecordKind, description: 'The records whose metadata it is.' };
const key = Type.String({
  minLength: 1,
  maxLength: metadataIndexLimits.key,
  description: 'The key, as a filter writes it.',
  examples: ['metadata.seats'],
});
const type = Type.Enum(['number', 'text'], { description: 'The values that it has; those of other types are not in it.' });

/** What becomes of an index: it is built while everything else goes on, and used when it is `READY`. */
export const MetadataIndexState = Type.Enum(['BUILDING', 'READY', 'FAILED'], {
  description: '`BUILDING` is not used yet, `READY` is, `FAILED` could not be built: `error` tells why, delete it and create it again.',
});
export type MetadataIndexState = Static<typeof MetadataIndexState>;

/** An index that finds the records of an environment by comparisons (`<`, `<=`, `>`, `>=`, `^=`) of one key of their metadata. */
export const MetadataIndex = Type.Object({
  id: MetadataIndexId,
  environment_id: Type.String(),
  kind,
  key,
  type,
  state: MetadataIndexState,
  error: Type.Union([Type.String(), Type.Null()], { description: 'Why it could not be built.' }),
  version: Version,
  create_time: Timestamp,
  update_time: Timestamp,
});
export type MetadataIndex = Static<typeof MetadataIndex>;

/** Body of POST. */
export const CreateMetadataIndex = Type.Object(
  { kind, key, type },
  { additionalProperties: false, examples: [{ kind: 'organization', key: 'metadata.seats', type: 'number' }] },
);
export type CreateMetadataIndex = Static<typeof CreateMetadataIndex>;

export const MetadataIndexAnswer = Type.Object({ metadata_index: MetadataIndex });
export type MetadataIndexAnswer = Static<typeof MetadataIndexAnswer>;

export const MetadataIndexList = Type.Object({ metadata_indexes: Type.Array(MetadataIndex, { description: 'Newest first.' }) });
export type MetadataIndexList = Static<typeof MetadataIndexList>;
