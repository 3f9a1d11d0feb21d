import type { Event, EventType, WebhookAttempt, WebhookDelivery } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { type Page, type PageRequest, selectPage } from '../database/page-query.ts';
import { publicId, type RecordKind } from '../events/index.ts';
import { disorder, type EventRow, eventColumns, findPlaceOf, type PlacedEvent, toEvent } from '../feed/index.ts';
import { formatId } from '../lib/id.ts';
import { deliveryLife, failingDays, keptDays } from './delivery.ts';
import { signingSecrets } from './endpoint-store.ts';

/** Which delivery. Database IDs. */
export interface DeliveryKey {
  environment_id: string;
  endpoint_id: string;
  event_id: string;
}

interface DeliveryRow extends DeliveryKey {
  id: string;
  event_type: EventType;
  record_kind: RecordKind;
  record_id: string;
  status: WebhookDelivery['status'];
  due_time: string | null;
  attempts: number;
  log: WebhookAttempt[];
  create_time: string;
  expire_time: string;
}

/** The event's ID, under which lists are paged, is the `id` of a delivery among those of its endpoint. */
const columns =
  't.event_id as id, t.environment_id, t.endpoint_id, t.event_id, t.event_type, t.record_kind, t.record_id, t.status, t.due_time, ' +
  't.attempts, t.log, t.create_time, t.expire_time';

function toDelivery(row: DeliveryRow): WebhookDelivery {
  return {
    event_id: formatId('evt', row.event_id),
    event_type: row.event_type,
    record_id: publicId(row.record_kind, row.record_id),
    status: row.status,
    attempts: row.attempts,
    next_attempt_time: row.due_time,
    log: row.log,
    create_time: row.create_time,
    expire_time: row.status === 'PENDING' ? row.expire_time : null,
  };
}

/** SQL: whether the filter of endpoint `w` lets event `e` through. An endpoint hears of every change but its own. */
const matches = `(w.event_types = '{}' or e.type = any(w.event_types) or split_part(e.type, '.', 1) = any(w.event_types))
  and e.record_id <> w.id`;

/**
 * SQL: schedules the events of `$1` (environments) and `$2` (sequences) for those of the endpoints `$3` that want them, all of which are held. In
 * each lane the first is due at once unless an earlier one is pending. One that has ended begins anew; one that is pending stays as it is.
 */
const insertDeliveries = `
  insert into webhook_deliveries as d (environment_id, endpoint_id, event_id, event_sequence, event_type, record_kind, record_id, place,
    due_time, expire_time)
  select e.environment_id, w.id, e.id, e.sequence, e.type, e.record_kind, e.record_id, e.place,
    case when row_number() over (partition by w.id, e.record_id order by e.place) = 1 and not exists (
      select from webhook_deliveries p where p.environment_id = e.environment_id and p.endpoint_id = w.id
        and p.record_id = e.record_id and p.status = 'PENDING') then now() end,
    now() + interval '${deliveryLife} milliseconds'
  from unnest($1::bigint[], $2::bigint[]) as key (environment_id, sequence)
  join events e on e.environment_id = key.environment_id and e.sequence = key.sequence
  join webhook_endpoints w on w.environment_id = e.environment_id and w.id = any($3::bigint[]) and ${matches}
  on conflict on constraint webhook_deliveries_pkey do update
    set status = 'PENDING', due_time = excluded.due_time, attempts = 0, expire_time = excluded.expire_time
    where d.status <> 'PENDING'`;

const enabled = 'w.disabled_reason is null and w.delete_time is null';

/** Schedules events that have just been placed for every enabled endpoint that wants them. */
export async function scheduleEvents(tx: Queryable, events: readonly PlacedEvent[]): Promise<void> {
  const environments = events.map((event) => event.environment_id);
  const { rows: held } = await tx.query<{ id: string }>(
    `select w.id from webhook_endpoints w where w.environment_id = any($1::bigint[]) and ${enabled} order by w.id for no key update`,
    [[...new Set(environments)]],
  );
  if (held.length === 0) return;
  // Those that are held, and not those that are enabled by now: one that was enabled in between is not held.
  await tx.query(insertDeliveries, [environments, events.map(({ sequence }) => sequence), held.map(({ id }) => id)]);
}

