import type { Queryable } from '../database/connection.ts';
import { deliveryLife } from './delivery.ts';

/** Which deliveries stand behind one another: those of an endpoint and a record. Database IDs. */
export interface Lane {
  environment_id: string;
  endpoint_id: string;
  record_id: string;
}

/** SQL: whether the filter of endpoint `w` lets event `e` through. An endpoint hears of every change but its own. */
const matches = `(w.event_types = '{}' or e.type = any(w.event_types) or split_part(e.type, '.', 1) = any(w.event_types))
  and e.record_id <> w.id`;

/**
 * Adds deliveries of events to those of the endpoints that want them, all of which are held; returns how many. In each lane the first is due at
 * once unless an earlier one is pending. One that has ended begins anew; one that is pending stays as it is. Each lane is looked into by itself (`limit`):
 * the planner would read all that is pending into a table where its statistics know of none.
 */
export async function addToLanes(
  tx: Queryable,
  events: readonly { environment_id: string; sequence: string }[],
  endpointIds: readonly string[],
): Promise<number> {
  const { rowCount } = await tx.query(
    `insert into webhook_deliveries as d (environment_id, endpoint_id, event_id, event_sequence, event_type, record_kind, record_id, place,
       due_time, expire_time)
     select e.environment_id, w.id, e.id, e.sequence, e.type, e.record_kind, e.record_id, e.place,
       case when row_number() over (partition by w.id, e.record_id order by e.place) = 1 and earlier.id is null then now() end,
       now() + interval '${deliveryLife} milliseconds'
     from unnest($1::bigint[], $2::bigint[]) as key (environment_id, sequence)
     join events e on e.environment_id = key.environment_id and e.sequence = key.sequence
     join webhook_endpoints w on w.environment_id = e.environment_id and w.id = any($3::bigint[]) and ${matches}
     left join lateral (
       select p.event_id as id from webhook_deliveries p where p.environment_id = e.environment_id and p.endpoint_id = w.id
         and p.record_id = e.record_id and p.status = 'PENDING' limit 1) earlier on true
     on conflict on constraint webhook_deliveries_pkey do update
       set status = 'PENDING', due_time = excluded.due_time, attempts = 0, expire_time = excluded.expire_time
       where d.status <> 'PENDING'`,
    [events.map((event) => event.environment_id), events.map(({ sequence }) => sequence), endpointIds],
  );
  return rowCount ?? 0;
}

/**
 * Makes the first of each lane due. No other of the lane is: whatever was has just ended. Rows are found by where they are, as the
 * planner knows too little of a table that changes so fast; with the endpoint's row held, they stay there.
 */
export async function releaseLanes(tx: Queryable, lanes: readonly Lane[]): Promise<void> {
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
