import type { TokenAnswer } from '@crosswalk/contract';
import { answerOf } from './answer.ts';
import { errorFrom } from './errors.ts';

/** What of a request proves who makes it. */
export interface Proof {
  headers: Record<string, string>;
  credentials?: RequestCredentials;
}

/** Proves to the server who makes a call. */
export interface Credentials {
  /** The proof of a call. `send` is for requests that are needed first. */
  sign(method: string, send: SendForm): Promise<Proof>;
  /**
   * The server did not accept a call: whether it is worth another try, with a proof made anew. Does not use up the response. The proof that was
   * sent is not given again; one that was made since stays, as the answer says nothing of that.
   */
  refused(response: Response, sent: Proof): Promise<boolean>;
}

/** Sends a request that carries no proof, with the retries of every call; its answer is whole. `path` as in a call. */
export type SendForm = (path: string, init: RequestInit) => Promise<Response>;

/** A token is renewed when this share of its life is over, so that none expires on the way. */
const renewAfter = 0.9;

/** The ID and the secret of an API client, which get access tokens. */
export class ClientCredentials implements Credentials {
  readonly #clientId: string;
  readonly #clientSecret: string;
  #token: { value: string; renewAt: number } | undefined;
  #renewal: Promise<string> | undefined;

  constructor(clientId: string, clientSecret: string) {
    for (const [name, value] of Object.entries({ clientId, clientSecret })) {
      if (typeof value !== 'string' || value === '')
        throw new TypeError(`${name} is missing: new Crosswalk(environmentUrl, clientId, clientSecret)`);
    }
    this.#clientId = clientId;
    this.#clientSecret = clientSecret;
  }

  async sign(_method: string, send: SendForm): Promise<Proof> {
    return proofOf(await this.#accessToken(send));
  }

  async refused(response: Response, { headers: { authorization } }: Proof): Promise<boolean> {
    if (response.status !== 401) return false;
    // Revoked, or signed with a key that is gone: one new token decides.
    if (this.#token !== undefined && proofOf(this.#token.value).headers.authorization === authorization) this.#token = undefined;
    return true;
  }

  /** The current token; many callers at once share one request for a new one. */
  async #accessToken(send: SendForm): Promise<string> {
    if (this.#token !== undefined && Date.now() < this.#token.renewAt) return this.#token.value;
    this.#renewal ??= this.#renew(send).finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #renew(send: SendForm): Promise<string> {
    const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: this.#clientId, client_secret: this.#clientSecret });
    const response = await send('/oauth/token', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: form.toString(),
    });
    if (!response.ok) throw await errorFrom(response);
    const answer = await answerOf<TokenAnswer>(response, ['access_token', 'expires_in']);
    this.#token = { value: answer.access_token, renewAt: Date.now() + answer.expires_in * 1000 * renewAfter };
    return answer.access_token;
  }
}

function proofOf(token: string): Proof {
  return { headers: { authorization: `Bearer ${token}` } };
}
