import {
  ListWebhookDeliveriesQuery,
  ReplayWebhooks,
  ReplayWebhooksAnswer,
  type WebhookDelivery,
  WebhookDeliveryAnswer,
  WebhookDeliveryDetailsAnswer,
  WebhookDeliveryPage,
} from '@crosswalk/contract';
import { requireId } from '../lib/id.ts';
import type { PageTokens } from '../lib/page-token.ts';
import { operation } from '../transport/operation.ts';
import { pageAnswer, pageRequestOf } from '../transport/pages.ts';
import { member, paramsOf } from '../transport/paths.ts';
import { changeContextOf, contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { WebhookDeliveryService } from './delivery-service.ts';
import { collection, endpointOf, missing, tag, verbUrl } from './endpoint-routes.ts';

const list = `${collection}/:id/deliveries`;
const one = `${list}/:event_id`;

/** REST of what was and is sent to webhook endpoints. */
export function webhookDeliveryRoutes(app: Routes, deliveries: WebhookDeliveryService, tokens: PageTokens): void {
  const answer = (delivery: WebhookDelivery) => ({ status: 200, body: { delivery } });

  app.get(
    list,
    operation(
      {
        id: 'listWebhookDeliveries',
        tag,
        summary: 'List what was and is sent to a webhook endpoint, newest event first',
        description: 'Those that have ended are kept for 14 days. `status=FAILED` are the dead letters.',
        scope: 'read',
        answers: { 200: WebhookDeliveryPage },
        errors: [...missing, 'INVALID_PAGE_TOKEN'],
      },
      { params: paramsOf(list), querystring: ListWebhookDeliveriesQuery },
    ),
    async (request) => {
      const page = await deliveries.list(contextOf(request), endpointOf(request), request.query.status, pageRequestOf(request, tokens));
      return pageAnswer(request, tokens, 'deliveries', page);
    },
  );

  app.get(
    one,
    operation(
      {
        id: 'getWebhookDelivery',
        tag,
        summary: 'Get the sending of one event to a webhook endpoint, with its attempts and its message',
        scope: 'read',
        answers: { 200: WebhookDeliveryDetailsAnswer },
        errors: [...missing, 'WEBHOOK_DELIVERY_NOT_FOUND'],
      },
      { params: paramsOf(one) },
    ),
    async (request) => ({ delivery: await deliveries.get(contextOf(request), endpointOf(request), eventOf(request)) }),
  );

  app.post(
    `${one}([^:]+)::replay`,
    operation(
      {
        id: 'replayWebhookDelivery',
        tag,
        summary: 'Send one event to a webhook endpoint again',
        description:
          'With the same `webhook-id`. One that waits for its next attempt is sent now; one that waits for an earlier event of its record waits on.',
        scope: 'write',
        answers: { 200: WebhookDeliveryAnswer },
        errors: [...missing, 'WEBHOOK_DELIVERY_NOT_FOUND', 'IDEMPOTENCY_KEY_REUSED'],
      },
      { params: paramsOf(one) },
    ),
    async (request) => ({
      delivery: await deliveries.replayOne(changeContextOf(request, answer), endpointOf(request), eventOf(request)),
    }),
  );

  app.post(
    verbUrl('replay'),
    operation(
      {
        id: 'replayWebhooks',
        tag,
        summary: 'Send many events to a webhook endpoint again',
        description:
          'With `status`, every delivery that was given up; with `from`, every event of that span of time which the filter of the ' +
          'endpoint lets through, sent before or not. One request schedules up to 10,000: go on with `next_cursor`.',
        scope: 'write',
        long: true,
        answers: { 200: ReplayWebhooksAnswer },
        errors: [...missing, 'INVALID_CURSOR', 'INVALID_IDEMPOTENCY_KEY'],
      },
      { params: paramsOf(`${collection}/:id`), body: ReplayWebhooks },
    ),
    async (request) => deliveries.replay(contextOf(request), endpointOf(request), request.body),
  );
}

function eventOf({ params }: { params: unknown }): string {
  return requireId('evt', member(params, 'event_id'), 'event_id');
}
