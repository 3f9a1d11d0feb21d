import { type Static, Type } from 'typebox';
import { ExternalIds, idSchema, PageQuery, pageOf, Timestamp, Version } from './common.ts';
import { Changed } from './event.ts';
import { eventTypes } from './event-types.ts';
import { webhookLimits } from './limits.ts';

export const WebhookEndpointId = idSchema('whe', 'The ID of the webhook endpoint.');

const url = Type.String({
  minLength: 1,
  maxLength: webhookLimits.url,
  description: 'An https address in public networks. Redirects are not followed.',
  examples: ['https://app.example.com/hooks/crosswalk'],
});
const description = Type.String({ maxLength: 500, description: 'For people: what listens there.' });
const typesOf = (text: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
    maxItems: webhookLimits.eventTypes,
    uniqueItems: true,
    description: text,
    examples: [['organization', 'user.updated']],
  });
const eventTypesOf = typesOf('Which events it gets: names, or what stands before the dot. Empty: every event.');
const secret = Type.String({
  maxLength: 200,
  description:
    'A secret of your own, to keep one that your receiver has already: `whsec_` and 24 to 64 bytes in base64. Left out: a new one is made.',
});

/** A place of the owner's that events are sent to. */
export const WebhookEndpoint = Type.Object({
  id: WebhookEndpointId,
  environment_id: Type.String(),
  url,
  description,
  event_types: eventTypesOf,
  status: Type.Enum(['ENABLED', 'DISABLED'], { description: 'Events that happen while it is disabled are not sent: replay that time.' }),
  disabled_reason: Type.Union([Type.Enum(['REQUESTED', 'GONE', 'FAILING']), Type.Null()], {
    description: '`GONE`: it answered 410. `FAILING`: nothing arrived there for five days.',
  }),
  failing_since: Type.Union([Timestamp, Type.Null()], { description: 'The first failed attempt that no success has followed.' }),
  previous_secret_expire_time: Type.Union([Timestamp, Type.Null()], {
    description: 'Until then messages are signed with the secret before this one too.',
  }),
  version: Version,
  create_time: Timestamp,
  update_time: Timestamp,
});
export type WebhookEndpoint = Static<typeof WebhookEndpoint>;

export const CreateWebhookEndpoint = Type.Object(
  {
    url,
    description: Type.Optional(description),
    event_types: Type.Optional(eventTypesOf),
    secret: Type.Optional(secret),
  },
  {
    additionalProperties: false,
    examples: [{ url: 'https://app.example.com/hooks/crosswalk', event_types: ['organization', 'user.updated'] }],
  },
);
export type CreateWebhookEndpoint = Static<typeof CreateWebhookEndpoint>;

export const UpdateWebhookEndpoint = Type.Object(
  { url: Type.Optional(url), description: Type.Optional(description), event_types: Type.Optional(eventTypesOf) },
  { additionalProperties: false, examples: [{ event_types: ['organization'] }] },
);
export type UpdateWebhookEndpoint = Static<typeof UpdateWebhookEndpoint>;

export const RotateWebhookSecret = Type.Object(
  {
    secret: Type.Optional(secret),
    overlap_hours: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: webhookLimits.overlapHours,
        default: 24,
        description: 'How long messages are signed with the old secret too. 0: not at all.',
      }),
    ),
  },
  { additionalProperties: false, examples: [{ overlap_hours: 24 }] },
);
export type RotateWebhookSecret = Static<typeof RotateWebhookSecret>;

export const WebhookEndpointAnswer = Type.Object({ webhook_endpoint: WebhookEndpoint });
export type WebhookEndpointAnswer = Static<typeof WebhookEndpointAnswer>;

/** `secret` is shown in this answer and never again. */
export const WebhookEndpointSecretAnswer = Type.Object({
  webhook_endpoint: WebhookEndpoint,
  secret: Type.String({ description: 'Signs the messages. Shown in this answer and never again.' }),
});
export type WebhookEndpointSecretAnswer = Static<typeof WebhookEndpointSecretAnswer>;

export const WebhookEndpointList = Type.Object({ webhook_endpoints: Type.Array(WebhookEndpoint) });
export type WebhookEndpointList = Static<typeof WebhookEndpointList>;

/** One request to an endpoint, and what came of it. */
export const WebhookAttempt = Type.Object({
  time: Timestamp,
  duration_ms: Type.Integer(),
  response_status: Type.Union([Type.Integer(), Type.Null()], { description: 'null: there was no answer.' }),
  response_body: Type.String({ description: 'The first kilobyte of the answer.' }),
  error: Type.Union([Type.String(), Type.Null()], { description: 'Why it failed; null: it succeeded.' }),
});
export type WebhookAttempt = Static<typeof WebhookAttempt>;

const deliveryStatus = Type.Enum(['PENDING', 'DELIVERED', 'FAILED'], {
  description: '`FAILED`: given up, after three days or because the endpoint said that it is gone. Replay it when the receiver is mended.',
});

