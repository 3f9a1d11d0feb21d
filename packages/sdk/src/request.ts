import type { TokenAnswer } from '@crosswalk/contract';
import { toSnakeCase } from './case.ts';
import { CrosswalkError, connectionError, errorFrom, retryAfterOf } from './errors.ts';

/** Settings of a client. */
export interface CrosswalkOptions {
  /** Used instead of the global `fetch`. */
  fetch?: typeof globalThis.fetch;
  /** How long one attempt may take, in milliseconds; default 30,000. */
  timeout?: number;
  /** How often a call is tried again after a failure that may pass; default 3. */
  maxRetries?: number;
}

/** Settings of one call. */
export interface CallOptions {
  /** Ends the call when it is aborted. */
  signal?: AbortSignal;
  /** How long one attempt may take, in milliseconds. */
  timeout?: number;
  /** Sent instead of a random one; the same key has its effect once in 24 hours. */
  idempotencyKey?: string;
}

/** Settings of a call that changes a record. */
export interface ChangeOptions extends CallOptions {
  /** Change only this version (a number, or an ETag), or any that exists (`'*'`); else a `PreconditionError`. */
  ifMatch?: number | string;
}

/** Settings of an upsert. */
export interface UpsertOptions extends ChangeOptions {
  /** `'*'`: create only; a `PreconditionError` if the record exists. */
  ifNoneMatch?: '*';
}

/** One call of the API. */
export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** without a query; segments are encoded already */
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  /** keys in either spelling, unless `asIs` */
  body?: unknown;
  /** The body is the caller's own object: its keys are not touched. */
  asIs?: boolean;
  /** The server does not recognise a repeated call: it is never sent twice. */
  once?: boolean;
  options?: UpsertOptions | undefined;
}

/** The first pause before a retry and the longest. Milliseconds. */
const [firstPause, longestPause] = [250, 8_000];
/** A server that asks for more patience than this gets none: the call fails and says so. Seconds. */
const longestRetryAfter = 60;
/** A token is renewed when this share of its life is over, so that none expires on the way. */
const renewAfter = 0.9;

/** Makes calls: authenticates, retries, reads answers and errors. */
export class Connection {
  readonly #url: string;
  readonly #clientId: string;
  readonly #clientSecret: string;
  readonly #fetch: typeof globalThis.fetch;
  readonly #timeout: number;
  readonly #maxRetries: number;
  #token: { value: string; renewAt: number } | undefined;
  #renewal: Promise<string> | undefined;

