import type { WebhookDelivery } from '@crosswalk/sdk';
import { PageLink } from '../../elements/page-link.tsx';
import { Plain } from '../../elements/plain.tsx';
import { pageOfRecord } from '../../events/event-names.ts';

/** What a delivery is about, by the name that it had then, with the way to its page where it has one. */
export function DeliveredRecord({ delivery }: { delivery: WebhookDelivery }) {
  const { event_type: type, record_name: name, record_id: id } = delivery;
  const page = pageOfRecord({ ...delivery, type });
  const text = <Plain text={name ?? id} mark />;
  return page === undefined ? text : <PageLink to={page}>{text}</PageLink>;
}
