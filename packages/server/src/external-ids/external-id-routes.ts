import { RekeyAnswer, RekeyRequest, ResolveAnswer, ResolveRequest } from '@crosswalk/contract';
import { operation } from '../transport/operation.ts';
import { changeContextOf, contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { RekeyService } from './rekey-service.ts';
import type { ResolveService } from './resolve-service.ts';

const tag = 'External IDs';

/** 100,000 pairs of ordinary IDs take about 6 MB; this leaves room for long ones. Bytes. */
const rekeyBodyLimit = 32 * 1024 * 1024;

/** REST of what concerns external IDs of all records. */
export function externalIdRoutes(app: Routes, { resolver, rekeyer }: { resolver: ResolveService; rekeyer: RekeyService }): void {
  app.post(
    '/api/v1/resolve',
    operation(
      {
        id: 'resolve',
        tag,
        summary: 'Find the records of up to 1,000 IDs of any sort',
        description:
          'Each may be an ID of Crosswalk, an external ID of any system, an alias or an email address; the answer tells how each matched.',
        scope: 'read',
        answers: { 200: ResolveAnswer },
      },
      { body: ResolveRequest },
    ),
    async (request) => resolver.resolve(contextOf(request), request.body),
  );

  app.post(
    '/api/v1/rekey',
    {
      ...operation(
        {
          id: 'rekey',
          tag,
          summary: 'Replace external IDs in bulk',
          description: 'One transaction; swaps and chains work; old IDs stay as aliases.',
          scope: 'write',
          long: true,
          answers: { 200: RekeyAnswer },
          errors: ['INVALID_REKEY', 'INVALID_EXTERNAL_ID', 'EXTERNAL_ID_TAKEN', 'IDEMPOTENCY_KEY_REUSED'],
        },
        { body: RekeyRequest },
      ),
      bodyLimit: rekeyBodyLimit,
    },
    async (request) =>
      rekeyer.rekey(
        changeContextOf(request, (body: RekeyAnswer) => ({ status: 200, body })),
        request.body,
      ),
  );
}
