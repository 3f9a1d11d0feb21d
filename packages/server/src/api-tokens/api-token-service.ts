import type { ApiToken, CreateApiToken, CreateApiTokenAnswer, UpdateApiToken } from '@crosswalk/contract';
import type pg from 'pg';
import { createBatcher } from '../database/batcher.ts';
import type { Page, PageRequest } from '../database/page-query.ts';
import { foreignKeyViolation } from '../database/sql-error.ts';
import { inTransaction } from '../database/transaction.ts';
import type { RequestContext } from '../environments/index.ts';
import { appendEvents } from '../events/index.ts';
import { membershipNotFound, notFound, requireOrganization } from '../external-ids/index.ts';
import { inChange } from '../idempotency/index.ts';
import { databaseId, type IdGenerator } from '../lib/id.ts';
import { type Preconditions, requireVersion } from '../lib/preconditions.ts';
import { hashSecret, hintOf, newSecret } from '../lib/secret.ts';
import { apiTokenNotFound, isUseNews, membershipNotActive, newApiToken, patchFields, tokenKey } from './api-token.ts';
import { type TokenEventType, tokenEvent } from './api-token-change.ts';
import {
  type ApiTokensQuery,
  deleteToken,
  findValidTokens,
  findValidTokensByHash,
  insertToken,
  listTokens,
  lockToken,
  touchTokens,
  updateToken,
} from './api-token-store.ts';

/**
 * The use cases of API tokens. A token is named by itself or by its ID. Each change and its event are one transaction.
 * The answer that shows a token is never kept for an Idempotency-Key: the token would be in the database in clear. For the
 * same reason there is no call that shows a token again (upstream has one, FetchToken): only a hash is known.
 */
export class ApiTokenService {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;
  readonly #findById;
  readonly #findByHash;
  readonly #touch;

  constructor({ pool, ids }: { pool: pg.Pool; ids: IdGenerator }) {
    this.#pool = pool;
    this.#ids = ids;
    this.#findById = createBatcher((keys: readonly { environmentId: string; id: string }[]) => findValidTokens(pool, keys));
    this.#findByHash = createBatcher((keys: readonly { environmentId: string; hash: Buffer }[]) => findValidTokensByHash(pool, keys));
    this.#touch = createBatcher(async (keys: readonly { environmentId: string; id: string }[]) => {
      await touchTokens(pool, keys);
      return keys;
    });
  }

  /**
   * Makes a token of an organization, or of an active member of it, which only this answer shows. 404 when there is no
   * such organization or membership, 400 when the membership is not active.
   */
  async create(context: RequestContext, body: CreateApiToken): Promise<CreateApiTokenAnswer> {
    const { environmentId } = context;
    const created = newApiToken(body, Date.now());
    const [id, token] = [this.#ids.next(), newSecret('cwt')];
    try {
      return await inTransaction(this.#pool, async (tx) => {
        const made = await insertToken(tx, environmentId, id, created, hashSecret(token), hintOf(token));
        if (made === undefined) throw membershipNotActive(body.organization_id, String(body.user_id));
        await this.#record(tx, context, 'api_token.created', undefined, made);
        return { token, token_id: made.token_id, token_info: made };
      });
    } catch (error) {
      switch (foreignKeyViolation(error)) {
        case 'api_tokens_organization_fkey':
          throw notFound('organization', { id: created.organizationId });
        case 'api_tokens_membership_fkey':
          throw membershipNotFound(body.organization_id, String(body.user_id));
        default:
          throw error;
      }
    }
  }

  /**
   * The token, if it is valid now: neither expired nor invalidated, and its user an active member still. 404 otherwise,
   * whatever the text is. A token that is shown was used; its ID can be asked for without that.
   */
  async validate({ environmentId }: RequestContext, text: string): Promise<ApiToken> {
    const key = tokenKey(text);
    if (key === undefined) throw apiTokenNotFound();
    const shown = 'hash' in key;
    const token = shown ? await this.#findByHash({ environmentId, ...key }) : await this.#findById({ environmentId, ...key });
    if (token === undefined) throw apiTokenNotFound();
    if (shown && isUseNews(token, Date.now())) await this.#touch({ environmentId, id: databaseId(token.token_id) });
    return token;
  }

  /** One page of the tokens of an organization, or of a user in it (database IDs); 404 if there is no such organization. */
  async list({ environmentId }: RequestContext, query: ApiTokensQuery, page: PageRequest): Promise<Page<ApiToken>> {
    await requireOrganization(this.#pool, environmentId, query.organizationId);
    return listTokens(this.#pool, environmentId, query, page);
  }

  /**
   * Changes what the body names; claims are replaced, by an empty object too. (Over gRPC an empty map is one that was not
   * sent: leave it out of the body.)
   */
  update(context: RequestContext, { token: text, ...body }: UpdateApiToken, preconditions: Preconditions): Promise<ApiToken> {
    const { environmentId } = context;
    return inChange(this.#pool, context, async (tx) => {
      const key = tokenKey(text);
      const before = key === undefined ? undefined : await lockToken(tx, environmentId, key);
      if (before === undefined) throw apiTokenNotFound();
      requireVersion(preconditions, { id: before.token_id, version: before.version });
      const after = await updateToken(tx, environmentId, databaseId(before.token_id), patchFields(before, body));
      if (after === undefined) return before;
      await this.#record(tx, context, 'api_token.updated', before, after);
      return after;
    });
  }

  /**
   * Ends a token at once. As RFC 7009 (section 2.2) has it, a token that is not valid already, or is none, is no error: what
   * the caller wants is so.
   */
  async invalidate(context: RequestContext, text: string, preconditions: Preconditions): Promise<void> {
    const { environmentId } = context;
    await inChange(this.#pool, context, async (tx) => {
      const key = tokenKey(text);
      const before = key === undefined ? undefined : await lockToken(tx, environmentId, key);
      if (before === undefined) return;
      requireVersion(preconditions, { id: before.token_id, version: before.version });
      await deleteToken(tx, environmentId, databaseId(before.token_id));
      await this.#record(tx, context, 'api_token.invalidated', before, undefined);
    });
  }

  async #record(
    tx: pg.PoolClient,
    context: RequestContext,
    type: TokenEventType,
    before: ApiToken | undefined,
    after: ApiToken | undefined,
  ): Promise<void> {
    await appendEvents(tx, context, this.#ids, [tokenEvent(type, before, after)]);
  }
}
