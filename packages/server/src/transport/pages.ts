import { pageSize } from '@crosswalk/contract';
import type { FastifyRequest } from 'fastify';
import type { Page, PageRequest } from '../database/page-query.ts';
import type { RequestContext } from '../environments/index.ts';
import { invalid } from '../lib/api-error.ts';
import type { PageTokens } from '../lib/page-token.ts';
import { callerOf, contextOf, primaryContextOf } from './request.ts';

/** What every list takes. */
interface ListQuery {
  page_size?: number;
  page_token?: string;
}

/** Which page a list request asks for; 400 INVALID_PAGE_TOKEN when its token was made for another list. */
export function pageRequestOf(request: FastifyRequest<{ Querystring: ListQuery }>, tokens: PageTokens): PageRequest {
  const { page_size: size = pageSize.default, page_token: token } = request.query;
  if (token === undefined || token === '') return { size, position: undefined };
  const position = tokens.read(scopeOf(request), token);
  if (position === undefined) {
    throw invalid('page_token', 'does not belong to this list; keep every other parameter as it was', 'page_token', 'INVALID_PAGE_TOKEN');
  }
  return { size, position };
}

/**
 * The context of a list that is told with the end of the feed, which its first page is: what is read after that end was taken must not be
 * older than it, so only a later page may come from a replica.
 */
export function pageContextOf(request: FastifyRequest, { position }: PageRequest): RequestContext {
  return position === undefined ? primaryContextOf(request) : contextOf(request);
}

/** The message of one page: the items under `name`, tokens of its neighbours, the count. */
export function pageAnswer<Name extends string, Item>(
  request: FastifyRequest<{ Querystring: ListQuery }>,
  tokens: PageTokens,
  name: Name,
  page: Page<Item>,
) {
  const token = (direction: 'next' | 'prev', id: string | undefined) =>
    id === undefined ? '' : tokens.write(scopeOf(request), { direction, id });
  return {
    [name]: page.items,
    next_page_token: token('next', page.next),
    prev_page_token: token('prev', page.prev),
    total_size: page.total,
    total_size_is_floor: page.totalIsFloor,
  };
}

/** Everything that must stay the same from page to page: environment, path, and every parameter but size and token. */
function scopeOf(request: FastifyRequest<{ Querystring: ListQuery }>): string {
  const parameters = Object.entries(request.query).filter(([name]) => name !== 'page_size' && name !== 'page_token');
  const path = request.url.split('?', 1)[0];
  return JSON.stringify([callerOf(request).environmentId, path, parameters.sort(([a], [b]) => (a < b ? -1 : 1))]);
}
