import { ExportQuery, eventsCursorHeader, TransferRow } from '@crosswalk/contract';
import { Type } from 'typebox';
import { cutWhenFailing } from '../transport/cut.ts';
import { operation } from '../transport/operation.ts';
import { contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import { fileName, parseExport } from './export.ts';
import type { ExportService } from './export-service.ts';

const contentTypes = { ndjson: 'application/x-ndjson; charset=utf-8', csv: 'text/csv; charset=utf-8; header=present' };

/** REST of the export. */
export function exportRoutes(app: Routes, exports: ExportService): void {
  const route = operation(
    {
      id: 'export',
      tag: 'Import and export',
      summary: 'Write the whole directory, kinds of its records, or what a list shows, as rows that can be imported',
      description:
        'The rows are of one moment, in the order in which an import takes them: permissions, roles, organizations, users, memberships, each oldest ' +
        'first. They have no IDs, versions and times of Crosswalk: an import into an empty environment and another export give the same ' +
        `bytes. The header \`${eventsCursorHeader}\` is a cursor of the change feed: the feed after it has every change that the export does ` +
        'not show. An answer that ends in an error was cut: a reader has 60 seconds for each 1,000 rows. One kind can be narrowed as its list is, by ' +
        '`filter` and the like: a filter without an index takes as long as an export of all.',
      scope: 'read',
      long: true,
      answers: {
        200: Type.Unsafe({
          content: { 'application/x-ndjson': { schema: TransferRow }, 'text/csv': { schema: Type.String() } },
        }),
      },
      errors: ['INVALID_ID', 'INVALID_FILTER', 'ORGANIZATION_NOT_FOUND'],
    },
    { querystring: ExportQuery },
  );
  app.get(
    '/api/v1/export',
    // HEAD would read all of it.
    { ...route, config: { ...route.config, produces: ['application/x-ndjson', 'text/csv'] }, exposeHeadRoute: false },
    async (request, reply) => {
      const wanted = parseExport(request.query);
      const { cursor, stream } = await exports.open(contextOf(request), wanted);
      // The head goes out before the first row: where nothing matches for long, a client would take it for no answer.
      stream.once('resume', () => reply.raw.flushHeaders());
      return reply
        .type(contentTypes[wanted.format])
        .header('content-disposition', `attachment; filename="${fileName(wanted, new Date())}"`)
        .header('cache-control', 'no-store')
        .header(eventsCursorHeader.toLowerCase(), cursor)
        .send(cutWhenFailing(reply, stream));
    },
  );
}