/** A delivery that is ours to send until its lease ends. */
export interface Claim extends DeliveryKey {
  event_sequence: string;
  attempts: number;
  /** attempts that are in its log, ten at most: of those of a worker that was killed nothing is known */
  logged: number;
  /** milliseconds since 1970 */
  expire_time: number;
}

/** How much of an endpoint's work is wanted, other than the usual. */
export interface Slots {
  endpointId: string;
  slots: number;
}

/**
 * Takes deliveries that are due, the longest waiting of each endpoint first: `usual` of an endpoint that `slots` does not name. They
 * are ours for `lease` milliseconds, and anybody's again after that.
 */
export async function claimDeliveries(db: Queryable, slots: readonly Slots[], usual: number, lease: number): Promise<Claim[]> {
  const { rows } = await db.query<Omit<Claim, 'expire_time'> & { expire_time: string }>({
    name: 'claim-webhook-deliveries',
    text: `update webhook_deliveries d set due_time = now() + make_interval(secs => $4::float8 / 1000), attempts = d.attempts + 1
           from webhook_endpoints w
           left join unnest($1::bigint[], $2::int[]) as s (endpoint_id, slots) on s.endpoint_id = w.id
           cross join lateral (
             select p.ctid from webhook_deliveries p
             where p.environment_id = w.environment_id and p.endpoint_id = w.id and p.due_time <= now()
             order by p.due_time limit coalesce(s.slots, $3::int) for update skip locked) due
           where ${enabled} and d.ctid = due.ctid
           returning d.environment_id, d.endpoint_id, d.event_id, d.event_sequence, d.attempts, jsonb_array_length(d.log) as logged, d.expire_time`,
    values: [slots.map(({ endpointId }) => endpointId), slots.map((one) => one.slots), usual, lease],
  });
  return rows.map((row) => ({ ...row, expire_time: Date.parse(row.expire_time) }));
}

/** How many deliveries could be sent now, 1,000 of each endpoint at most, and how long the oldest has been due, in seconds. All environments. */
export async function readDeliveryBacklog(db: Queryable): Promise<{ waiting: number; oldest: number }> {
  const { rows } = await db.query<{ waiting: number; oldest: number }>({
    name: 'read-delivery-backlog',
    text: `select count(*)::int as waiting, greatest(coalesce(extract(epoch from clock_timestamp() - min(due.due_time)), 0), 0)::float8 as oldest
           from webhook_endpoints w
           cross join lateral (
             select p.due_time from webhook_deliveries p
             where p.environment_id = w.environment_id and p.endpoint_id = w.id and p.due_time <= now()
             order by p.due_time limit 1000) due
           where ${enabled}`,
  });
  return rows[0] ?? { waiting: 0, oldest: 0 };
}

/** Which delivery, and of which event. */
type ParcelKey = Pick<Claim, 'environment_id' | 'endpoint_id' | 'event_sequence'>;

/** What a claimed delivery sends, and where. */
export interface Parcel<Key extends ParcelKey = Claim> {
  claim: Key;
  url: string;
  /** sealed */
  secrets: Buffer[];
  /** undefined: the event is not kept any more */
  event: Event | undefined;
  /** of a membership's event: the records it is about as they were then; null: not known any more */
  organization: object | null;
  user: object | null;
}

interface ParcelRow extends EventRow {
  position: string;
  url: string;
  secrets: Buffer[];
  sequence: string | null;
  organization: object | null;
  user: object | null;
}

/** SQL: a record as it was when event `t` happened: what the last event of it up to then says. */
const recordThen = (kind: string, id: string) => `
  (select r.data from events r where r.environment_id = t.environment_id and r.record_id = ${id} and r.record_kind = '${kind}'
     and r.place <= t.place order by r.record_version desc limit 1)`;

