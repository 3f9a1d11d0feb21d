import type { DeliveryHour } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import type { Result } from './delivery-store.ts';
import { type HourRow, stepOf, steps } from './stats.ts';

/** Hours are kept for 15 days: what is shown, and a day more. */
const keptDays = 15;

/** Adds what came of attempts to the figures of their endpoints, which are held. One statement, however many results. */
export async function countResults(tx: Queryable, results: readonly Result[]): Promise<void> {
  const counted = new Map<
    string,
    { environment_id: string; endpoint_id: string; delivered: number; failed: number; durations: number[] }
  >();
  for (const { environment_id, endpoint_id, status, attempt } of results) {
    if (attempt === null) continue;
    const row = counted.get(endpoint_id) ?? { environment_id, endpoint_id, delivered: 0, failed: 0, durations: Array(steps).fill(0) };
    if (status === 'DELIVERED') row.delivered += 1;
    else row.failed += 1;
    const step = stepOf(attempt.duration_ms);
    row.durations[step] = (row.durations[step] ?? 0) + 1;
    counted.set(endpoint_id, row);
  }
  if (counted.size === 0) return;
  // An endpoint that was removed meanwhile has no figures.
  await tx.query({
    name: 'count-webhook-results',
    text: `insert into webhook_hours as t (environment_id, endpoint_id, hour, delivered, failed, durations)
           select r.environment_id, r.endpoint_id, date_trunc('hour', now(), 'UTC'), r.delivered, r.failed, r.durations
           from jsonb_to_recordset($1::jsonb) as r (environment_id bigint, endpoint_id bigint, delivered bigint, failed bigint, durations bigint[])
           where exists (select from webhook_endpoints w where w.environment_id = r.environment_id and w.id = r.endpoint_id)
           on conflict on constraint webhook_hours_pkey do update
             set delivered = t.delivered + excluded.delivered, failed = t.failed + excluded.failed,
               durations = array(select a + b from unnest(t.durations, excluded.durations) with ordinality as s (a, b, step) order by step)`,
    values: [JSON.stringify([...counted.values()])],
  });
}

/** The hours of an endpoint from a time on, oldest first. */
export async function readHours(db: Queryable, environmentId: string, endpointId: string, from: Date): Promise<HourRow[]> {
  const { rows } = await db.query<{ hour: string; delivered: string; failed: string; durations: string[] }>({
    name: 'read-webhook-hours',
    text: `select hour, delivered, failed, durations from webhook_hours
           where environment_id = $1 and endpoint_id = $2 and hour >= $3 order by hour`,
    values: [environmentId, endpointId, from],
  });
  return rows.map((row) => ({
    time: row.hour,
    delivered: Number(row.delivered),
    failed: Number(row.failed),
    durations: row.durations.map(Number),
  }));
}

/** The hours of all endpoints of an environment together from a time on, oldest first. There are a hundred endpoints at most. */
export async function readDeliveryHours(db: Queryable, environmentId: string, from: Date): Promise<DeliveryHour[]> {
  const { rows } = await db.query<{ time: string; delivered: string; failed: string }>({
    name: 'read-delivery-hours',
    text: `select h.hour as time, sum(h.delivered) as delivered, sum(h.failed) as failed
           from webhook_endpoints w
           join webhook_hours h on h.environment_id = w.environment_id and h.endpoint_id = w.id and h.hour >= $2
           where w.environment_id = $1 group by h.hour order by h.hour`,
    values: [environmentId, from],
  });
  return rows.map((row) => ({ time: row.time, delivered: Number(row.delivered), failed: Number(row.failed) }));
}

/** Removes hours that nobody is shown any more, up to 1,000 of each endpoint; returns how many. */
export async function purgeWebhookHours(db: Queryable): Promise<number> {
  const { rowCount } = await db.query(
    `delete from webhook_hours where ctid = any(array(
       select old.ctid from webhook_endpoints w cross join lateral (
         select h.ctid from webhook_hours h where h.environment_id = w.environment_id and h.endpoint_id = w.id
           and h.hour < now() - interval '${keptDays} days' limit 1000) old))`,
  );
  return rowCount ?? 0;
}
