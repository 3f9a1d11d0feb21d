import { type CreateWebhookEndpoint, eventTypes, type UpdateWebhookEndpoint, type WebhookEndpoint } from '@crosswalk/contract';
import { ApiError, excerpt, invalid } from '../lib/api-error.ts';
import { formatId } from '../lib/id.ts';
import { requireText } from '../lib/text.ts';
import { recordTag } from '../lib/version-tag.ts';

/** Why an endpoint gets nothing. */
export type DisabledReason = NonNullable<WebhookEndpoint['disabled_reason']>;

/** What the owner says of an endpoint. */
export interface EndpointFields {
  url: string;
  description: string;
  event_types: string[];
}

/** What a filter may name: types of events, and what stands before their dots. */
const filterNames = new Set<string>(eventTypes.flatMap((type) => [type, type.slice(0, type.indexOf('.'))]));

/** Holds the texts of a request to their rules; 400 names the field. The address is checked apart: that takes a look-up. */
export function checkFields({
  description,
  event_types: types = [],
}: Partial<Pick<CreateWebhookEndpoint, 'description' | 'event_types'>>): void {
  if (description !== undefined) requireText(description, 'name', 'description');
  types.forEach((type, index) => {
    if (!filterNames.has(type)) {
      throw invalid(`event_types.${index}`, `there are no events named ${excerpt(type)}; the API page lists them`, 'event_type');
    }
  });
}

/** The fields after an update. */
export function patchFields(before: EndpointFields, changes: UpdateWebhookEndpoint): EndpointFields {
  return {
    url: changes.url ?? before.url,
    description: changes.description ?? before.description,
    event_types: changes.event_types ?? before.event_types,
  };
}

/**
 * The entity tag of an endpoint's answer: it shows since when attempts fail and until when the previous secret signs, which begin and end without a
 * change of the endpoint.
 */
export function endpointTag(endpoint: WebhookEndpoint): string {
  const { failing_since: failing, previous_secret_expire_time: overlap } = endpoint;
  return recordTag(endpoint, failing === null && overlap === null ? undefined : JSON.stringify([failing, overlap]));
}

/** The 404 of an endpoint. `id` is a database ID. */
export function endpointNotFound(id: string): ApiError {
  return new ApiError('WEBHOOK_ENDPOINT_NOT_FOUND', `there is no webhook endpoint ${formatId('whe', id)}`, {
    resource: { kind: 'webhook_endpoint' },
  });
}
