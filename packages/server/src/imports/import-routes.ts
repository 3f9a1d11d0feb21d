import {
  type ErrorCode,
  type Import,
  ImportAnswer,
  ImportErrorsAnswer,
  ImportErrorsQuery,
  ImportLeftAnswer,
  ImportLeftQuery,
  ImportPage,
  ImportQuery,
  importLimits,
  ListImportsQuery,
} from '@crosswalk/contract';
import type { FastifyRequest } from 'fastify';
import { formatId, requireId } from '../lib/id.ts';
import type { PageTokens } from '../lib/page-token.ts';
import { idempotencyKeyOf } from '../transport/idempotency-key.ts';
import { operation } from '../transport/operation.ts';
import { pageAnswer, pageRequestOf } from '../transport/pages.ts';
import { member, paramsOf } from '../transport/paths.ts';
import { letTakeTime } from '../transport/refused-connection.ts';
import { changeContextOf, contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import { formatOf, optionsOf } from './import.ts';
import type { ImportService } from './import-service.ts';
import { tooLarge } from './upload.ts';

const collection = '/api/v1/imports';
const one = `${collection}/:id`;
const tag = 'Imports';
const missing: ErrorCode[] = ['IMPORT_NOT_FOUND', 'INVALID_ID'];

const queued = (queuedImport: Import) => ({ status: 202, body: { import: queuedImport } });

/** REST of imports. The file is the body of the request, read as it arrives. */
export async function importRoutes(app: Routes, imports: ImportService, tokens: PageTokens): Promise<void> {
  // A scope of its own: elsewhere bodies are JSON and nothing else.
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    uploadRoute(scope, imports);
  });

  app.get(
    collection,
    operation(
      { id: 'listImports', tag, summary: 'List imports', scope: 'read', answers: { 200: ImportPage }, errors: ['INVALID_PAGE_TOKEN'] },
      { querystring: ListImportsQuery },
    ),
    async (request) => pageAnswer(request, tokens, 'imports', await imports.list(contextOf(request), pageRequestOf(request, tokens))),
  );

  app.get(
    one,
    operation(
      { id: 'getImport', tag, summary: 'Get an import', scope: 'read', answers: { 200: ImportAnswer }, errors: missing },
      { params: paramsOf(one) },
    ),
    async (request, reply) =>
      reply.header('cache-control', 'no-store').send({ import: await imports.get(contextOf(request), importOf(request)) }),
  );

  app.post(
    `${one}([^:]+)::cancel`,
    operation(
      {
        id: 'cancelImport',
        tag,
        summary: 'Cancel an import, or the undo of one',
        description: 'It ends after the batch under way. What was committed stays; of an atomic import or a dry run nothing was.',
        scope: 'write',
        answers: { 200: ImportAnswer },
        errors: [...missing, 'IMPORT_ENDED', 'INVALID_IDEMPOTENCY_KEY'],
      },
      { params: paramsOf(one) },
    ),
    async (request) => ({ import: await imports.cancel(contextOf(request), importOf(request)) }),
  );

  app.post(
    `${one}([^:]+)::undo`,
    operation(
      {
        id: 'undoImport',
        tag,
        summary: 'Undo an import',
        description:
          'A job takes back what the import did: records that it made are removed, those that it changed have again exactly what they had. ' +
          'Records that were changed since, or that something made since depends on, are left alone; `/left` lists them. ' +
          'The import shows how far it is in `undo`; `:cancel` ends it after the batch under way.',
        scope: 'write',
        answers: { 202: ImportAnswer },
        errors: [...missing, 'IMPORT_NOT_UNDOABLE', 'IDEMPOTENCY_KEY_REUSED'],
      },
      { params: paramsOf(one) },
    ),
    async (request, reply) => {
      const undone = await imports.undo(changeContextOf(request, queued), importOf(request));
      return reply.code(202).send(queued(undone).body);
    },
  );

  app.get(
    `${one}/left`,
    operation(
      {
        id: 'listImportLeft',
        tag,
        summary: 'List the records that the undo of an import left alone, and why',
        scope: 'read',
        answers: { 200: ImportLeftAnswer },
        errors: missing,
      },
      { params: paramsOf(one), querystring: ImportLeftQuery },
    ),
    async (request) => {
      const { after = 0, limit = 100 } = request.query;
      return imports.left(contextOf(request), importOf(request), after, limit);
    },
  );

  app.get(
    `${one}/errors`,
    operation(
      {
        id: 'listImportErrors',
        tag,
        summary: 'List the rejected rows of an import, and why',
        scope: 'read',
        answers: { 200: ImportErrorsAnswer },
        errors: missing,
      },
      { params: paramsOf(one), querystring: ImportErrorsQuery },
    ),
    async (request) => {
      const { after = 0, limit = 100 } = request.query;
      return imports.errors(contextOf(request), importOf(request), after, limit);
    },
  );

  const rejected = operation(
    {
      id: 'downloadRejectedRows',
      tag,
      summary: 'Get the rejected rows of an import as they came',
      description: 'A file of the same format, CSV with its header: mend it and send it again.',
      scope: 'read',
      long: true,
      answers: { 200: null },
      errors: missing,
    },
    { params: paramsOf(one) },
  );
  app.get(
    `${one}/rejected`,
    { ...rejected, config: { ...rejected.config, produces: ['application/x-ndjson', 'text/csv'] } },
    async (request, reply) => {
      const id = importOf(request);
      const { format, content } = await imports.rejected(contextOf(request), id);
      return reply
        .type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson')
        .header('cache-control', 'no-store')
        .header('x-content-type-options', 'nosniff')
        .header('content-disposition', `attachment; filename="${formatId('imp', id)}-rejected.${format}"`)
        .send(content);
    },
  );
}

function uploadRoute(scope: Routes, imports: ImportService): void {
  scope.post(
    collection,
    {
      ...operation(
        {
          id: 'createImport',
          tag,
          summary: 'Import a file of organizations, users, memberships, roles and permissions',
          description:
            'The body is the file: NDJSON (`application/x-ndjson`), one record a line, or CSV (`text/csv`), whose columns are paths. ' +
            'It is answered when all of it is here; a job puts the rows in, in their order. See the guide "Migrate from your own tables".',
          scope: 'write',
          long: true,
          answers: { 202: ImportAnswer },
          errors: [
            'INVALID_FILE',
            'UNSUPPORTED_MEDIA_TYPE',
            'BODY_TOO_LARGE',
            'REQUEST_TIMEOUT',
            'MALFORMED_REQUEST',
            'INVALID_IDEMPOTENCY_KEY',
            'IMPORT_ENDED',
          ],
        },
        { querystring: ImportQuery },
      ),
      bodyLimit: importLimits.bytes,
    },
    async (request, reply) => {
      const format = formatOf(request.headers['content-type'], request.query.format);
      if (Number(request.headers['content-length'] ?? 0) > importLimits.bytes) throw tooLarge();
      const upload = {
        format,
        options: optionsOf(request.query),
        idempotencyKey: idempotencyKeyOf(request.raw.rawHeaders),
        body: request.raw,
      };
      const arrived = letTakeTime(request.raw.socket);
      const { import: received, repeated } = await imports.receive(contextOf(request), upload).finally(arrived);
      if (repeated) reply.header('idempotent-replayed', 'true');
      return reply.code(202).header('location', `${collection}/${received.id}`).send({ import: received });
    },
  );
}

function importOf({ params }: Pick<FastifyRequest, 'params'>): string {
  return requireId('imp', member(params, 'id'));
}
