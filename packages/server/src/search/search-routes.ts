import { SearchAnswer, SearchEverythingQuery, searchLimits } from '@crosswalk/contract';
import { operation } from '../transport/operation.ts';
import { contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { SearchService } from './search-service.ts';

/** REST of the search for everything. */
export function searchRoutes(app: Routes, search: SearchService): void {
  app.get(
    '/api/v1/search',
    operation(
      {
        id: 'search',
        tag: 'Search',
        summary: 'Find organizations and users by whatever there is of them',
        description:
          'An ID of Crosswalk or of any system, an alias, an address, a slug, a name or a part of one, or a metadata value under any key.',
        scope: 'read',
        answers: { 200: SearchAnswer },
        errors: ['QUERY_TOO_SLOW'],
      },
      { querystring: SearchEverythingQuery },
    ),
    async (request) => search.search(contextOf(request), request.query.q, request.query.limit ?? searchLimits.matches.default),
  );
}
