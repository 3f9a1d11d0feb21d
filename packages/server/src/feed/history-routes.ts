import { AsOf, AsOfQuery, History, HistoryQuery, type JsonValue, RevertMetadata } from '@crosswalk/contract';
import type { TSchema } from 'typebox';
import type { RequestContext } from '../environments/index.ts';
import type { Found, RecordReference } from '../external-ids/index.ts';
import type { ApiError } from '../lib/api-error.ts';
import type { IdPrefix } from '../lib/id.ts';
import type { Preconditions } from '../lib/preconditions.ts';
import { preconditionsOf, sendRecord } from '../transport/etag.ts';
import { operation } from '../transport/operation.ts';
import { figure, optional, recordPaths, withQuery } from '../transport/paths.ts';
import { changeContextOf, contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { FeedService } from './feed-service.ts';

/** A kind of record that has a history of its own to show; given by its feature. */
export interface HistoricalRecords<RecordType> {
  collection: string;
  prefix: IdPrefix;
  /** name of the record in answers, and its kind in events */
  noun: 'organization' | 'user';
  answer: TSchema;
  /** The entity tag of an answer that holds the record. */
  tagOf(record: RecordType): number | string;
  /** The database ID of a record; one that was deleted is found by its ID. */
  idOf(context: RequestContext, reference: RecordReference): Promise<string>;
  /** Gives one key of the metadata a value again; undefined removes it. */
  setMetadataKey(
    context: RequestContext,
    reference: RecordReference,
    key: string,
    value: JsonValue | undefined,
    preconditions: Preconditions,
  ): Promise<Found<RecordType>>;
  notFound(reference: RecordReference): ApiError;
}

/** REST of the history of one kind of record. */
export function historyRoutes<RecordType>(app: Routes, feed: FeedService, records: HistoricalRecords<RecordType>): void {
  const { collection, prefix, noun } = records;
  const name = noun.charAt(0).toUpperCase() + noun.slice(1);
  const tag = 'History';
  const recordOf = async (context: RequestContext, reference: RecordReference) => ({
    kind: noun,
    id: await records.idOf(context, reference),
  });
  const missing = noun === 'organization' ? 'ORGANIZATION_NOT_FOUND' : 'USER_NOT_FOUND';

  for (const path of recordPaths(collection, prefix)) {
    app.get(
      path.partUrl('history'),
      operation(
        {
          id: `list${name}History${path.suffix}`,
          tag,
          summary: `Read what happened to the ${noun} named by ${path.by}, newest first`,
          description: 'By its ID, also after it was deleted.',
          scope: 'read',
          answers: { 200: History },
          errors: [missing, 'INVALID_ID', 'INVALID_PAGE_TOKEN'],
        },
        withQuery(path.parts, HistoryQuery.properties),
      ),
      async (request) => {
        const reference = path.reference(request);
        const [size, token] = [figure(request.query, 'page_size') ?? 30, optional(request.query, 'page_token')];
        const history = await feed.history(contextOf(request), await recordOf(contextOf(request), reference), size, token);
        if (history.events.length === 0 && token === undefined) throw records.notFound(reference);
        return history;
      },
    );

    app.get(
      path.partUrl('as-of'),
      operation(
        {
          id: `get${name}AsOf${path.suffix}`,
          tag,
          summary: `Get the ${noun} named by ${path.by} as it was at a version or a time`,
          scope: 'read',
          answers: { 200: AsOf },
          errors: [missing, 'INVALID_ID', 'VERSION_NOT_FOUND'],
        },
        withQuery(path.parts, AsOfQuery.properties),
      ),
      async (request) => {
        const at = { version: figure(request.query, 'version'), time: optional(request.query, 'time') };
        return feed.asOf(contextOf(request), await recordOf(contextOf(request), path.reference(request)), at);
      },
    );

    app.post(
      path.partUrl('metadata-revert'),
      operation(
        {
          id: `revert${name}Metadata${path.suffix}`,
          tag,
          summary: `Give a key of the metadata of the ${noun} named by ${path.by} the value it had`,
          description: 'A key that was not there then is removed. Only this key changes, and the change is one like any other.',
          scope: 'write',
          answers: { 200: records.answer },
          errors: [missing, 'INVALID_ID', 'VERSION_NOT_FOUND', 'VERSION_MISMATCH', 'INVALID_METADATA', 'IDEMPOTENCY_KEY_REUSED'],
        },
        { ...path.parts, body: RevertMetadata },
      ),
      async (request, reply) => {
        const reference = path.reference(request);
        const changed = ({ record: after, matchedBy }: Found<RecordType>) => ({
          status: 200,
          body: { [noun]: after, matched_by: matchedBy },
          tag: records.tagOf(after),
        });
        const context = changeContextOf(request, changed);
        const preconditions = preconditionsOf(request);
        const { key, version } = request.body;
        const value = await feed.formerValue(context, () => recordOf(context, reference), key, version);
        const found = await records.setMetadataKey(context, reference, key, value, preconditions);
        return sendRecord(request, reply, records.tagOf(found.record), changed(found).body);
      },
    );
  }
}
