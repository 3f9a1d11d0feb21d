import { type Static, Type } from 'typebox';
import { ExternalIds, Timestamp, Version } from './common.ts';

/**
 * Names of the events this version writes. Those of `organization_client` and `api_token` are ours, Scalekit has none: an
 * audit asks of every credential who issued it, who changed what it allows and who ended it.
 */
export const eventTypes = [
  'organization.created',
  'organization.updated',
  'organization.deleted',
  'user.created',
  'user.updated',
  'user.deleted',
  'user.organization_invitation',
  'user.organization_membership_created',
  'user.organization_membership_updated',
  'user.organization_membership_deleted',
  'organization_client.created',
  'organization_client.updated',
  'organization_client.deleted',
  'api_token.created',
  'api_token.updated',
  'api_token.invalidated',
] as const;
export type EventType = (typeof eventTypes)[number];

/** The immutable record of one change, written in the change's own transaction. */
export const Event = Type.Object({
  id: Type.String(),
  type: Type.Enum([...eventTypes]),
  environment_id: Type.String(),
  organization_id: Type.Union([Type.String(), Type.Null()]),
  record_id: Type.String(),
  record_version: Version,
  external_id: Type.Union([Type.String(), Type.Null()]),
  external_ids: ExternalIds,
  changed: Type.Record(Type.String(), Type.Array(Type.Unknown(), { minItems: 2, maxItems: 2 }), {
    description: 'Path to [old, new]; null stands for absent.',
  }),
  actor: Type.Object({ type: Type.Enum(['client', 'system']), id: Type.String() }),
  request_id: Type.String(),
  occurred_at: Timestamp,
  data: Type.Unknown(),
});
export type Event = Static<typeof Event>;
