import type { Queryable } from '../database/connection.ts';
import { disorder, findPlaceOf } from '../feed/index.ts';
import { deliveryLife } from './delivery.ts';
import { addToLanes, type Lane, releaseLanes } from './lane-store.ts';

/**
 * Schedules one delivery of a locked endpoint anew. One that is pending and waits for its next attempt is due at once: that is, one that is due later than in
 * `lease` milliseconds, as one that is due sooner may be being sent. One that waits in its lane stays there.
 */
export async function restartDelivery(
  tx: Queryable,
  environmentId: string,
  endpointId: string,
  eventId: string,
  lease: number,
): Promise<void> {
  if ((await restart(tx, environmentId, endpointId, [eventId])) > 0) return;
  await tx.query(
    `update webhook_deliveries set due_time = now()
     where environment_id = $1 and endpoint_id = $2 and event_id = $3 and status = 'PENDING' and due_time > now() + make_interval(secs => $4::float8 / 1000)`,
    [environmentId, endpointId, eventId, lease],
  );
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
  const events = rows.map(({ sequence }) => ({ environment_id: environmentId, sequence }));
  const scheduled = await addToLanes(tx, events, [endpointId]);
  return { scheduled, place: rows.length < limit ? undefined : rows.at(-1)?.place };
}
