import { type Static, Type } from 'typebox';
import { Timestamp } from './common.ts';
import { eventTypes } from './event-types.ts';
import { SystemName } from './system.ts';

/** Limits of what the figures of the directory reach back. */
export const overviewLimits = {
  /** days of growth */
  days: { default: 30, max: 400 },
  /** hours that events and deliveries are counted by: two weeks */
  hours: { default: 168, max: 336 },
  /** failures that are told */
  failures: 20,
} as const;

export const OverviewQuery = Type.Object(
  {
    days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: overviewLimits.days.max,
        default: overviewLimits.days.default,
        description: 'How far back growth goes, today included. Hours go as far back, and two weeks at most.',
      }),
    ),
  },
  { additionalProperties: false },
);

const Count = Type.Object({
  value: Type.Integer(),
  exact: Type.Boolean({ description: 'Whether the figure is that of the end of the change feed, and no estimate.' }),
});

const hour = { ...Timestamp, description: 'When the hour begins, UTC.' };

/** A day of growth. */
export const GrowthDay = Type.Object({
  day: Type.String({ format: 'date', description: 'UTC.' }),
  organizations: Type.Integer({ description: 'How many there were when it ended; today: now.' }),
  users: Type.Integer(),
});

/** An hour of events. Hours without any are left out. */
export const EventHour = Type.Object({
  time: hour,
  total: Type.Integer(),
  by_type: Type.Partial(Type.Object(Object.fromEntries(eventTypes.map((type) => [type, Type.Integer()])))),
});

/** An hour of attempts to deliver. Hours without any are left out. */
export const DeliveryHour = Type.Object({
  time: hour,
  delivered: Type.Integer({ description: 'Deliveries that arrived.' }),
  failed: Type.Integer({ description: 'Attempts that failed, most of which are made again.' }),
});
export type DeliveryHour = Static<typeof DeliveryHour>;

/** How far a system is linked. */
export const SystemCoverage = Type.Object({
  name: SystemName,
  organizations_with: Type.Integer({ description: 'Organizations that have an ID of it now.' }),
  organizations_without: Type.Integer(),
  users_with: Type.Integer(),
  users_without: Type.Integer(),
  exact: Type.Boolean(),
});

/** Something that needs a person. */
export const Failure = Type.Object({
  kind: Type.Enum(['webhook_endpoint', 'dead_letters', 'message', 'import'], {
    description:
      '`webhook_endpoint`: it fails or was disabled. `dead_letters`: deliveries to an endpoint were given up. `message`: a mail was given up. `import`: it failed, or rows were rejected.',
  }),
  id: Type.String({ description: 'The endpoint, message or import.' }),
  title: Type.String(),
  detail: Type.String(),
  time: Timestamp,
});
export type Failure = Static<typeof Failure>;

/** The figures of a directory. */
export const Overview = Type.Object({
  counts: Type.Object({ organizations: Count, users: Count, memberships: Count, pending_invitations: Count }),
  growth: Type.Array(GrowthDay, { description: 'Oldest day first, each day once.' }),
  events: Type.Array(EventHour, { description: 'Oldest first.' }),
  deliveries: Type.Array(DeliveryHour, { description: 'Oldest first, of all endpoints.' }),
  systems: Type.Array(SystemCoverage, { description: 'Those that are described or in use, by name.' }),
  failures: Type.Array(Failure, { description: 'The latest first.' }),
  as_of: { ...Timestamp, description: 'When it was true.' },
});
export type Overview = Static<typeof Overview>;

export const WebhookStatsQuery = Type.Object(
  {
    hours: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: overviewLimits.hours.max,
        default: overviewLimits.hours.default,
        description: 'How far back, this hour included.',
      }),
    ),
  },
  { additionalProperties: false },
);

const duration = (share: string) =>
  Type.Union([Type.Integer(), Type.Null()], {
    description: `Milliseconds that ${share} of the attempts took at most, rounded up to a step of the scale; null: there was none.`,
  });

/** An hour of one endpoint. */
export const WebhookHour = Type.Object({
  ...DeliveryHour.properties,
  p50_ms: duration('half'),
  p95_ms: duration('95 %'),
});
export type WebhookHour = Static<typeof WebhookHour>;

/** What sending to one endpoint was like. */
export const WebhookStats = Type.Object({
  delivered: Type.Integer(),
  failed: Type.Integer(),
  p50_ms: duration('half'),
  p95_ms: duration('95 %'),
  hours: Type.Array(WebhookHour, { description: 'Oldest first. Hours without attempts are left out.' }),
  as_of: Timestamp,
});
export type WebhookStats = Static<typeof WebhookStats>;
