import type { Event } from './event.ts';
import type { EventType } from './event-types.ts';
import type { WebhookMessage } from './webhook.ts';

/** The records that an event of a membership is about, as they were then. */
export interface RelatedRecords {
  organization?: object | undefined;
  user?: object | undefined;
}

/** What kind of thing `data` is, in Scalekit's words where it has some. */
const objects: Record<string, string> = {
  organization: 'Organization',
  user: 'User',
  membership: 'OrgMembership',
  domain: 'OrganizationDomain',
  role: 'Role',
  permission: 'Permission',
  organization_client: 'OrganizationClient',
  api_token: 'ApiToken',
  webhook_endpoint: 'WebhookEndpoint',
  invitation_settings: 'InvitationSettings',
  system: 'System',
  metadata_index: 'MetadataIndex',
  client: 'Client',
  operator: 'Operator',
  environment: 'Environment',
  signing_key: 'SigningKey',
};

/** The kind of record that an event is about. */
export function subjectOf(type: EventType): string {
  const [noun = '', verb = ''] = type.split('.');
  if (verb.startsWith('organization_membership') || verb === 'organization_invitation') return 'membership';
  return verb.startsWith('domain_') ? 'domain' : noun;
}

/** The type for people: `user.organization_membership_created` is `User Organization Membership Created`. */
function displayNameOf(type: EventType): string {
  return type
    .split(/[._]/)
    .map((word) => (word === 'dns' ? 'DNS' : word === 'api' ? 'API' : word.charAt(0).toUpperCase() + word.slice(1)))
    .join(' ');
}

/** The message that tells of an event: Scalekit's envelope, and what only we have. The same event makes the same message. */
export function messageOf(event: Event, related: RelatedRecords = {}): WebhookMessage {
  const subject = subjectOf(event.type);
  const { organization_id, changed } = event;
  return {
    spec_version: '1',
    id: event.id,
    type: event.type,
    object: objects[subject] ?? subject,
    display_name: displayNameOf(event.type),
    occurred_at: event.occurred_at,
    environment_id: event.environment_id,
    ...(organization_id === null ? {} : { organization_id }),
    data: subject === 'membership' ? membershipData(event, related) : dataOf(event),
    ...(isUpdate(event.type) ? { previous: Object.fromEntries(Object.entries(changed).map(([path, [old]]) => [path, old])) } : {}),
    changed,
    sequence: event.sequence,
    record_id: event.record_id,
    record_version: event.record_version,
    external_id: event.external_id,
    external_ids: event.external_ids,
    actor: event.actor,
    request_id: event.request_id,
  };
}

function dataOf({ type, data, occurred_at }: Event): Record<string, unknown> {
  return type.endsWith('.deleted') ? { ...data, deleted_at: occurred_at } : data;
}

function membershipData({ data, organization_id }: Event, { organization, user }: RelatedRecords): Record<string, unknown> {
  return {
    organization: organization ?? { id: organization_id },
    user: user ?? { id: data.user_id },
    membership: data,
  };
}

function isUpdate(type: EventType): boolean {
  return type.endsWith('updated') || type === 'api_token.invalidated';
}