  constructor(environmentUrl: string, clientId: string, clientSecret: string, options: CrosswalkOptions = {}) {
    for (const [name, value] of Object.entries({ environmentUrl, clientId, clientSecret })) {
      if (typeof value !== 'string' || value === '')
        throw new TypeError(`${name} is missing: new Crosswalk(environmentUrl, clientId, clientSecret)`);
    }
    if (!/^https?:\/\//.test(environmentUrl))
      throw new TypeError(`environmentUrl must begin with http:// or https://, not ${environmentUrl.slice(0, 100)}`);
    this.#url = environmentUrl.replace(/\/+$/, '');
    this.#clientId = clientId;
    this.#clientSecret = clientSecret;
    // Called through a closure: browsers refuse a fetch that has lost its window.
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.#timeout = options.timeout ?? 30_000;
    this.#maxRetries = options.maxRetries ?? 3;
  }

  /** The answer of a call; undefined when it has no body. Throws a `CrosswalkError`. */
  async call<Answer>({ method, path, query = {}, body, asIs = false, once = false, options = {} }: Call): Promise<Answer> {
    const url = `${this.#url}${path}${queryString(query)}`;
    const headers: Record<string, string> = { accept: 'application/json' };
    if (body !== undefined) headers['content-type'] = 'application/json';
    // The same key at each attempt: an answer that was lost is given again, the effect is not repeated.
    if (method === 'POST' || method === 'PATCH' || method === 'PUT')
      headers['idempotency-key'] = options.idempotencyKey ?? crypto.randomUUID();
    if (options.ifMatch !== undefined) headers['if-match'] = entityTag(options.ifMatch);
    if (options.ifNoneMatch !== undefined) headers['if-none-match'] = options.ifNoneMatch;
    const init: RequestInit = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(asIs ? body : toSnakeCase(body)) }) };
    const response = await this.#authenticated(url, init, options, once ? 0 : this.#maxRetries);
    if (!response.ok) throw await errorFrom(response);
    if (response.status === 204) return undefined as Answer;
    // The server validates what it sends against the contract; it is not checked a second time here.
    return (await response.json()) as Answer;
  }

  async #authenticated(url: string, init: RequestInit, options: CallOptions, maxRetries: number): Promise<Response> {
    const send = async () => {
      const authorization = `Bearer ${await this.#accessToken()}`;
      return this.#retrying(url, { ...init, headers: { ...init.headers, authorization } }, options, maxRetries);
    };
    const response = await send();
    if (response.status !== 401) return response;
    // Revoked, or signed with a key that is gone: one new token decides.
    this.#token = undefined;
    return send();
  }

  async #retrying(url: string, init: RequestInit, options: CallOptions, maxRetries: number): Promise<Response> {
    for (let attempt = 0; ; attempt += 1) {
      const last = attempt >= maxRetries;
      let failure: unknown;
      let response: Response | undefined;
      try {
        response = await this.#once(url, init, options);
      } catch (error) {
        if (options.signal?.aborted) throw error;
        failure = error;
      }
      if (response !== undefined) {
        // A deletion whose first answer was lost finds nothing any more: it has succeeded.
        if (response.status === 404 && init.method === 'DELETE' && attempt > 0) return new Response(null, { status: 204 });
        if (last || !(await mayPass(response))) return response;
      } else if (last) throw connectionError(failure);
      const wait = response === undefined ? undefined : retryAfterOf(response);
      if (wait !== undefined && wait > longestRetryAfter && response !== undefined) return response;
      await response?.body?.cancel();
      await pause(Math.max((wait ?? 0) * 1000, jitter(attempt)), options.signal);
    }
  }

  #once(url: string, init: RequestInit, { signal, timeout = this.#timeout }: CallOptions): Promise<Response> {
    const limit = AbortSignal.timeout(timeout);
    return this.#fetch(url, { ...init, redirect: 'manual', signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) });
  }

  /** The current token; many callers at once share one request for a new one. */
  async #accessToken(): Promise<string> {
    if (this.#token !== undefined && Date.now() < this.#token.renewAt) return this.#token.value;
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #renew(): Promise<string> {
    const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: this.#clientId, client_secret: this.#clientSecret });
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: form.toString(),
    };
    // No caller's signal: the token is for all of them.
    const response = await this.#retrying(`${this.#url}/oauth/token`, init, {}, this.#maxRetries);
    if (!response.ok) throw await errorFrom(response);
    const answer: TokenAnswer = await response.json();
    this.#token = { value: answer.access_token, renewAt: Date.now() + answer.expires_in * 1000 * renewAfter };
    return answer.access_token;
  }
}

/** Whether the same call may succeed a little later. */
async function mayPass(response: Response): Promise<boolean> {
  if ([408, 429, 502, 503, 504].includes(response.status)) return true;
  if (response.status !== 409) return false;
  const error = await errorFrom(response.clone());
  return error instanceof CrosswalkError && error.errorCode === 'RECORD_BUSY';
}

/** Full jitter: many clients that failed together do not come back together. */
function jitter(attempt: number): number {
  return Math.random() * Math.min(longestPause, firstPause * 2 ** attempt);
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function entityTag(match: number | string): string {
  if (match === '*' || (typeof match === 'string' && match.startsWith('"'))) return match;
  return `"${match}"`;
}

function queryString(query: Record<string, string | number | boolean | undefined>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  return parameters.size === 0 ? '' : `?${parameters}`;
}
