import { pageSize } from '@crosswalk/contract';
import type { Page, PageRequest } from '../database/page-query.ts';
import type { RequestContext } from '../environments/index.ts';
import { invalid } from '../lib/api-error.ts';
import type { PageTokens } from '../lib/page-token.ts';

/** What list messages have in common. A size of 0 is one that was not sent. */
interface ListRequest {
  pageSize: number;
  pageToken: string;
}

/** Pages of lists over gRPC: tokens are bound to environment, list and what narrows it, as over REST. */
export class Pages {
  readonly #tokens: PageTokens;

  constructor(tokens: PageTokens) {
    this.#tokens = tokens;
  }

  /** Which page is asked for; `narrowed` is what must stay the same from page to page. 400 names the field. */
  request(
    { environmentId }: RequestContext,
    list: string,
    { pageSize: size, pageToken: token }: ListRequest,
    narrowed: unknown = null,
  ): PageRequest {
    if (size > pageSize.max) throw invalid('page_size', `must be at most ${pageSize.max}`, 'maximum');
    const position = token === '' ? undefined : this.#tokens.read(scopeOf(environmentId, list, narrowed), token);
    if (token !== '' && position === undefined) {
      throw invalid('page_token', 'does not belong to this list; keep every other parameter as it was', 'page_token', 'INVALID_PAGE_TOKEN');
    }
    return { size: size === 0 ? pageSize.default : size, position };
  }

  /** The fields of a page that all list answers have. */
  answer({ environmentId }: RequestContext, list: string, page: Page<unknown>, narrowed: unknown = null) {
    const token = (direction: 'next' | 'prev', id: string | undefined) =>
      id === undefined ? '' : this.#tokens.write(scopeOf(environmentId, list, narrowed), { direction, id });
    return { nextPageToken: token('next', page.next), prevPageToken: token('prev', page.prev), totalSize: page.total };
  }
}

function scopeOf(environmentId: string, list: string, narrowed: unknown): string {
  return JSON.stringify([environmentId, list, narrowed]);
}
