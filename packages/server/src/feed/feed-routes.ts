import { EventFeed, EventPage, ListEventsQuery, SearchEventsQuery } from '@crosswalk/contract';
import type { Actor } from '../environments/index.ts';
import { requireId } from '../lib/id.ts';
import { operation } from '../transport/operation.ts';
import { contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { FeedService } from './feed-service.ts';
import type { FeedFilter } from './feed-store.ts';

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
        long: true,
        answers: { 200: EventFeed },
        errors: ['INVALID_ID', 'INVALID_CURSOR', 'EVENTS_PURGED', 'QUERY_TOO_SLOW'],
      },
      { querystring: ListEventsQuery },
    ),
    async (request) => {
      const { after, limit = 100, wait = 0 } = request.query;
      return feed.list(contextOf(request), { after, filter: filterOf(request.query), limit, wait });
    },
  );

  app.get(
    '/api/v1/events::search',
    operation(
      {
        id: 'searchEvents',
        tag: 'Events',
        summary: 'Look for events, newest first',
        description:
          'For people and audits: what happened lately, or in a span of time. A reader that must not miss an event takes `/events`; ' +
          '`events_cursor` of the first page is where it goes on.',
        scope: 'read',
        answers: { 200: EventPage },
        errors: ['INVALID_ID', 'INVALID_PAGE_TOKEN', 'QUERY_TOO_SLOW'],
      },
      { querystring: SearchEventsQuery },
    ),
    async (request) => {
      const { from, to, page_size: size = 30, page_token: token } = request.query;
      return feed.search(contextOf(request), { filter: filterOf(request.query), from, to, size, token });
    },
  );
}

function filterOf({
  types,
  organization_id: organizationId,
  actor_id: actorId,
}: {
  types?: string;
  organization_id?: string;
  actor_id?: string;
}): FeedFilter {
  return {
    types: types?.split(','),
    organizationId: organizationId === undefined ? undefined : requireId('org', organizationId, 'organization_id'),
    actor: actorId === undefined ? undefined : actorOf(actorId),
  };
}

/** The actor with a public ID. */
function actorOf(id: string): Actor {
  return id.startsWith('opr_')
    ? { type: 'operator', id: requireId('opr', id, 'actor_id') }
    : { type: 'client', id: requireId('skc', id, 'actor_id') };
}
