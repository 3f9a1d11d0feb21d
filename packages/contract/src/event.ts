import { type Static, Type } from 'typebox';
import { ExternalIds, idSchema, Timestamp, textOf, Version } from './common.ts';
import { eventTypes } from './event-types.ts';

/** Limits of the change feed. */
export const feedLimits = {
  /** events in one answer */
  events: 1000,
  /** seconds that a request may wait for the first event */
  wait: 30,
} as const;

export const Changed = Type.Unsafe<Record<string, [unknown, unknown]>>(
  Type.Record(Type.String(), Type.Array(Type.Unknown(), { minItems: 2, maxItems: 2 }), {
    description: 'What changed: path to [old, new]; null stands for absent.',
    examples: [{ 'metadata.plan': ['starter', 'enterprise'] }],
  }),
);

/** The immutable record of one change, written in the change's own transaction. */
export const Event = Type.Object({
  id: Type.String({ description: 'The same however often the event is read: use it to tell a repetition.' }),
  type: Type.Enum([...eventTypes]),
  sequence: Type.Integer({ description: 'Its place in the feed. Places grow and have gaps.' }),
  environment_id: Type.String(),
  organization_id: Type.Union([Type.String(), Type.Null()]),
  record_id: Type.String(),
  record_version: Version,
  external_id: Type.Union([Type.String(), Type.Null()]),
  external_ids: ExternalIds,
  changed: Changed,
  actor: Type.Object({ type: Type.Enum(['client', 'operator', 'system']), id: Type.Union([Type.String(), Type.Null()]) }),
  request_id: Type.String(),
  occurred_at: Timestamp,
  data: Type.Unsafe<Record<string, unknown>>(
    Type.Record(Type.String(), Type.Unknown(), { description: 'The record after the change; before it, for a deletion.' }),
  ),
});
export type Event = Static<typeof Event>;

const types = textOf(
  {
    pattern: '^[a-z_]+(?:\\.[a-z_]+)?(?:,[a-z_]+(?:\\.[a-z_]+)?)*$',
    rule: 'must be types of events with commas between and no spaces, such as organization,user.updated',
  },
  {
    maxLength: 1000,
    description: 'Only these types: names, or what stands before the dot, with commas between.',
    examples: ['organization,user.updated'],
  },
);

export const ListEventsQuery = Type.Object(
  {
    after: Type.Optional(
      Type.String({
        maxLength: 200,
        description: '`next_cursor` of an earlier answer, or `events_cursor` of a list of records. Left out: from the oldest event kept.',
      }),
    ),
    types: Type.Optional(types),
    organization_id: Type.Optional(idSchema('org', 'Only events of this organization and what belongs to it.')),
    actor_id: Type.Optional(
      textOf(
        {
          pattern: '^(skc|opr)_[0-9]{1,19}$',
          rule: 'must be the ID of a client or an operator, such as skc_915840612345678901 or opr_915840612345678901',
        },
        { description: 'Only changes made by this client or operator.', examples: ['skc_915840612345678901'] },
      ),
    ),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: feedLimits.events,
        default: 100,
        description: 'Events in one answer. Fewer where they are large: an answer ends after 4 MB.',
      }),
    ),
    wait: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: feedLimits.wait,
        default: 0,
        description: 'Seconds to wait for an event when there is none yet.',
      }),
    ),
  },
  { additionalProperties: false },
);

export const EventFeed = Type.Object({
  events: Type.Array(Event),
  next_cursor: Type.String({ description: 'Continues after the last of these events; after all there are when there were none.' }),
  has_more: Type.Boolean({ description: 'Whether more events are there already.' }),
});
export type EventFeed = Static<typeof EventFeed>;

/** Events for people to read: newest first, of a span of time. Readers that must not miss any take the feed. */
export const SearchEventsQuery = Type.Object(
  {
    types: Type.Optional(types),
    organization_id: ListEventsQuery.properties.organization_id,
    actor_id: ListEventsQuery.properties.actor_id,
    from: Type.Optional({ ...Timestamp, description: 'Only events from this moment on.' }),
    to: Type.Optional({ ...Timestamp, description: 'Only events before this moment.' }),
    page_size: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100, default: 30, description: 'Events in one page; fewer where they are large.' }),
    ),
    page_token: Type.Optional(Type.String({ maxLength: 200, description: '`next_page_token` of an earlier answer to the same request.' })),
  },
  { additionalProperties: false },
);

export const EventPage = Type.Object({
  events: Type.Array(Event),
  next_page_token: Type.String({ description: 'Empty: there are no older ones.' }),
  events_cursor: Type.Optional(
    Type.String({ description: 'In the first page: the feed after it (`after` of `/events`) goes on where the page begins.' }),
  ),
});
export type EventPage = Static<typeof EventPage>;

/** What happened to one record, newest first. */
export const History = Type.Object({
  events: Type.Array(Event),
  next_page_token: Type.String(),
});
export type History = Static<typeof History>;

export const HistoryQuery = Type.Object(
  {
    page_size: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100, default: 30, description: 'Events in one page; fewer where they are large.' }),
    ),
    page_token: Type.Optional(Type.String({ maxLength: 200, description: '`next_page_token` of an earlier answer to the same request.' })),
  },
  { additionalProperties: false },
);

/** Which moment of a record is asked for: exactly one of the two. */
export const AsOfQuery = Type.Object(
  {
    version: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'The version.' })),
    time: Type.Optional({ ...Timestamp, description: 'The moment, RFC 3339.' }),
  },
  { additionalProperties: false },
);

/** A record as it was. */
export const AsOf = Type.Object({
  record: Type.Unsafe<Record<string, unknown>>(Type.Record(Type.String(), Type.Unknown())),
  event: Event,
});
export type AsOf = Static<typeof AsOf>;

export const RevertMetadata = Type.Object(
  {
    key: Type.String({ minLength: 1, maxLength: 64, description: 'The key of the metadata to set back.' }),
    version: Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'The version of the record whose value it gets again.',
    }),
  },
  { additionalProperties: false, examples: [{ key: 'plan_type', version: 3 }] },
);
export type RevertMetadata = Static<typeof RevertMetadata>;
