import type { Event, EventType } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import type { Actor } from '../environments/index.ts';
import { publicId, type RecordKind, type WrittenEvent } from '../events/index.ts';
import { formatId } from '../lib/id.ts';

/** An event as it is stored. */
export interface EventRow {
  id: string;
  environment_id: string;
  type: EventType;
  place: string | null;
  organization_id: string | null;
  record_kind: RecordKind;
  record_id: string;
  record_version: string;
  external_id: string | null;
  external_ids: Record<string, string>;
  changed: Record<string, [unknown, unknown]>;
  data: Record<string, unknown>;
  actor_type: Actor['type'];
  actor_id: string | null;
  request_id: string;
  occurred_time: string;
}

/** SQL: the columns of an event, of the table `events` under the name `t`. */
export const eventColumns =
  't.id, t.environment_id, t.type, t.place, t.organization_id, t.record_kind, t.record_id, t.record_version, t.external_id, ' +
  't.external_ids, t.changed, t.data, t.actor_type, t.actor_id, t.request_id, t.occurred_time';

/** The event as it is answered. */
export function toEvent(row: EventRow): Event {
  return {
    id: formatId('evt', row.id),
    type: row.type,
    sequence: Number(row.place ?? 0),
    environment_id: formatId('env', row.environment_id),
    organization_id: row.organization_id === null ? null : formatId('org', row.organization_id),
    record_id: publicId(row.record_kind, row.record_id),
    record_version: Number(row.record_version),
    external_id: row.external_id,
    external_ids: row.external_ids,
    changed: row.changed,
    actor: {
      type: row.actor_type,
      id: row.actor_id === null ? null : formatId(row.actor_type === 'operator' ? 'opr' : 'skc', row.actor_id),
    },
    request_id: row.request_id,
    occurred_at: row.occurred_time,
    data: row.data,
  };
}

/** Events that get their place in one turn: enough to keep up with any writer, few enough that nobody waits long for the turn. */
export const turn = 1000;

/** The end of the feed: the last place that was given, and whether every event that has committed has one. */
export interface FeedEnd {
  last: string;
  complete: boolean;
}

/** The end of the feed at one moment. */
export async function findEnd(db: Queryable): Promise<FeedEnd> {
  // The order keeps the planner on the index: the few without a place are at the end of the table, where a scan would come last.
  const { rows } = await db.query<FeedEnd>({
    name: 'feed-end',
    text: `select f.last_place as last, (select sequence from events where place is null order by sequence limit 1) is null as complete
           from event_feed f`,
  });
  return rows[0] ?? { last: '0', complete: false };
}

/** How many committed events have no place yet, 10,000 at most, and the age of the oldest of them in seconds. */
export async function readFeedBacklog(db: Queryable): Promise<{ waiting: number; oldest: number }> {
  const { rows } = await db.query<{ waiting: number; oldest: number }>({
    name: 'read-feed-backlog',
    text: `select count(*)::int as waiting, greatest(coalesce(extract(epoch from clock_timestamp() - min(t.occurred_time)), 0), 0)::float8 as oldest
           from (select occurred_time from events where place is null order by sequence limit 10000) t`,
  });
  return rows[0] ?? { waiting: 0, oldest: 0 };
}

/** An event that has just been given its place. */
export type PlacedEvent = WrittenEvent;

/** Takes the one row of the feed until the transaction ends, so that whoever gives places follows one another; returns the last that was given. */
export async function holdFeed(tx: Queryable): Promise<string> {
  const { rows } = await tx.query<{ last_place: string }>('select last_place from event_feed for update');
  return rows[0]?.last_place ?? '0';
}

/** Notes that some places more were given, by whoever holds the feed. */
export async function movePlace(tx: Queryable, count: number): Promise<void> {
  await tx.query('update event_feed set last_place = last_place + $1', [count]);
}

