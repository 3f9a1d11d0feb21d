import type { ApiToken } from '@crosswalk/contract';
import type pg from 'pg';
import type { RequestContext } from '../environments/index.ts';
import { appendEvents, eventOf, type NewEvent } from '../events/index.ts';
import type { IdGenerator } from '../lib/id.ts';
import { tokenRecord } from './api-token.ts';
import { deleteSomeTokens, type TokenOwner } from './api-token-store.ts';

// What is done to API tokens within a change, of this feature or another.

export type TokenEventType = 'api_token.created' | 'api_token.updated' | 'api_token.invalidated';

/** The event of a change of a token. */
export function tokenEvent(type: TokenEventType, before: ApiToken | undefined, after: ApiToken | undefined): NewEvent {
  const record = (token: ApiToken | undefined) => (token === undefined ? undefined : tokenRecord(token));
  return eventOf(type, 'api_token', record(before), record(after));
}

/**
 * Ends all tokens of a locked organization, or of locked memberships, within a change, in batches, each with its event. Those that had expired go
 * with their owner without one: they were not valid any more.
 */
export async function endTokensOf(tx: pg.PoolClient, context: RequestContext, ids: IdGenerator, owner: TokenOwner): Promise<void> {
  for (;;) {
    const ended = await deleteSomeTokens(tx, context.environmentId, owner);
    if (ended.length === 0) return;
    await appendEvents(
      tx,
      context,
      ids,
      ended.map((token) => tokenEvent('api_token.invalidated', token, undefined)),
    );
  }
}
