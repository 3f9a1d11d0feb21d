import type { ApiToken, CreateApiToken, CreateApiTokenAnswer, UpdateApiToken } from '@crosswalk/contract';
import type { Either } from './case.ts';
import { NotFoundError } from './errors.ts';
import { readOptions } from './options.ts';
import { List, type PageInfo, type PageOptions, pageNames } from './pages.ts';
import type { CallOptions, ChangeOptions, Connection } from './request.ts';

const collection = '/api/v1/tokens';

/** One page of API tokens. */
export interface ApiTokenPage extends PageInfo {
  tokens: ApiToken[];
  /** the same as `total_size` */
  total_count: number;
}

/** API tokens of organizations and of their users, for your services to accept. A token is named by itself or by its ID. */
export class ApiTokens {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Makes a token of an organization, or of an active member of it. The token is in this answer and nowhere else. */
  create(token: Either<CreateApiToken>, options?: CallOptions): Promise<CreateApiTokenAnswer> {
    return this.#connection.call({ method: 'POST', path: collection, body: token, once: true, options });
  }

  /** Whose token this is and what it says, or null: it is not valid now, or it never was a token. */
  async validate(token: string, options?: CallOptions): Promise<ApiToken | null> {
    // Whoever shows nothing is to be turned away like one who shows what is no token.
    if (token === '') return null;
    try {
      return await this.#one({ method: 'POST', path: `${collection}:validate`, body: { token }, options });
    } catch (error) {
      if (error instanceof NotFoundError) return null;
      throw error;
    }
  }

  /** Changes the fields that are given; claims are replaced as a whole. */
  update(token: string, changes: Either<Omit<UpdateApiToken, 'token'>>, options?: ChangeOptions): Promise<ApiToken> {
    return this.#one({ method: 'POST', path: `${collection}:update`, body: { ...changes, token }, takes: 'change', options });
  }

  /** Ends the token at once. It is no error if it is not valid already. */
  async invalidate(token: string, options?: ChangeOptions): Promise<void> {
    await this.#connection.call({ method: 'POST', path: `${collection}:invalidate`, body: { token }, takes: 'change', options });
  }

  /** The tokens of an organization that have not expired, or of a user in it, newest first. */
  list(organizationId: string, wanted: PageOptions & { userId?: string } = {}, options?: CallOptions) {
    const { userId, pageSize, pageToken } = readOptions(wanted, { userId: true, ...pageNames });
    const query = { organization_id: organizationId, user_id: userId, page_size: pageSize };
    return new List<ApiTokenPage, ApiToken>(
      (token) => this.#connection.call({ method: 'GET', path: collection, query: { ...query, page_token: token }, options }, 'tokens'),
      (page) => page.tokens,
      pageToken,
    );
  }

  async #one(call: Parameters<Connection['call']>[0]): Promise<ApiToken> {
    const { token_info: token } = await this.#connection.call<{ token_info: ApiToken }>(call, 'token_info');
    return token;
  }
}