/** Gives committed events the places after `last`, up to 1,000; returns them, in no order. The feed is held: it sees all that had committed when it was taken. */
export async function placeEvents(tx: Queryable, last: string): Promise<PlacedEvent[]> {
  const { rows: placed } = await tx.query<PlacedEvent>(
    `update events e set place = $1::bigint + n.n
     from (select environment_id, sequence, row_number() over (order by sequence) as n
           from (select environment_id, sequence from events where place is null order by sequence limit ${turn}) oldest) n
     where e.environment_id = n.environment_id and e.sequence = n.sequence
     returning e.environment_id, e.sequence, e.type`,
    [last],
  );
  if (placed.length > 0) await movePlace(tx, placed.length);
  return placed;
}

/** Up to where the events of an environment were removed: the place of the last. */
export async function findPurgedPlace(db: Queryable, environmentId: string): Promise<string> {
  const { rows } = await db.query<{ purged_place: string }>({
    name: 'purged-place',
    text: 'select purged_place from environments where id = $1',
    values: [environmentId],
  });
  return rows[0]?.purged_place ?? '0';
}

/** What a reader of the feed wants to see; all of it must hold. IDs are database IDs. */
export interface FeedFilter {
  types: readonly string[] | undefined;
  organizationId: string | undefined;
  actor: Actor | undefined;
}

/** The text of the events of one answer, but for the last of them. Bytes. A record has 32 KB of metadata, and an event what it was and is. */
const answerBytes = 4 * 1024 * 1024;

/** SQL: how much text an event `t` is; of one that does not say it, a guess, as what is stored is compressed. */
const sizeOfEvent = 'coalesce(t.bytes, 4 * (pg_column_size(t.changed) + pg_column_size(t.data)))';

/** The first of some events, and whether there are more. */
export interface FoundEvents {
  events: Event[];
  more: boolean;
}

/** Which events, and in which order: SQL about `t`. */
interface WantedEvents {
  /** of a statement that is always the same */
  name?: string;
  where: string;
  order: string;
  values: readonly unknown[];
}

/** The first of the events, up to `limit`. Fewer where they are large, at least one: how much memory an answer takes does not depend on its events. */
async function findEvents(db: Queryable, { name, where, order, values }: WantedEvents, limit: number): Promise<FoundEvents> {
  const { rows } = await db.query<EventRow & { found: number }>({
    ...(name === undefined ? {} : { name }),
    text: `select ${eventColumns}, t.found
           from (select t.*, (count(*) over ())::integer as found,
                   sum(t.size) over (order by ${order} rows between unbounded preceding and 1 preceding) as before
                 from (select t.*, ${sizeOfEvent} as size from events t where ${where} order by ${order} limit $${values.length + 1}) t) t
           where coalesce(t.before, 0) < ${answerBytes} order by ${order}`,
    values: [...values, limit + 1],
  });
  const events = rows.slice(0, limit).map(toEvent);
  return { events, more: (rows[0]?.found ?? 0) > events.length };
}

/** Events after a place, in the order of the feed. */
export function listEvents(db: Queryable, environmentId: string, after: string, filter: FeedFilter, limit: number): Promise<FoundEvents> {
  const values: unknown[] = [environmentId, after];
  const where = ['t.environment_id = $1', 't.place > $2', ...conditionsOf(filter, values)].join(' and ');
  return findEvents(db, { where, order: 't.place', values }, limit);
}

/** SQL: what a filter asks of an event `t`; its parameters are added to `values`. */
function conditionsOf({ types, organizationId, actor }: FeedFilter, values: unknown[]): string[] {
  const where: string[] = [];
  const narrow = (value: unknown, condition: (parameter: string) => string) => {
    if (value === undefined) return;
    values.push(value);
    where.push(condition(`$${values.length}`));
  };
  narrow(organizationId, (id) => `t.organization_id = ${id}`);
  narrow(actor?.id, (id) => `t.actor_id = ${id}`);
  narrow(actor?.type, (type) => `t.actor_type = ${type}`);
  narrow(types, (names) => `(t.type = any(${names}::text[]) or split_part(t.type, '.', 1) = any(${names}::text[]))`);
  return where;
}

/** Which events are looked for: those between two places, both excluded, of a span of time whose end is excluded. */
export interface EventSpan {
  after: string;
  before: string;
  from: Date | undefined;
  to: Date | undefined;
}