/** Reads what claimed deliveries send. Those whose endpoint is gone are left out. */
export async function loadParcels<Key extends ParcelKey>(db: Queryable, claims: readonly Key[]): Promise<Parcel<Key>[]> {
  const { rows } = await db.query<ParcelRow>({
    name: 'load-webhook-parcels',
    text: `select c.position, w.url, w.secrets, t.sequence, ${eventColumns},
             case when t.record_kind = 'membership' then ${recordThen('organization', 't.organization_id')} end as organization,
             case when t.record_kind = 'membership'
               then ${recordThen('user', "substr(t.data ->> 'user_id', 5)::bigint")} end as user
           from unnest($1::bigint[], $2::bigint[], $3::bigint[]) with ordinality as c (environment_id, endpoint_id, sequence, position)
           join lateral (
             select t.url, ${signingSecrets} as secrets from webhook_endpoints t
             where t.environment_id = c.environment_id and t.id = c.endpoint_id and t.delete_time is null) w on true
           left join events t on t.environment_id = c.environment_id and t.sequence = c.sequence`,
    values: [
      claims.map((claim) => claim.environment_id),
      claims.map((claim) => claim.endpoint_id),
      claims.map((claim) => claim.event_sequence),
    ],
  });
  return rows.flatMap((row) => {
    const claim = claims[Number(row.position) - 1];
    if (claim === undefined) return [];
    const { url, secrets, organization, user } = row;
    return [{ claim, url, secrets, event: row.sequence === null ? undefined : toEvent(row), organization, user }];
  });
}

/** What is to be recorded of an attempt. */
export interface Result extends DeliveryKey {
  /** which attempt it was */
  attempts: number;
  status: WebhookDelivery['status'];
  /** of a pending one: milliseconds until it is due again */
  pause: number;
  /** null: it counts for nothing, and is not kept */
  attempt: WebhookAttempt | null;
}

/** An endpoint that is held for the results of sending to it. */
export interface HeldEndpoint {
  environment_id: string;
  id: string;
  /** attempts have failed, and none has succeeded since */
  failing: boolean;
  /** that is so for too long */
  overdue: boolean;
}

/** Holds the endpoints of deliveries until the transaction ends, as every change of their lanes must. */
export async function holdEndpoints(tx: Queryable, deliveries: readonly DeliveryKey[]): Promise<HeldEndpoint[]> {
  const byId = new Map(deliveries.map(({ environment_id, endpoint_id }) => [endpoint_id, environment_id]));
  const { rows } = await tx.query<HeldEndpoint>({
    name: 'hold-webhook-endpoints',
    text: `select w.environment_id, w.id, w.failing_since is not null as failing,
             coalesce(${enabled} and w.failing_since < now() - make_interval(days => ${failingDays}), false) as overdue
           from webhook_endpoints w join unnest($1::bigint[], $2::bigint[]) as k (environment_id, id)
             on w.environment_id = k.environment_id and w.id = k.id
           order by w.id for no key update of w`,
    values: [[...byId.values()], [...byId.keys()]],
  });
  return rows;
}

/** Notes of held endpoints that they fail from now on, or that they do not any more. */
export async function setFailing(tx: Queryable, endpoints: readonly HeldEndpoint[], failing: boolean): Promise<void> {
  if (endpoints.length === 0) return;
  await tx.query(
    `update webhook_endpoints w set failing_since = case when $3 then now() end
     from unnest($1::bigint[], $2::bigint[]) as k (environment_id, id) where w.environment_id = k.environment_id and w.id = k.id`,
    [endpoints.map((endpoint) => endpoint.environment_id), endpoints.map(({ id }) => id), failing],
  );
}

/**
 * Records what came of attempts, and lets the next of each lane go whose first has ended. The endpoints are held. A result that comes too
 * late, after its lease was given to another, counts only if it is a success.
 */
export async function recordResults(tx: Queryable, results: readonly Result[]): Promise<void> {
  const { rows } = await tx.query<Lane & { ended: boolean }>({
    name: 'record-webhook-results',
    text: `update webhook_deliveries d
           set status = r.status,
             due_time = case when r.status = 'PENDING' then now() + make_interval(secs => r.pause / 1000) end,
             expire_time = case when r.status = 'PENDING' then d.expire_time else now() end,
             attempts = d.attempts - case when r.attempt is null then 1 else 0 end,
             log = case when r.attempt is null then d.log
               else jsonb_build_array(r.attempt) || jsonb_path_query_array(d.log, '$[0 to 8]') end
           from jsonb_to_recordset($1::jsonb) as r (environment_id bigint, endpoint_id bigint, event_id bigint, attempts int, status text,
             pause float8, attempt jsonb)
           where d.environment_id = r.environment_id and d.endpoint_id = r.endpoint_id and d.event_id = r.event_id
             and d.status = 'PENDING' and (r.status = 'DELIVERED' or d.attempts = r.attempts)
           returning d.environment_id, d.endpoint_id, d.record_id, d.status <> 'PENDING' as ended`,
    values: [JSON.stringify(results)],
  });
  await releaseLanes(
    tx,
    rows.filter(({ ended }) => ended),
  );
}

