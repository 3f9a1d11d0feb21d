import type { Queryable } from '../database/connection.ts';
import type { Changes, KnownPlace, RecordChange } from '../database/record-cache.ts';

/** Changes that are told one by one; of more, that anything may have changed. A hundred take the database 0.1 ms, as long as reading ten records. */
const told = 256;

/** A place that the feed has left so far behind, in all environments together, is not looked from: whatever the plan, few events are read. */
const farthest = 10_000;

/** What changed beyond known places of the feed, as it is written by the statement: environment and record, the record empty where anything may have. */
interface ChangesRow {
  place: string;
  instance: string;
  took: number;
  changed: string | null;
  waiting: number;
}

/**
 * What has been committed beyond known places of the feed. An event that is visible has its place behind every place that was visible before it, or
 * has none yet (docs/decisions/0009), so that these two are all there can be.
 *
 * Organizations and users change by events of their own, and users, who show their memberships, by those of memberships; anything else (a role that
 * is renamed) is rare and may concern many.
 */
export async function findChanges(db: Queryable, known: readonly KnownPlace[]): Promise<Changes> {
  const { rows } = await db.query<ChangesRow>({
    name: 'find-changes',
    text: `select f.last_place as place, extract(epoch from pg_postmaster_start_time())::text as instance, c.changed, c.waiting,
             extract(epoch from clock_timestamp() - statement_timestamp())::float8 * 1000 as took
           from event_feed f cross join lateral (
             select string_agg(e.environment_id || ':' || coalesce(
                 case when e.record_kind in ('organization', 'user') then e.record_id::text
                      when e.record_kind = 'membership' then substr(e.data ->> 'user_id', 5) end, ''), ' ') as changed,
               (count(*) filter (where e.place is null))::integer as waiting
             from (
               select e.* from unnest((select $1::bigint[]), (select $2::bigint[])) as k (environment_id, place)
               cross join lateral (
                 select environment_id, place, record_kind, record_id, data from events
                 where environment_id = k.environment_id and place > k.place order by place limit ${told + 1}) e
               where k.place > f.last_place - ${farthest}
               union all
               (select environment_id, place, record_kind, record_id, data from events where place is null order by sequence limit ${told + 1})
             ) e
           ) c`,
    values: [known.map(({ environmentId }) => environmentId), known.map(({ place }) => place)],
  });
  const [row] = rows;
  if (row === undefined) throw new Error('the feed has an end');
  const { place, instance, took } = row;
  const changed = row.changed === null ? [] : row.changed.split(' ').map(toChange);
  const countless = new Set([
    ...known.filter((one) => row.waiting > told || isFar(one, place)).map((one) => one.environmentId),
    ...countedOver(changed),
  ]);
  return { place, instance, took, changed: [...changed, ...[...countless].map((environmentId) => ({ environmentId, recordId: null }))] };
}

function isFar({ place }: KnownPlace, end: string): boolean {
  return place !== null && BigInt(place) <= BigInt(end) - BigInt(farthest);
}

function toChange(text: string): RecordChange {
  const [environmentId = '', recordId = ''] = text.split(':');
  return { environmentId, recordId: recordId === '' ? null : recordId };
}

/** The environments with so many changes that there may be more. */
function countedOver(changed: readonly RecordChange[]): string[] {
  if (changed.length <= told) return [];
  const counts = new Map<string, number>();
  for (const { environmentId } of changed) counts.set(environmentId, (counts.get(environmentId) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > told).map(([environmentId]) => environmentId);
}
