import {
  CreateWebhookEndpoint,
  type ErrorCode,
  overviewLimits,
  RotateWebhookSecret,
  TestWebhookAnswer,
  TestWebhookEndpoint,
  UpdateWebhookEndpoint,
  type WebhookEndpoint,
  WebhookEndpointAnswer,
  WebhookEndpointList,
  WebhookEndpointSecretAnswer,
  WebhookStats,
  WebhookStatsQuery,
} from '@crosswalk/contract';
import { requireId } from '../lib/id.ts';
import { preconditionsOf, sendRecord } from '../transport/etag.ts';
import { operation } from '../transport/operation.ts';
import { member, paramsOf } from '../transport/paths.ts';
import { changeContextOf, contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { WebhookDeliveryService } from './delivery-service.ts';
import { endpointTag } from './endpoint.ts';
import type { WebhookEndpointService } from './endpoint-service.ts';

export const collection = '/api/v1/webhook_endpoints';
const one = `${collection}/:id`;
/** The router takes a colon for a part of the ID unless a pattern ends the ID before it. */
export const verbUrl = (verb: string) => `${one}([^:]+)::${verb}`;
export const tag = 'Webhooks';
export const missing: ErrorCode[] = ['WEBHOOK_ENDPOINT_NOT_FOUND', 'INVALID_ID'];
const changeErrors: ErrorCode[] = [...missing, 'VERSION_MISMATCH', 'IDEMPOTENCY_KEY_REUSED'];

/** REST of webhook endpoints. Answers that show a secret are never stored: neither by a cache nor under an Idempotency-Key. */
export function webhookEndpointRoutes(app: Routes, endpoints: WebhookEndpointService, deliveries: WebhookDeliveryService): void {
  const answer = (endpoint: WebhookEndpoint) => ({ status: 200, body: { webhook_endpoint: endpoint }, tag: endpointTag(endpoint) });

  app.post(
    collection,
    operation(
      {
        id: 'createWebhookEndpoint',
        tag,
        summary: 'Have events sent to an address',
        description: 'From now on. The secret that signs the messages is in this answer and nowhere else.',
        scope: 'write',
        adminOnly: true,
        once: true,
        answers: { 201: WebhookEndpointSecretAnswer },
        errors: ['INVALID_WEBHOOK_URL', 'TOO_MANY_WEBHOOK_ENDPOINTS'],
      },
      { body: CreateWebhookEndpoint },
    ),
    async (request, reply) =>
      reply
        .code(201)
        .header('cache-control', 'no-store')
        .send(await endpoints.create(contextOf(request), request.body)),
  );

  app.get(
    collection,
    operation(
      { id: 'listWebhookEndpoints', tag, summary: 'List the webhook endpoints', scope: 'read', answers: { 200: WebhookEndpointList } },
      {},
    ),
    async (request) => ({ webhook_endpoints: await endpoints.list(contextOf(request)) }),
  );

  app.get(
    one,
    operation(
      {
        id: 'getWebhookEndpoint',
        tag,
        summary: 'Get a webhook endpoint',
        scope: 'read',
        answers: { 200: WebhookEndpointAnswer },
        errors: missing,
      },
      { params: paramsOf(one) },
    ),
    async (request, reply) => {
      const endpoint = await endpoints.get(contextOf(request), endpointOf(request));
      return sendRecord(request, reply, endpointTag(endpoint), { webhook_endpoint: endpoint });
    },
  );

  app.get(
    `${one}/stats`,
    operation(
      {
        id: 'getWebhookEndpointStats',
        tag,
        summary: 'Get what sending to a webhook endpoint was like, by the hour',
        scope: 'read',
        answers: { 200: WebhookStats },
        errors: missing,
      },
      { params: paramsOf(one), querystring: WebhookStatsQuery },
    ),
    async (request) => endpoints.stats(contextOf(request), endpointOf(request), request.query.hours ?? overviewLimits.hours.default),
  );

  app.patch(
    one,
    operation(
      {
        id: 'updateWebhookEndpoint',
        tag,
        summary: 'Change a webhook endpoint',
        description: 'What is pending goes to the new address; a new filter counts from now on.',
        scope: 'write',
        adminOnly: true,
        answers: { 200: WebhookEndpointAnswer },
        errors: [...changeErrors, 'INVALID_WEBHOOK_URL'],
      },
      { params: paramsOf(one), body: UpdateWebhookEndpoint },
    ),
    async (request, reply) => {
      const context = changeContextOf(request, answer);
      const endpoint = await endpoints.update(context, endpointOf(request), request.body, preconditionsOf(request));
      return sendRecord(request, reply, endpointTag(endpoint), { webhook_endpoint: endpoint });
    },
  );

  for (const [verb, summary, description] of [
    [
      'enable',
      'Send to a webhook endpoint again',
      'What was pending goes on. Events that happened while it was disabled are not sent by themselves: replay that time.',
    ],
    ['disable', 'Send nothing to a webhook endpoint any more', 'What is pending waits until it is enabled, for three days.'],
  ] as const) {
    app.post(
      verbUrl(verb),
      operation(
        {
          id: `${verb}WebhookEndpoint`,
          tag,
          summary,
          description,
          scope: 'write',
          adminOnly: true,
          answers: { 200: WebhookEndpointAnswer },
          errors: changeErrors,
        },
        { params: paramsOf(one) },
      ),
      async (request, reply) => {
        const endpoint = await endpoints[verb](changeContextOf(request, answer), endpointOf(request), preconditionsOf(request));
        return sendRecord(request, reply, endpointTag(endpoint), { webhook_endpoint: endpoint });
      },
    );
  }

  app.post(
    verbUrl('rotate_secret'),
    operation(
      {
        id: 'rotateWebhookSecret',
        tag,
        summary: 'Give a webhook endpoint a new secret',
        description: 'Messages are signed with both until the overlap ends, so that the receiver can be moved without a gap.',
        scope: 'write',
        adminOnly: true,
        once: true,
        answers: { 200: WebhookEndpointSecretAnswer },
        errors: [...missing, 'VERSION_MISMATCH'],
      },
      { params: paramsOf(one), body: RotateWebhookSecret },
    ),
    async (request, reply) => {
      const rotated = await endpoints.rotateSecret(contextOf(request), endpointOf(request), request.body, preconditionsOf(request));
      return sendRecord(request, reply.header('cache-control', 'no-store'), endpointTag(rotated.webhook_endpoint), rotated);
    },
  );

  app.post(
    verbUrl('test'),
    operation(
      {
        id: 'testWebhookEndpoint',
        tag,
        summary: 'Send a sample to a webhook endpoint now',
        description: 'One attempt, also when the endpoint is disabled; the answer tells what came of it.',
        scope: 'write',
        long: true,
        adminOnly: true,
        answers: { 200: TestWebhookAnswer },
        errors: [...missing, 'INVALID_IDEMPOTENCY_KEY'],
      },
      { params: paramsOf(one), body: TestWebhookEndpoint },
    ),
    async (request) => deliveries.test(contextOf(request), endpointOf(request), request.body.event_type ?? 'organization.updated'),
  );

  app.delete(
    one,
    operation(
      {
        id: 'deleteWebhookEndpoint',
        tag,
        summary: 'Delete a webhook endpoint',
        description: 'With what is pending for it.',
        scope: 'write',
        adminOnly: true,
        answers: { 204: null },
        errors: [...missing, 'VERSION_MISMATCH'],
      },
      { params: paramsOf(one) },
    ),
    async (request, reply) => {
      await endpoints.delete(contextOf(request), endpointOf(request), preconditionsOf(request));
      return reply.code(204).send();
    },
  );
}

/** The database ID of the endpoint in the path. */
export function endpointOf({ params }: { params: unknown }): string {
  return requireId('whe', member(params, 'id'));
}
