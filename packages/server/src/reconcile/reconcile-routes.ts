import { Readable } from 'node:stream';
import { ReconcileAnswer, ReconcileQuery, ReconcileRequest, reconcileLimits, TransferRow } from '@crosswalk/contract';
import { Type } from 'typebox';
import { operation } from '../transport/operation.ts';
import { contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { ReconcileService } from './reconcile-service.ts';

/** 100,000 entries with some fields each take about 20 MB. Bytes. */
const reconcileBodyLimit = 32 * 1024 * 1024;

/** REST of the comparison with another system's list. */
export function reconcileRoutes(app: Routes, reconciler: ReconcileService): void {
  const route = operation(
    {
      id: 'reconcile',
      tag: 'Import and export',
      summary: "Compare another system's list with the records here",
      description:
        `Takes the whole list of a system, up to ${reconcileLimits.items.toLocaleString('en')} entries and 32 MB, and tells what is missing on ` +
        'either side, linked twice, different or known under an old ID, and which record an unlinked entry may mean. Changes nothing. With ' +
        '`format=import` the answer is NDJSON: the rows that mend it when they are imported.',
      scope: 'read',
      long: true,
      answers: {
        200: Type.Unsafe({
          content: { 'application/json': { schema: ReconcileAnswer }, 'application/x-ndjson': { schema: TransferRow } },
        }),
      },
      errors: ['QUERY_TOO_SLOW'],
    },
    { body: ReconcileRequest, querystring: ReconcileQuery },
  );
  app.post(
    '/api/v1/reconcile',
    { ...route, config: { ...route.config, produces: ['application/x-ndjson'] }, bodyLimit: reconcileBodyLimit },
    async (request, reply) => {
      if (request.query.format !== 'import') return reconciler.compare(contextOf(request), request.body);
      const rows = await reconciler.mend(contextOf(request), request.body);
      return reply
        .type('application/x-ndjson; charset=utf-8')
        .header('content-disposition', `attachment; filename="crosswalk-reconcile-${request.body.kind}s.ndjson"`)
        .send(Readable.from(lines(rows)));
    },
  );
}

/** Rows of one write: a text for each would cost more than the row. */
const rowsAtOnce = 500;

function* lines(rows: readonly TransferRow[]): Generator<string> {
  for (let start = 0; start < rows.length; start += rowsAtOnce) {
    const some = rows.slice(start, start + rowsAtOnce);
    yield some.map((row) => `${JSON.stringify(row)}\n`).join('');
  }
}
