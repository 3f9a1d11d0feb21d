import type { WebhookDelivery, WebhookEndpoint } from '@crosswalk/sdk';
import { State } from '../elements/state.tsx';

/** Whether events are sent to an endpoint, and if not, why. */
export function EndpointState({ endpoint: { status, disabled_reason: reason, failing_since: failing } }: { endpoint: WebhookEndpoint }) {
  if (status === 'DISABLED') {
    const label = reason === 'GONE' ? 'Disabled: it is gone' : reason === 'FAILING' ? 'Disabled: it kept failing' : 'Disabled';
    return <State mood={reason === 'REQUESTED' ? 'over' : 'bad'}>{label}</State>;
  }
  return failing === null ? <State mood="good">Enabled</State> : <State mood="warning">Failing</State>;
}

/** Where the sending of an event is. */
export function DeliveryState({ delivery: { status, attempts } }: { delivery: WebhookDelivery }) {
  if (status === 'DELIVERED') return <State mood="good">Delivered</State>;
  if (status === 'FAILED') return <State mood="bad">Given up</State>;
  return attempts > 0 ? <State mood="warning">Trying again</State> : <State mood="busy">Waiting</State>;
}
