import { type Static, Type } from 'typebox';
import { ExternalIds, Timestamp, Version } from './common.ts';

/** Names of the events this version writes. */
export const eventTypes = [
  'organization.created',
  'organization.updated',
  'organization.deleted',
  'organization.domain_created',
  'organization.domain_deleted',
  'organization.domain_dns_verification_success',
  'organization.domain_dns_verification_failed',
  'user.created',
  'user.updated',
  'user.deleted',
  'user.organization_invitation',
  'user.organization_membership_created',
  'user.organization_membership_updated',
  'user.organization_membership_deleted',
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