interface Lane {
  environment_id: string;
  endpoint_id: string;
  record_id: string;
}

/**
 * Makes the first of each lane due. No other of the lane is: whatever was has just ended. Rows are found by where they are, as the
 * planner knows too little of a table that changes so fast; with the endpoint's row held, they stay there.
 */
async function releaseLanes(tx: Queryable, lanes: readonly Lane[]): Promise<void> {
  if (lanes.length === 0) return;
  await tx.query({
    name: 'release-webhook-lanes',
    text: `update webhook_deliveries d set due_time = now() where d.ctid = any(array(
             select first.ctid
             from (select distinct k.environment_id, k.endpoint_id, k.record_id
                   from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as k (environment_id, endpoint_id, record_id)) l
             cross join lateral (
               select f.ctid from webhook_deliveries f
               where f.environment_id = l.environment_id and f.endpoint_id = l.endpoint_id and f.record_id = l.record_id
                 and f.status = 'PENDING' order by f.place limit 1) first))`,
    values: [lanes.map((lane) => lane.environment_id), lanes.map((lane) => lane.endpoint_id), lanes.map((lane) => lane.record_id)],
  });
}

/** The delivery of an event to an endpoint; undefined if there is none. */
export async function findDelivery(
  db: Queryable,
  environmentId: string,
  endpointId: string,
  eventId: string,
): Promise<WebhookDelivery | undefined> {
  const { rows } = await db.query<DeliveryRow>(
    `select ${columns} from webhook_deliveries t where t.environment_id = $1 and t.endpoint_id = $2 and t.event_id = $3`,
    [environmentId, endpointId, eventId],
  );
  return rows.map(toDelivery)[0];
}

/** What a delivery sends; undefined if there is no such delivery. */
export async function findParcel(
  db: Queryable,
  environmentId: string,
  endpointId: string,
  eventId: string,
): Promise<Parcel<ParcelKey> | undefined> {
  const { rows } = await db.query<ParcelKey>(
    `select t.environment_id, t.endpoint_id, t.event_sequence from webhook_deliveries t
     where t.environment_id = $1 and t.endpoint_id = $2 and t.event_id = $3`,
    [environmentId, endpointId, eventId],
  );
  return (await loadParcels(db, rows))[0];
}

/** One page of the deliveries of an endpoint, newest event first. */
export async function listDeliveries(
  db: Queryable,
  environmentId: string,
  endpointId: string,
  status: WebhookDelivery['status'] | undefined,
  page: PageRequest,
): Promise<Page<WebhookDelivery>> {
  const where = `t.environment_id = $1 and t.endpoint_id = $2${status === undefined ? '' : ' and t.status = $3'}`;
  const values = [environmentId, endpointId, ...(status === undefined ? [] : [status])];
  const source = `(select *, event_id as id from webhook_deliveries)`;
  const query = { columns, table: source, where, values, indexed: false };
  const found = await selectPage<DeliveryRow>(db, query, page);
  return { ...found, items: found.items.map(toDelivery) };
}

/** Schedules one delivery of a locked endpoint anew; one that is pending stays as it is. */
export async function restartDelivery(tx: Queryable, environmentId: string, endpointId: string, eventId: string): Promise<void> {
  await restart(tx, environmentId, endpointId, [eventId]);
}

/** Schedules deliveries of a locked endpoint that were given up anew, up to `limit`, those of the oldest events first; returns how many. */
export async function restartFailed(tx: Queryable, environmentId: string, endpointId: string, limit: number): Promise<number> {
  const { rows } = await tx.query<{ event_id: string }>(
    `select event_id from webhook_deliveries where environment_id = $1 and endpoint_id = $2 and status = 'FAILED'
     order by event_id limit $3`,
    [environmentId, endpointId, limit],
  );
  return rows.length === 0
    ? 0
    : restart(
        tx,
        environmentId,
        endpointId,
        rows.map((row) => row.event_id),
      );
}