/** Events of a span, newest first. */
export function searchEvents(
  db: Queryable,
  environmentId: string,
  { after, before, from, to }: EventSpan,
  filter: FeedFilter,
  limit: number,
): Promise<FoundEvents> {
  const values: unknown[] = [environmentId, after, before, from ?? '-infinity', to ?? 'infinity'];
  const where = [
    't.environment_id = $1 and t.place > $2 and t.place < $3 and t.occurred_time >= $4 and t.occurred_time < $5',
    ...conditionsOf(filter, values),
  ].join(' and ');
  return findEvents(db, { where, order: 't.place desc', values }, limit);
}

/**
 * A place of the feed about which a time lies: the halves of the feed are asked, one after the other, for the time of their first event.
 * Events are in order of time but for the length of their transactions, so a caller leaves some room and compares the times.
 */
export async function findPlaceOf(db: Queryable, environmentId: string, time: Date): Promise<string> {
  const { rows } = await db.query<{ place: string }>({
    name: 'place-of-time',
    text: `with recursive halves (low, high) as (
             select e.purged_place, f.last_place from environments e, event_feed f where e.id = $1
             union all
             select case when first.is_earlier then (h.low + h.high) / 2 else h.low end,
               case when first.is_earlier then h.high else (h.low + h.high) / 2 end
             from halves h cross join lateral (
               select coalesce((select t.occurred_time < $2 from events t where t.environment_id = $1 and t.place > (h.low + h.high) / 2
                 order by t.place limit 1), false) as is_earlier) first
             where h.high - h.low > 1)
           select max(low) as place from halves`,
    values: [environmentId, time],
  });
  return rows[0]?.place ?? '0';
}

/** Where a page of a history ends. Several events may have one version: a membership and its invitation. */
export interface HistoryPosition {
  version: string;
  type: string;
}

/** A record whose events are asked for. An ID alone is one of any kind of record. */
export interface RecordKey {
  kind: RecordKind;
  /** database ID */
  id: string;
}

/** The events of one record before a position, newest first. */
export function listHistory(
  db: Queryable,
  environmentId: string,
  record: RecordKey,
  before: HistoryPosition,
  limit: number,
): Promise<FoundEvents> {
  const where = 't.environment_id = $1 and t.record_id = $2 and (t.record_version, t.type) < ($3, $4) and t.record_kind = $5';
  const values = [environmentId, record.id, before.version, before.type, record.kind];
  return findEvents(db, { name: 'list-history', where, order: 't.record_version desc, t.type desc', values }, limit);
}

/** The event that made a record what it was at a version, or at a time. */
export async function findAsOf(
  db: Queryable,
  environmentId: string,
  record: RecordKey,
  { version, time }: { version?: number | undefined; time?: string | undefined },
): Promise<Event | undefined> {
  const [column, value] = version === undefined ? ['occurred_time', time] : ['record_version', version];
  const { rows } = await db.query<EventRow>(
    `select ${eventColumns} from events t where t.environment_id = $1 and t.record_id = $2 and t.${column} <= $3 and t.record_kind = $4
     order by t.record_version desc, t.type desc limit 1`,
    [environmentId, record.id, value, record.kind],
  );
  return rows.map(toEvent)[0];
}

/**
 * Removes up to 1,000 events of an environment that are older than `days`, oldest first, and moves the beginning of its feed; returns
 * how many. Stops at the first that is young enough, as they are in order but for the length of a transaction.
 */
export async function purgeEvents(tx: Queryable, environmentId: string, days: number): Promise<number> {
  const { rows } = await tx.query<{ place: string }>(
    `delete from events e using (
       select environment_id, sequence from (
         select environment_id, sequence, place, occurred_time from events where environment_id = $1 order by sequence limit 1000) oldest
       where place is not null and occurred_time < now() - make_interval(days => $2)) old
     where e.environment_id = old.environment_id and e.sequence = old.sequence returning e.place`,
    [environmentId, days],
  );
  if (rows.length === 0) return 0;
  await tx.query('update environments set purged_place = greatest(purged_place, $2) where id = $1', [
    environmentId,
    rows
      .map(({ place }) => BigInt(place))
      .reduce((a, b) => (a > b ? a : b))
      .toString(),
  ]);
  return rows.length;
}
