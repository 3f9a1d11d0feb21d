import type { EventType } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import type { RequestContext } from '../environments/index.ts';
import type { IdGenerator } from '../lib/id.ts';
import type { NewEvent } from './event.ts';

/** Rows of one insert statement: large enough that a round trip does not count, small enough for memory. */
const batchSize = 1000;

/** An event as it was written: its environment (a database ID), its number and its type. */
export interface WrittenEvent {
  environment_id: string;
  sequence: string;
  type: EventType;
}

/** Writes the events of a change. Must run in the change's own transaction, as its last statements. */
export async function appendEvents(tx: Queryable, context: RequestContext, ids: IdGenerator, events: readonly NewEvent[]): Promise<void> {
  await writeEvents(tx, context, ids, events, null);
}

/**
 * The same with their places in the feed: the next ones after `last`. Only for whoever holds the feed, see feed/; an event that is written
 * with its place costs half of one that is given it later.
 */
export function appendPlacedEvents(
  tx: Queryable,
  context: RequestContext,
  ids: IdGenerator,
  events: readonly NewEvent[],
  last: string,
): Promise<WrittenEvent[]> {
  return writeEvents(tx, context, ids, events, BigInt(last));
}

async function writeEvents(
  tx: Queryable,
  context: RequestContext,
  ids: IdGenerator,
  events: readonly NewEvent[],
  last: bigint | null,
): Promise<WrittenEvent[]> {
  const written: WrittenEvent[] = [];
  for (let start = 0; start < events.length; start += batchSize) {
    const rows = events.slice(start, start + batchSize).map(({ by = context, ...event }, index) => ({
      environment_id: event.environmentId ?? context.environmentId,
      id: ids.next(),
      place: last === null ? null : (last + BigInt(start + index + 1)).toString(),
      type: event.type,
      organization_id: event.organizationId,
      record_kind: event.recordKind,
      record_id: event.recordId,
      record_version: event.recordVersion,
      external_id: event.externalId,
      external_ids: event.externalIds,
      changed: event.changed,
      data: event.data,
      actor_type: by.actor.type,
      actor_id: by.actor.id,
      request_id: by.requestId,
    }));
    const { rows: inserted } = await tx.query<WrittenEvent>({
      name: 'append-events',
      text: `insert into events (environment_id, id, place, type, organization_id, record_kind, record_id, record_version,
               external_id, external_ids, changed, data, actor_type, actor_id, request_id)
             select e.environment_id, e.id, e.place, e.type, e.organization_id, e.record_kind, e.record_id, e.record_version,
               e.external_id, e.external_ids, e.changed, e.data, e.actor_type, e.actor_id, e.request_id
             from jsonb_to_recordset($1::jsonb) as e (environment_id bigint, id bigint, place bigint, type text, organization_id bigint, record_kind text,
               record_id bigint, record_version bigint, external_id text, external_ids jsonb, changed jsonb, data jsonb, actor_type text,
               actor_id bigint, request_id text)
             returning environment_id, sequence, type`,
      values: [JSON.stringify(rows)],
    });
    written.push(...inserted);
  }
  return written;
}
