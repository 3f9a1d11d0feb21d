import { Overview, OverviewQuery, overviewLimits } from '@crosswalk/contract';
import { operation } from '../transport/operation.ts';
import { contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { OverviewService } from './overview-service.ts';

/** REST of the figures of a directory. */
export function overviewRoutes(app: Routes, overview: OverviewService): void {
  app.get(
    '/api/v1/overview',
    operation(
      {
        id: 'overview',
        tag: 'Overview',
        summary: 'Get the figures of the directory',
        description: 'How many records there are and were, what happened, how far systems are linked, and what needs a person.',
        scope: 'read',
        answers: { 200: Overview },
      },
      { querystring: OverviewQuery },
    ),
    async (request) => overview.get(contextOf(request), request.query.days ?? overviewLimits.days.default),
  );
}
