import { EventFeed, ListEventsQuery } from '@crosswalk/contract';
import { requireId } from '../lib/id.ts';
import { operation } from '../transport/operation.ts';
import { contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { FeedService } from './feed-service.ts';

/** REST of the change feed. */
export function feedRoutes(app: Routes, feed: FeedService): void {
  app.get(
    '/api/v1/events',
    operation(
      {
        id: 'listEvents',
        tag: 'Events',
        summary: 'Read what changed, in order',
        description:
          'Keep `next_cursor` and pass it as `after` to go on. No event is skipped, whatever was being written meanwhile; events of one ' +
          'record come in order of its versions. With `wait` the answer comes as soon as there is an event.',
        scope: 'read',
        answers: { 200: EventFeed },
        errors: ['INVALID_ID', 'INVALID_CURSOR', 'EVENTS_PURGED', 'QUERY_TOO_SLOW'],
      },
      { querystring: ListEventsQuery },
    ),
    async (request) => {
      const { after, types, organization_id: organizationId, actor_id: actorId, limit = 100, wait = 0 } = request.query;
      const filter = {
        types: types?.split(','),
        organizationId: organizationId === undefined ? undefined : requireId('org', organizationId, 'organization_id'),
        actorId: actorId === undefined ? undefined : requireId('skc', actorId, 'actor_id'),
      };
      return feed.list(contextOf(request), { after, filter, limit, wait });
    },
  );
}