async function restart(tx: Queryable, environmentId: string, endpointId: string, eventIds: readonly string[]): Promise<number> {
  const values = [environmentId, endpointId, eventIds];
  const ended = `environment_id = $1 and endpoint_id = $2 and event_id = any($3::bigint[]) and status <> 'PENDING'`;
  // A lane where something is pending goes on by itself.
  const { rows: idle } = await tx.query<Lane>(
    `select distinct d.environment_id, d.endpoint_id, d.record_id from webhook_deliveries d where ${ended} and not exists (
       select from webhook_deliveries p where p.environment_id = d.environment_id and p.endpoint_id = d.endpoint_id
         and p.record_id = d.record_id and p.status = 'PENDING')`,
    values,
  );
  const { rowCount } = await tx.query(
    `update webhook_deliveries set status = 'PENDING', due_time = null, attempts = 0,
       expire_time = now() + interval '${deliveryLife} milliseconds' where ${ended}`,
    values,
  );
  await releaseLanes(tx, idle);
  return rowCount ?? 0;
}

/**
 * After which place the events of a span of time begin, and the last of them; undefined if there are none. Looks for them about where the
 * ends of the span are in the feed, however long that is.
 */
export async function findSpan(
  db: Queryable,
  environmentId: string,
  from: Date,
  to: Date,
): Promise<{ after: string; last: string } | undefined> {
  const begin = await findPlaceOf(db, environmentId, new Date(from.getTime() - disorder));
  const end = await findPlaceOf(db, environmentId, new Date(to.getTime() + disorder));
  // What is found has the last event before the time behind it.
  const { rows } = await db.query<{ after: string | null; last: string | null }>(
    `select min(place) - 1 as after, max(place) as last from events
     where environment_id = $1 and place > $2 and place <= $3::bigint + 1 and occurred_time >= $4 and occurred_time < $5`,
    [environmentId, begin, end, from, to],
  );
  const [row] = rows;
  return row === undefined || row.after === null || row.last === null ? undefined : { after: row.after, last: row.last };
}

/** One step of a replay: where it ended, undefined at the end of the span. */
export interface ReplayStep {
  scheduled: number;
  place: string | undefined;
}

/** Schedules events of a span of time for a locked endpoint: up to `limit` events after a place. */
export async function scheduleSpan(
  tx: Queryable,
  environmentId: string,
  endpointId: string,
  span: { after: string; last: string; from: Date; to: Date },
  limit: number,
): Promise<ReplayStep> {
  const { rows } = await tx.query<{ sequence: string; place: string }>(
    `select sequence, place from events
     where environment_id = $1 and place > $2 and place <= $3 and occurred_time >= $4 and occurred_time < $5
     order by place limit $6`,
    [environmentId, span.after, span.last, span.from, span.to, limit],
  );
  const { rowCount } = await tx.query(insertDeliveries, [
    rows.map(() => environmentId),
    rows.map(({ sequence }) => sequence),
    [endpointId],
  ]);
  return { scheduled: rowCount ?? 0, place: rows.length < limit ? undefined : rows.at(-1)?.place };
}

/**
 * Removes deliveries that ended long ago, and those of deleted endpoints, up to 1,000 of each endpoint; returns how many. One that is begun anew at
 * this moment stays: the rows are held, and looked at again.
 */
export async function purgeDeliveries(db: Queryable): Promise<number> {
  const { rowCount } = await db.query(
    `delete from webhook_deliveries where ctid = any(array(
       select old.ctid from webhook_endpoints w
       cross join lateral (
         select p.ctid from webhook_deliveries p
         where p.environment_id = w.environment_id and p.endpoint_id = w.id and p.status <> 'PENDING'
           and p.expire_time < now() - interval '${keptDays} days'
         order by p.expire_time limit 1000 for update skip locked) old
       where w.delete_time is null)
       || array(
       select old.ctid from webhook_endpoints w
       cross join lateral (
         select p.ctid from webhook_deliveries p where p.environment_id = w.environment_id and p.endpoint_id = w.id
         order by p.event_id limit 1000) old
       where w.delete_time is not null))`,
  );
  return rowCount ?? 0;
}
