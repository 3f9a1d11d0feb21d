import { CreateMetadataIndex, type ErrorCode, MetadataIndexAnswer, MetadataIndexList } from '@crosswalk/contract';
import { requireId } from '../lib/id.ts';
import { recordTag } from '../lib/version-tag.ts';
import { preconditionsOf, sendRecord } from '../transport/etag.ts';
import { operation } from '../transport/operation.ts';
import { member, paramsOf } from '../transport/paths.ts';
import { changeContextOf, contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { MetadataIndexService } from './metadata-index-service.ts';

const collection = '/api/v1/metadata_indexes';
const one = `${collection}/:id`;
const tag = 'Metadata indexes';
const notFound: ErrorCode[] = ['METADATA_INDEX_NOT_FOUND', 'INVALID_ID'];

/** REST of the indexes of metadata. */
export function metadataIndexRoutes(app: Routes, indexes: MetadataIndexService): void {
  app.get(
    collection,
    operation(
      { id: 'listMetadataIndexes', tag, summary: 'List the indexes of metadata', scope: 'read', answers: { 200: MetadataIndexList } },
      {},
    ),
    async (request) => ({ metadata_indexes: await indexes.list(contextOf(request)) }),
  );

  app.get(
    one,
    operation(
      {
        id: 'getMetadataIndex',
        tag,
        summary: 'Get an index of metadata',
        description: 'Whether it is ready, for instance.',
        scope: 'read',
        answers: { 200: MetadataIndexAnswer },
        errors: notFound,
      },
      { params: paramsOf(one) },
    ),
    async (request, reply) => {
      const index = await indexes.get(contextOf(request), idOf(request));
      return sendRecord(request, reply, recordTag(index), { metadata_index: index });
    },
  );

  app.post(
    collection,
    operation(
      {
        id: 'createMetadataIndex',
        tag,
        summary: 'Create an index of metadata',
        description:
          'Comparisons of the key (`<`, `<=`, `>`, `>=`, and `^=` of texts) are fast with it however many records there are; equality needs ' +
          'none. It is built while everything else goes on, and used by itself when it is `READY`. Writing a record takes a little longer with each.',
        scope: 'write',
        adminOnly: true,
        answers: { 201: MetadataIndexAnswer },
        errors: ['METADATA_INDEX_EXISTS', 'TOO_MANY_METADATA_INDEXES', 'IDEMPOTENCY_KEY_REUSED'],
      },
      { body: CreateMetadataIndex },
    ),
    async (request, reply) => {
      const context = changeContextOf(request, (index: MetadataIndexAnswer['metadata_index']) => ({
        status: 201,
        body: { metadata_index: index },
        tag: recordTag(index),
      }));
      const index = await indexes.create(context, request.body);
      return sendRecord(request, reply.code(201), recordTag(index), { metadata_index: index });
    },
  );

  app.delete(
    one,
    operation(
      {
        id: 'deleteMetadataIndex',
        tag,
        summary: 'Delete an index of metadata',
        description: 'Filters give the same records without it, only later where there are many.',
        scope: 'write',
        adminOnly: true,
        answers: { 204: null },
        errors: [...notFound, 'VERSION_MISMATCH'],
      },
      { params: paramsOf(one) },
    ),
    async (request, reply) => {
      await indexes.delete(contextOf(request), idOf(request), preconditionsOf(request));
      return reply.code(204).send();
    },
  );
}

function idOf({ params }: { params: unknown }): string {
  return requireId('midx', member(params, 'id'));
}
