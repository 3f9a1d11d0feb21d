import { type Event, eventTypes, nameFields } from '@crosswalk/sdk';

/** Every name that a filter of events takes: a whole group, then each type. */
export const typeFilters: readonly string[] = [...new Set(eventTypes.flatMap((type) => [type.split('.')[0] ?? '', type]))];

/** What an event is about, as people know it: its name or address, else its own ID, else the ID here. */
export function subjectName({ data, external_id: externalId, record_id: id }: Event): string {
  for (const field of nameFields) {
    const value = data[field];
    if (typeof value === 'string' && value !== '') return value;
  }
  return externalId ?? id;
}

/** What tells which record an event is about. */
interface Subject extends Pick<Event, 'type' | 'record_id' | 'organization_id'> {
  /** of a membership or an invitation */
  user_id: unknown;
}

/** The page of the record that an event is about; undefined when there is none, or not any more. A deleted organization or user keeps its page. */
export function pageOfRecord({ type, record_id: id, organization_id: organization, user_id: user }: Subject): string | undefined {
  const [noun, verb = ''] = type.split('.');
  if (verb.startsWith('organization_membership') || verb === 'organization_invitation') {
    return typeof user === 'string' ? `/users/${user}` : organization === null ? undefined : `/organizations/${organization}`;
  }
  if (type.endsWith('.deleted') && noun !== 'organization' && noun !== 'user') return undefined;
  if (noun === 'user') return `/users/${id}`;
  if (verb.startsWith('domain_') || noun === 'organization_client')
    return organization === null ? undefined : `/organizations/${organization}`;
  if (noun === 'organization') return `/organizations/${id}`;
  return noun === 'webhook_endpoint' ? `/webhooks/${id}` : undefined;
}
