import { type EventType, nameFields, type WebhookAttempt, type WebhookDelivery } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { type Page, type PageRequest, selectPage } from '../database/page-query.ts';
import { publicId, type RecordKind } from '../events/index.ts';
import type { PlacedEvent } from '../feed/index.ts';
import { formatId } from '../lib/id.ts';
import { keptDays } from './delivery.ts';
import { enabled, holdEnabledEndpoints } from './endpoint-store.ts';
import { addToLanes, type Lane, releaseLanes } from './lane-store.ts';

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
  /** null: the event is not kept any more. The organization is a database ID, the user one of the API, as in the event. */
  subject: { name: string | null; organization_id: string | null; user_id: string | null } | null;
  status: WebhookDelivery['status'];
  due_time: string | null;
  attempts: number;
  log: WebhookAttempt[];
  create_time: string;
  expire_time: string;
}

/** SQL: whom the event of a delivery `t` is about. */
const subject = `(select jsonb_build_object('organization_id', e.organization_id::text, 'user_id', e.data ->> 'user_id',
    'name', coalesce(${nameFields.map((field) => `nullif(e.data ->> '${field}', '')`).join(', ')}, e.external_id))
  from events e where e.environment_id = t.environment_id and e.sequence = t.event_sequence) as subject`;

/** The event's ID, under which lists are paged, is the `id` of a delivery among those of its endpoint. */
const columns =
  't.event_id as id, t.environment_id, t.endpoint_id, t.event_id, t.event_type, t.record_kind, t.record_id, t.status, t.due_time, ' +
  `t.attempts, t.log, t.create_time, t.expire_time, ${subject}`;

function toDelivery(row: DeliveryRow): WebhookDelivery {
  return {
    event_id: formatId('evt', row.event_id),
    event_type: row.event_type,
    record_id: publicId(row.record_kind, row.record_id),
    record_name: row.subject?.name ?? null,
    organization_id: row.subject?.organization_id == null ? null : formatId('org', row.subject.organization_id),
    user_id: row.subject?.user_id ?? null,
    status: row.status,
    attempts: row.attempts,
    next_attempt_time: row.due_time,
    log: row.log,
    create_time: row.create_time,
    expire_time: row.status === 'PENDING' ? row.expire_time : null,
  };
}

/** Schedules events that have just been placed for every enabled endpoint that wants them. */
export async function scheduleEvents(tx: Queryable, events: readonly PlacedEvent[]): Promise<void> {
  const held = await holdEnabledEndpoints(tx, [...new Set(events.map((event) => event.environment_id))]);
  // Those that are held, and not those that are enabled by now: one that was enabled in between is not held.
  if (held.length > 0) await addToLanes(tx, events, held);
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
 * are ours for `lease` milliseconds, and anybody's again after that. They are locked and then found by where they are (`array`): joined, the whole table was read
 * where many were due.
 */
export async function claimDeliveries(db: Queryable, slots: readonly Slots[], usual: number, lease: number): Promise<Claim[]> {
  const { rows } = await db.query<Omit<Claim, 'expire_time'> & { expire_time: string }>({
    name: 'claim-webhook-deliveries',
    text: `update webhook_deliveries d set due_time = now() + make_interval(secs => $4::float8 / 1000), attempts = d.attempts + 1
           where d.ctid = any(array(
             select due.ctid from webhook_endpoints w
             left join unnest($1::bigint[], $2::int[]) as s (endpoint_id, slots) on s.endpoint_id = w.id
             cross join lateral (
               select p.ctid from webhook_deliveries p
               where p.environment_id = w.environment_id and p.endpoint_id = w.id and p.due_time <= now()
               order by p.due_time limit coalesce(s.slots, $3::int) for update skip locked) due
             where ${enabled}))
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

/**
 * Records what came of attempts, and lets the next of each lane go whose first has ended. The endpoints are held. A result that comes too
 * late, after its lease was given to another, counts only if it is a success.
 *
 * It is planned anew each time, and whether a delivery is pending is asked in a form that no index has: whatever the statistics say of pending ones,
 * which come and go faster than they are counted, deliveries are found by their key. By the index of those that are pending all of them were read, and
 * all that had been since the last vacuum, with endpoints and feed held meanwhile.
 */
export async function recordResults(tx: Queryable, results: readonly Result[]): Promise<void> {
  const { rows } = await tx.query<Lane & { ended: boolean }>(
    `update webhook_deliveries d
     set status = r.status,
       due_time = case when r.status = 'PENDING' then now() + make_interval(secs => r.pause / 1000) end,
       expire_time = case when r.status = 'PENDING' then d.expire_time else now() end,
       attempts = d.attempts - case when r.attempt is null then 1 else 0 end,
       log = case when r.attempt is null then d.log
         else jsonb_build_array(r.attempt) || jsonb_path_query_array(d.log, '$[0 to 8]') end
     from jsonb_to_recordset($1::jsonb) as r (environment_id bigint, endpoint_id bigint, event_id bigint, attempts int, status text,
       pause float8, attempt jsonb)
     where d.environment_id = r.environment_id and d.endpoint_id = r.endpoint_id and d.event_id = r.event_id
       and case d.status when 'PENDING' then r.status = 'DELIVERED' or d.attempts = r.attempts end
     returning d.environment_id, d.endpoint_id, d.record_id, d.status <> 'PENDING' as ended`,
    [JSON.stringify(results)],
  );
  await releaseLanes(
    tx,
    rows.filter(({ ended }) => ended),
  );
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
