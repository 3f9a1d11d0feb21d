import { plainArray } from '../database/columns.ts';
import type { Queryable } from '../database/connection.ts';
import type { PlacedEvent } from '../feed/index.ts';

/** Days that growth is kept for, and events and deliveries by the hour: what an overview reaches back to, and a day more. */
const keptDays = { growth: 401, hours: 15 } as const;

/**
 * Adds events that have just been placed to the figures: in the transaction that places them, so that each is counted once. Turns follow
 * one another, and so do the writers of these rows. One statement, however many events; those that change the same figures in the same way
 * are counted as one.
 */
export async function countEvents(tx: Queryable, events: readonly PlacedEvent[]): Promise<void> {
  await tx.query({
    name: 'count-events',
    text: `
      with placed as materialized (
        select e.environment_id, e.type, e.record_kind, e.changed, e.occurred_time
        from unnest($1::bigint[], $2::bigint[]) as k (environment_id, sequence)
        join events e on e.environment_id = k.environment_id and e.sequence = k.sequence),
      alike as materialized (
        select environment_id, type, changed -> 'membership_status' as status, (occurred_time at time zone 'UTC')::date as day, count(*) as count
        from placed group by 1, 2, 3, 4),
      records as materialized (
        select a.environment_id, c.kind, a.day, sum(c.change * a.count) as change
        from alike a cross join lateral crosswalk_record_changes(a.type, jsonb_build_object('membership_status', a.status)) c
        group by 1, 2, 3),
      counted as (
        insert into record_counts as t (environment_id, kind, count)
        select environment_id, kind, sum(change) from records group by 1, 2
        on conflict on constraint record_counts_pkey do update set count = t.count + excluded.count),
      grown as (
        insert into growth_days as t (environment_id, kind, day, change)
        select environment_id, kind, day, change from records where kind in ('organization', 'user')
        on conflict on constraint growth_days_pkey do update set change = t.change + excluded.change),
      linked as (
        insert into system_counts as t (environment_id, kind, system, count)
        select p.environment_id, p.record_kind, c.system, sum(c.change)
        from placed p cross join lateral crosswalk_system_changes(p.changed) c
        where p.record_kind in ('organization', 'user') group by 1, 2, 3
        on conflict on constraint system_counts_pkey do update set count = t.count + excluded.count)
      insert into event_hours as t (environment_id, hour, type, count)
      select environment_id, date_trunc('hour', occurred_time, 'UTC'), type, count(*) from placed group by 1, 2, 3
      on conflict on constraint event_hours_pkey do update set count = t.count + excluded.count`,
    values: [plainArray(events.map((event) => event.environment_id)), plainArray(events.map((event) => event.sequence))],
  });
}

/** How many records there are of each kind, and how many of them have an ID of each system. */
export interface Counts {
  records: ReadonlyMap<string, number>;
  /** by system, `''` for the primary external ID */
  systems: ReadonlyMap<string, { organization: number; user: number }>;
}

/** Both of one moment: one statement, that a system is never on more records than there are. */
export async function readCounts(db: Queryable, environmentId: string): Promise<Counts> {
  const { rows } = await db.query<{ kind: string; system: string | null; count: string }>({
    name: 'read-counts',
    text: `select kind, null as system, count from record_counts where environment_id = $1
           union all select kind, system, count from system_counts where environment_id = $1 and count > 0 order by 2`,
    values: [environmentId],
  });
  const records = new Map<string, number>();
  const systems = new Map<string, { organization: number; user: number }>();
  for (const { kind, system, count } of rows) {
    if (system === null) records.set(kind, Number(count));
    else systems.set(system, { ...(systems.get(system) ?? { organization: 0, user: 0 }), [kind]: Number(count) });
  }
  return { records, systems };
}

/** By how many the records of a kind became more in a day, for the days from `from` on that have any. */
export async function readGrowth(
  db: Queryable,
  environmentId: string,
  from: string,
): Promise<{ kind: 'organization' | 'user'; day: string; change: number }[]> {
  const { rows } = await db.query<{ kind: 'organization' | 'user'; day: string; change: string }>({
    name: 'read-growth',
    text: `select kind, day::text, change from growth_days where environment_id = $1 and kind in ('organization', 'user') and day >= $2
           order by day`,
    values: [environmentId, from],
  });
  return rows.map((row) => ({ ...row, change: Number(row.change) }));
}

/** Events by the hour and type, oldest hour first. */
export async function readEventHours(
  db: Queryable,
  environmentId: string,
  from: Date,
): Promise<{ hour: string; type: string; count: number }[]> {
  const { rows } = await db.query<{ hour: string; type: string; count: string }>({
    name: 'read-event-hours',
    text: 'select hour, type, count from event_hours where environment_id = $1 and hour >= $2 order by hour, type',
    values: [environmentId, from],
  });
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}

/** Removes figures that nobody is shown any more, up to 1,000 of each table and environment; returns how many. */
export async function purgeFigures(db: Queryable): Promise<number> {
  const { rowCount } = await db.query(
    `with days as (
       delete from growth_days where ctid = any(array(
         select old.ctid from environments e cross join lateral (
           select g.ctid from growth_days g where g.environment_id = e.id and g.kind in ('organization', 'user')
             and g.day < (now() at time zone 'UTC')::date - ${keptDays.growth} limit 1000) old)) returning 1),
     hours as (
       delete from event_hours where ctid = any(array(
         select old.ctid from environments e cross join lateral (
           select h.ctid from event_hours h where h.environment_id = e.id and h.hour < now() - interval '${keptDays.hours} days'
           limit 1000) old)) returning 1)
     select from days union all select from hours`,
  );
  return rowCount ?? 0;
}
