import type { Event } from './event.ts';
import type { EventType } from './event-types.ts';
import type { WebhookMessage } from './webhook.ts';
import { messageOf, subjectOf } from './webhook-envelope.ts';

const organization = {
  id: 'org_915840612345678901',
  display_name: 'Acme Corporation',
  external_id: 'CUST-12345-ACME',
  external_ids: { stripe: 'cus_Nffrf1gZ0uCj2f' },
  metadata: { plan_type: 'enterprise', seats: 250 },
};

const user = {
  id: 'usr_915840612345678902',
  email: 'ada@example.com',
  external_id: 'EMP-7',
  external_ids: {},
  metadata: {},
  user_profile: { given_name: 'Ada', family_name: 'Lovelace' },
};

const membership = {
  id: 'mem_915840612345678903',
  organization_id: organization.id,
  user_id: user.id,
  membership_status: 'ACTIVE',
  roles: [{ name: 'member', display_name: 'Member' }],
  metadata: {},
};

/** What a sample is about, and what an update of it has changed. */
const samples: Record<string, { data: Record<string, unknown> & { id: string }; changed: Event['changed'] }> = {
  organization: { data: organization, changed: { 'metadata.plan_type': ['starter', 'enterprise'] } },
  user: { data: user, changed: { 'user_profile.given_name': [null, 'Ada'] } },
  membership: { data: membership, changed: { membership_status: ['PENDING_INVITE', 'ACTIVE'] } },
};

/** A message that looks like one of a type, to try an endpoint with. No record of the environment is in it. */
export function sampleMessage(type: EventType, at: { id: string; environmentId: string; time: number }): WebhookMessage {
  const { data, changed } = samples[subjectOf(type)] ?? { data: { id: 'sample' }, changed: {} };
  const event = {
    id: at.id,
    type,
    sequence: 0,
    environment_id: at.environmentId,
    organization_id: type.startsWith('organization') || subjectOf(type) === 'membership' ? organization.id : null,
    record_id: data.id,
    record_version: 1,
    external_id: null,
    external_ids: {},
    changed,
    actor: { type: 'system' as const, id: null },
    request_id: 'webhook-test',
    occurred_at: new Date(at.time).toISOString(),
    data,
  };
  return messageOf(event, { organization, user });
}
