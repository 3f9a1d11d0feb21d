import type { Queryable } from '../database/connection.ts';
import type { RequestContext } from '../environments/index.ts';
import type { IdGenerator } from '../lib/id.ts';
import type { NewEvent } from './event.ts';

/** Rows of one insert statement: large enough that a round trip does not count, small enough for memory. */
const batchSize = 1000;

/** Writes the events of a change. Must run in the change's own transaction, as its last statements. */
export async function appendEvents(tx: Queryable, context: RequestContext, ids: IdGenerator, events: NewEvent[]): Promise<void> {
  for (let start = 0; start < events.length; start += batchSize) {
    const rows = events.slice(start, start + batchSize).map((event) => ({
      id: ids.next(),
      type: event.type,
      organization_id: event.organizationId,
      record_kind: event.recordKind,
      record_id: event.recordId,
      record_version: event.recordVersion,
      external_id: event.externalId,
      external_ids: event.externalIds,
      changed: event.changed,
      data: event.data,
    }));
    await tx.query({
      name: 'append-events',
      text: `insert into events (environment_id, id, type, organization_id, record_kind, record_id, record_version,
               external_id, external_ids, changed, data, actor_type, actor_id, request_id)
             select $1::bigint, e.id, e.type, e.organization_id, e.record_kind, e.record_id, e.record_version,
               e.external_id, e.external_ids, e.changed, e.data, $3, $4::bigint, $5
             from jsonb_to_recordset($2::jsonb) as e (id bigint, type text, organization_id bigint, record_kind text,
               record_id bigint, record_version bigint, external_id text, external_ids jsonb, changed jsonb, data jsonb)`,
      values: [context.environmentId, JSON.stringify(rows), context.actor.type, context.actor.id, context.requestId],
    });
  }
}
