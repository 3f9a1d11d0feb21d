import type { ChangeEmail, ChangePassword, SessionAnswer, SetUp, SignIn } from '@crosswalk/contract';
import { answerOf } from './answer.ts';
import type { Either } from './case.ts';
import type { Credentials } from './credentials.ts';
import { Crosswalk } from './crosswalk.ts';
import { errorFrom } from './errors.ts';
import { type CallOptions, Connection, type CrosswalkOptions } from './request.ts';

const path = '/api/v1/session';

/**
 * The session of an operator in a page of the server itself. The browser holds the cookie, which no script can read; this
 * holds what must be sent beside it. A call without a session fails with an `AuthenticationError` (status 401): go to sign-in.
 */
export class DashboardSession {
  readonly #url: string;
  readonly #options: CrosswalkOptions;
  readonly #connection: Connection;
  #csrfToken: string | undefined;

  /** `url` is that of the page's own server: `new DashboardSession(location.origin)`. */
  constructor(url: string, options: CrosswalkOptions = {}) {
    this.#url = url;
    this.#options = options;
    this.#connection = new Connection(url, this.#credentials({}), options);
  }

  /** Who is signed in, and whether there is anybody who could. */
  get(options?: CallOptions): Promise<SessionAnswer> {
    return this.#begin('GET', path, undefined, options);
  }

  /** Signs in. An `AuthenticationError` when no operator has this address and password, a `RateLimitError` after too many attempts. */
  signIn(credentials: SignIn, options?: CallOptions): Promise<SessionAnswer> {
    return this.#begin('POST', path, credentials, options);
  }

  /** Makes the first operator, with the token of the link that the server printed, and signs in. */
  setUp(operator: SetUp, options?: CallOptions): Promise<SessionAnswer> {
    return this.#begin('POST', '/api/v1/setup', operator, options);
  }

  /** Signs out. */
  async signOut(options?: CallOptions): Promise<void> {
    await this.#connection.call({ method: 'DELETE', path, options });
    this.#csrfToken = undefined;
  }

  /** Changes one's own password; all other sessions end. */
  async changePassword(passwords: Either<ChangePassword>, options?: CallOptions): Promise<void> {
    await this.#connection.call({ method: 'PUT', path: `${path}/password`, body: passwords, once: true, options });
  }

  /** Changes the address by which one signs in. A `ConflictError` when another operator has it. */
  async changeEmail(change: Either<ChangeEmail>, options?: CallOptions): Promise<void> {
    await this.#connection.call({ method: 'PUT', path: `${path}/email`, body: change, once: true, options });
  }

  /** A client of one of the session's environments, which may do there what the operator's role allows. */
  client(environmentId: string): Crosswalk {
    const credentials = this.#credentials({ 'x-crosswalk-environment': environmentId });
    return new Crosswalk(new Connection(this.#url, credentials, this.#options));
  }

  async #begin(method: 'GET' | 'POST', to: string, body: unknown, options: CallOptions | undefined): Promise<SessionAnswer> {
    // A sign-in is not repeated by itself: each counts as an attempt.
    const connection = method === 'GET' ? this.#connection : new Connection(this.#url, anonymous, this.#options);
    const answer = await connection.call<SessionAnswer>({ method, path: to, body, once: method !== 'GET', options }, 'session');
    this.#csrfToken = answer.session?.csrf_token;
    return answer;
  }

  #credentials(headers: Record<string, string>): Credentials {
    return {
      sign: async (method, send) => {
        if (method === 'GET') return { headers, credentials: 'same-origin' };
        this.#csrfToken ??= await this.#readToken(send);
        return {
          headers: this.#csrfToken === undefined ? headers : { ...headers, 'x-csrf-token': this.#csrfToken },
          credentials: 'same-origin',
        };
      },
      // Another tab may have signed in anew since: one look at the session decides.
      refused: async (response, sent) => {
        if (response.status !== 403) return false;
        const { errorCode } = await errorFrom(response.clone());
        if (errorCode !== 'INVALID_CSRF_TOKEN') return false;
        if (this.#csrfToken === sent.headers['x-csrf-token']) this.#csrfToken = undefined;
        return true;
      },
    };
  }

  async #readToken(send: (path: string, init: RequestInit) => Promise<Response>): Promise<string | undefined> {
    const response = await send(path, { headers: { accept: 'application/json' }, credentials: 'same-origin' });
    if (!response.ok) throw await errorFrom(response);
    const answer = await answerOf<SessionAnswer>(response, ['session']);
    return answer.session?.csrf_token;
  }
}

/** Nobody yet: the answer sets the cookie. */
const anonymous: Credentials = {
  sign: async () => ({ headers: {}, credentials: 'same-origin' }),
  refused: async () => false,
};
