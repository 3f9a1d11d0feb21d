import type { EventType } from '@crosswalk/contract';
import { batchColumns } from '../database/batch-keys.ts';
import { jsonColumn, jsonLines, plainArray, textArray } from '../database/columns.ts';
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
    const some = events.slice(start, start + batchSize);
    const { rows: inserted } = await tx.query<WrittenEvent>({
      name: 'append-events',
      text: `insert into events (environment_id, id, place, type, organization_id, record_kind, record_id, record_version,
               actor_type, actor_id, request_id, external_id, external_ids, changed, data, bytes)
             select e.environment_id, e.id, e.place, e.type, e.organization_id, e.record_kind, e.record_id, e.record_version,
               e.actor_type, e.actor_id, e.request_id, e.external_id, e.external_ids::jsonb, e.changed::jsonb, e.data::jsonb,
               octet_length(e.changed) + octet_length(e.data)
             from rows from (
               unnest(${batchColumns('bigint', 'bigint', 'bigint', 'text', 'bigint', 'text', 'bigint', 'bigint', 'text', 'bigint', 'text', 'text')}),
               ${jsonLines('$13')}, ${jsonLines('$14')}, ${jsonLines('$15')})
             as e (environment_id, id, place, type, organization_id, record_kind, record_id, record_version, actor_type, actor_id, request_id,
               external_id, external_ids, changed, data)
             returning environment_id, sequence, type`,
      values: [
        plainArray(some.map((event) => event.environmentId ?? context.environmentId)),
        plainArray(some.map(() => ids.next())),
        plainArray(some.map((_, index) => (last === null ? null : (last + BigInt(start + index + 1)).toString()))),
        plainArray(some.map(({ type }) => type)),
        plainArray(some.map(({ organizationId }) => organizationId)),
        plainArray(some.map(({ recordKind }) => recordKind)),
        plainArray(some.map(({ recordId }) => recordId)),
        plainArray(some.map(({ recordVersion }) => recordVersion)),
        plainArray(some.map(({ by = context }) => by.actor.type)),
        plainArray(some.map(({ by = context }) => by.actor.id)),
        textArray(some.map(({ by = context }) => by.requestId)),
        textArray(some.map(({ externalId }) => externalId)),
        jsonColumn(some.map(({ externalIds }) => externalIds)),
        jsonColumn(some.map(({ changed }) => changed)),
        jsonColumn(some.map(({ data }) => data)),
      ],
    });
    written.push(...inserted);
  }
  return written;
}