/** The sending of one event to one endpoint. */
export const WebhookDelivery = Type.Object({
  event_id: idSchema('evt', 'The event; it is the `webhook-id` of each attempt too.'),
  event_type: Type.Enum([...eventTypes]),
  record_id: Type.String(),
  record_name: Type.Union([Type.String(), Type.Null()], {
    description:
      'What the record was called then: a name, an address or an external ID; null: it has none, or the event is not kept any more.',
  }),
  organization_id: Type.Union([Type.String(), Type.Null()], { description: 'The organization that the event belongs to.' }),
  user_id: Type.Union([Type.String(), Type.Null()], { description: 'The user whom the event names, such as that of a membership.' }),
  status: deliveryStatus,
  attempts: Type.Integer({ description: 'How often it was tried.' }),
  next_attempt_time: Type.Union([Timestamp, Type.Null()], {
    description: 'null: it has ended, or an earlier event of the same record has to be delivered first.',
  }),
  log: Type.Array(WebhookAttempt, { description: 'The last ten attempts, newest first.' }),
  create_time: Timestamp,
  expire_time: Type.Union([Timestamp, Type.Null()], { description: 'When it is given up; null: it has ended.' }),
});
export type WebhookDelivery = Static<typeof WebhookDelivery>;

export const WebhookDeliveryAnswer = Type.Object({ delivery: WebhookDelivery });
export type WebhookDeliveryAnswer = Static<typeof WebhookDeliveryAnswer>;

/** One page of the deliveries of an endpoint, newest event first. */
export const WebhookDeliveryPage = pageOf('deliveries', WebhookDelivery);
export type WebhookDeliveryPage = Static<typeof WebhookDeliveryPage>;

export const ListWebhookDeliveriesQuery = Type.Object(
  { ...PageQuery, status: Type.Optional(deliveryStatus) },
  { additionalProperties: false },
);
export type ListWebhookDeliveriesQuery = Static<typeof ListWebhookDeliveriesQuery>;

export const TestWebhookEndpoint = Type.Object(
  {
    event_type: Type.Optional(Type.Enum([...eventTypes], { default: 'organization.updated', description: 'What the message looks like.' })),
  },
  { additionalProperties: false, examples: [{ event_type: 'organization.updated' }] },
);
export type TestWebhookEndpoint = Static<typeof TestWebhookEndpoint>;

export const TestWebhookAnswer = Type.Object({
  delivered: Type.Boolean(),
  attempt: WebhookAttempt,
  message: Type.Unsafe<Record<string, unknown>>(Type.Record(Type.String(), Type.Unknown(), { description: 'What was sent.' })),
});
export type TestWebhookAnswer = Static<typeof TestWebhookAnswer>;

export const ReplayWebhooks = Type.Object(
  {
    status: Type.Optional(Type.Literal('FAILED', { description: 'Every delivery that was given up.' })),
    from: Type.Optional({ ...Timestamp, description: 'Every event from this moment on, sent before or not.' }),
    to: Type.Optional({ ...Timestamp, description: 'Up to this moment; left out: now.' }),
    cursor: Type.Optional(Type.String({ maxLength: 200, description: '`next_cursor` of an earlier answer to the same request.' })),
  },
  { additionalProperties: false, examples: [{ from: '2026-11-23T17:00:00Z', to: '2026-11-23T18:00:00Z' }] },
);
export type ReplayWebhooks = Static<typeof ReplayWebhooks>;

export const ReplayWebhooksAnswer = Type.Object({
  scheduled: Type.Integer({ description: 'Deliveries that will be sent again. Those that were about to be sent are not counted.' }),
  next_cursor: Type.String({ description: 'Pass it as `cursor` to go on; empty: that was all.' }),
});
export type ReplayWebhooksAnswer = Static<typeof ReplayWebhooksAnswer>;

/** What is sent: the envelope of Scalekit's webhooks, and behind `data` what only we have. */
export const WebhookMessage = Type.Object({
  spec_version: Type.Literal('1'),
  id: Type.String({ description: 'The event, the same however often it is sent: use it to tell a repetition.' }),
  type: Type.Enum([...eventTypes]),
  object: Type.String({ examples: ['Organization'] }),
  display_name: Type.String({ description: 'The type for people.', examples: ['Organization Updated'] }),
  occurred_at: Timestamp,
  environment_id: Type.String(),
  organization_id: Type.Optional(Type.String({ description: 'Left out where the record belongs to no organization.' })),
  data: Type.Unsafe<Record<string, unknown>>(
    Type.Record(Type.String(), Type.Unknown(), {
      description:
        'The record after the change; before it, for a deletion. For memberships and invitations: `organization`, `user` and `membership`.',
    }),
  ),
  previous: Type.Optional(
    Type.Unsafe<Record<string, unknown>>(
      Type.Record(Type.String(), Type.Unknown(), { description: 'In updates: what the changed fields were, by path.' }),
    ),
  ),
  changed: Changed,
  sequence: Type.Integer({ description: 'Its place in the change feed.' }),
  record_id: Type.String(),
  record_version: Version,
  external_id: Type.Union([Type.String(), Type.Null()]),
  external_ids: ExternalIds,
  actor: Type.Object({ type: Type.Enum(['client', 'operator', 'system']), id: Type.Union([Type.String(), Type.Null()]) }),
  request_id: Type.String(),
});
export type WebhookMessage = Static<typeof WebhookMessage>;

/** The sending of one event with the message, which is the same at each attempt. */
export const WebhookDeliveryDetails = Type.Object({
  ...WebhookDelivery.properties,
  message: Type.Union([WebhookMessage, Type.Null()], { description: 'What is sent; null: the event is not kept any more.' }),
});
export type WebhookDeliveryDetails = Static<typeof WebhookDeliveryDetails>;

export const WebhookDeliveryDetailsAnswer = Type.Object({ delivery: WebhookDeliveryDetails });
export type WebhookDeliveryDetailsAnswer = Static<typeof WebhookDeliveryDetailsAnswer>;
