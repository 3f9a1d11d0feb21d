import type { Event, EventType } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { publicId, type RecordKind } from '../events/index.ts';
import { formatId } from '../lib/id.ts';

interface EventRow {
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
  actor_type: 'client' | 'system';
  actor_id: string | null;
  request_id: string;
  occurred_time: string;
}

const columns =
  't.id, t.environment_id, t.type, t.place, t.organization_id, t.record_kind, t.record_id, t.record_version, t.external_id, ' +
  't.external_ids, t.changed, t.data, t.actor_type, t.actor_id, t.request_id, t.occurred_time';

function toEvent(row: EventRow): Event {
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
    actor: { type: row.actor_type, id: row.actor_id === null ? null : formatId('skc', row.actor_id) },
    request_id: row.request_id,
    occurred_at: row.occurred_time,
    data: row.data,
  };
}

/** Events that get their place in one turn: enough to keep up with any writer, few enough that nobody waits long for the turn. */
const turn = 1000;

/** Whether any committed event has no place yet. */
export async function hasUnplaced(db: Queryable): Promise<boolean> {
  // The order keeps the planner on the index: the few without a place are at the end of the table, where a scan would come last.
  const text = 'select from events where place is null order by sequence limit 1';
  const { rowCount } = await db.query({ name: 'has-unplaced-events', text });
  return rowCount === 1;
}

/**
 * Gives committed events their places, up to 1,000; returns how many. Takes the one row of the feed first, so that turns follow one
 * another; each sees all that had committed when it began.
 */
export async function placeEvents(tx: Queryable): Promise<number> {
  const { rows } = await tx.query<{ last_place: string }>('select last_place from event_feed for update');
  const last = rows[0]?.last_place ?? '0';
  const { rowCount } = await tx.query(
    `update events e set place = $1::bigint + n.n
     from (select environment_id, sequence, row_number() over (order by sequence) as n
           from (select environment_id, sequence from events where place is null order by sequence limit ${turn}) oldest) n
     where e.environment_id = n.environment_id and e.sequence = n.sequence`,
    [last],
  );
  const placed = rowCount ?? 0;
  if (placed > 0) await tx.query('update event_feed set last_place = last_place + $1', [placed]);
  return placed;
}

/** The last place that was given, in any environment. */
export async function findLastPlace(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ last_place: string }>({ name: 'last-place', text: 'select last_place from event_feed' });
  return rows[0]?.last_place ?? '0';
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
  actorId: string | undefined;
}

/** Events after a place, in the order of the feed. */
export async function listEvents(
  db: Queryable,
  environmentId: string,
  after: string,
  { types, organizationId, actorId }: FeedFilter,
  limit: number,
): Promise<Event[]> {
  const values: unknown[] = [environmentId, after, limit];
  const where = ['t.environment_id = $1', 't.place > $2'];
  const narrow = (value: unknown, condition: (parameter: string) => string) => {
    if (value === undefined) return;
    values.push(value);
    where.push(condition(`$${values.length}`));
  };
  narrow(organizationId, (id) => `t.organization_id = ${id}`);
  narrow(actorId, (id) => `t.actor_id = ${id}`);
  narrow(types, (names) => `(t.type = any(${names}::text[]) or split_part(t.type, '.', 1) = any(${names}::text[]))`);
  const { rows } = await db.query<EventRow>(
    `select ${columns} from events t where ${where.join(' and ')} order by t.place limit $3`,
    values,
  );
  return rows.map(toEvent);
}

/** Where a page of a history ends. Several events may have one version: a membership and its invitation. */
export interface HistoryPosition {
  version: string;
  type: string;
}

/** The events of one record before a position, newest first. IDs are database IDs. */
export async function listHistory(
  db: Queryable,
  environmentId: string,
  recordId: string,
  before: HistoryPosition,
  limit: number,
): Promise<Event[]> {
  const { rows } = await db.query<EventRow>({
    name: 'list-history',
    text: `select ${columns} from events t where t.environment_id = $1 and t.record_id = $2 and (t.record_version, t.type) < ($3, $4)
           order by t.record_version desc, t.type desc limit $5`,
    values: [environmentId, recordId, before.version, before.type, limit],
  });
  return rows.map(toEvent);
}

/** The event that made a record what it was at a version, or at a time. */
export async function findAsOf(
  db: Queryable,
  environmentId: string,
  recordId: string,
  { version, time }: { version?: number | undefined; time?: string | undefined },
): Promise<Event | undefined> {
  const [column, value] = version === undefined ? ['occurred_time', time] : ['record_version', version];
  const { rows } = await db.query<EventRow>(
    `select ${columns} from events t where t.environment_id = $1 and t.record_id = $2 and t.${column} <= $3
     order by t.record_version desc, t.type desc limit 1`,
    [environmentId, recordId, value],
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
