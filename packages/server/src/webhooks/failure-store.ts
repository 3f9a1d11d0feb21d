import type { Queryable } from '../database/connection.ts';
import { formatId } from '../lib/id.ts';
import type { DisabledReason } from './endpoint.ts';

/** What is wrong with an endpoint. */
export interface EndpointFailure {
  id: string;
  url: string;
  /** why the server disabled it; null: it did not */
  disabled_reason: Exclude<DisabledReason, 'REQUESTED'> | null;
  failing_since: string | null;
  update_time: string;
  /** deliveries that were given up, and when the newest of them was; not exact: there are more */
  dead: { count: number; exact: boolean; time: string };
}

/** Dead deliveries of an endpoint that are counted at most. */
const countedDead = 1000;

/** Endpoints that fail or were disabled by the server, and those with deliveries that were given up. There are a hundred endpoints at most. */
export async function findWebhookFailures(db: Queryable, environmentId: string): Promise<EndpointFailure[]> {
  const { rows } = await db.query<Omit<EndpointFailure, 'dead'> & { dead: string; dead_time: string | null }>({
    name: 'find-webhook-failures',
    text: `select w.id, w.url, nullif(w.disabled_reason, 'REQUESTED') as disabled_reason, w.failing_since, w.update_time, l.dead,
             (select (d.log -> 0 ->> 'time')::timestamptz from webhook_deliveries d
              where d.environment_id = w.environment_id and d.endpoint_id = w.id and d.status = 'FAILED'
              order by d.event_id desc limit 1) as dead_time
           from webhook_endpoints w
           cross join lateral (select count(*) as dead from (
             select from webhook_deliveries d where d.environment_id = w.environment_id and d.endpoint_id = w.id and d.status = 'FAILED'
             limit ${countedDead}) counted) l
           where w.environment_id = $1 and w.delete_time is null
             and (w.failing_since is not null or w.disabled_reason <> 'REQUESTED' or l.dead > 0)`,
    values: [environmentId],
  });
  return rows.map(({ dead, dead_time: time, ...row }) => {
    const count = Number(dead);
    return { ...row, id: formatId('whe', row.id), dead: { count, exact: count < countedDead, time: time ?? row.update_time } };
  });
}
