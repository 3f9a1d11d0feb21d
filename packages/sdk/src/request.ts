import type { consistencyHeader as ConsistencyHeader } from '@crosswalk/contract';
import { answerOf, openAnswer, wholeAnswer } from './answer.ts';
import { toSnakeCase } from './case.ts';
import type { Credentials, Proof, SendForm } from './credentials.ts';
import { Ending, requireTimeout } from './ending.ts';
import { ConnectionError, type CrosswalkError, connectionError, errorFrom } from './errors.ts';
import { externalQuery, type SystemOption, systemNames } from './identifiers.ts';
import { jsonOf } from './json.ts';
import { described, type OptionNames, readNamed, readOptions } from './options.ts';

/** Settings of a client. */
export interface CrosswalkOptions {
  /** Used instead of the global `fetch`. */
  fetch?: typeof globalThis.fetch;
  /** How long one attempt may take until its answer is read, in milliseconds; default 30,000, `Infinity` is no limit. */
  timeout?: number;
  /** How often a call is tried again after a failure that may pass; default 3. */
  maxRetries?: number;
  /**
   * `replica`: look-ups, lists and searches may come from a replica of the database, where the server has one, that has what this client
   * changed before; until it changes something, from one that is behind by whatever it is. What others changed, another process of yours
   * included, may be missing for as long as the replica is behind.
   * Default `primary`: nothing is ever missing.
   */
  reads?: 'primary' | 'replica';
}

/** Settings of one call. */
export interface CallOptions {
  /** Ends the call when it is aborted. */
  signal?: AbortSignal;
  /** How long one attempt may take until its answer is read, in milliseconds. */
  timeout?: number;
  /** Sent instead of a random one; the same key has its effect once in 24 hours. */
  idempotencyKey?: string;
}

/** A record as it was read, as far as a change is held to it: its version, and its ID, which clients of organizations and API tokens have under a name of their own. */
export type Seen = { version: number } & ({ id: string } | { client_id: string } | { token_id: string });

/** Settings of a call that changes a record. */
export interface ChangeOptions extends CallOptions {
  /**
   * Change only this version, or any that exists (`'*'`); else a `PreconditionError`. A number is a version of whatever record is found; a record that was read
   * (or an ETag) says whose version it is: an external ID may be another's by now.
   */
  ifMatch?: number | string | Seen;
}

/** Settings of an upsert. */
export interface UpsertOptions extends ChangeOptions {
  /** `'*'`: create only; a `PreconditionError` if the record exists. */
  ifNoneMatch?: '*';
}

const clientNames: OptionNames<CrosswalkOptions> = { fetch: true, timeout: true, maxRetries: true, reads: true };
export const callNames: OptionNames<CallOptions> = { signal: true, timeout: true, idempotencyKey: true };
export const changeNames: OptionNames<ChangeOptions> = { ...callNames, ifMatch: true };
const upsertNames: OptionNames<UpsertOptions> = { ...changeNames, ifNoneMatch: true };

/** The options of a call as the caller gave them, and which of them it takes; left out: those of any call. */
type Given =
  | ({ takes?: 'call' } & Named<CallOptions & { ifMatch?: never; ifNoneMatch?: never }>)
  | ({ takes: 'change' } & Named<ChangeOptions & { ifNoneMatch?: never }>)
  | ({ takes: 'upsert' } & Named<UpsertOptions>);

/** A call on a record that is named by an ID of the caller's own has the system of that among its options. */
type Named<Options> =
  | { externalId?: never; options?: (Options & { system?: never }) | undefined }
  | { externalId: string; options?: (Options & SystemOption) | undefined };

/** One call of the API. */
export type Call = Sent & Given;

interface Sent {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** without a query; segments are encoded already */
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  /** keys in either spelling, unless `asIs` */
  body?: unknown;
  /** The body is the caller's own object: its keys are not touched. */
  asIs?: boolean;
  /**
   * The server does not recognise a repeated call, as it stores no answer to it: it is never sent twice, and with no key. `conditional`: that is
   * so with `ifMatch` alone. The deletion of a part of a record finds the version that it made itself when it is sent again, and is refused.
   * `named`: it deletes a record by a name that may be another's by now. It is sent again only after a refusal, unless `ifMatch` says of which
   * record it is.
   */
  once?: boolean | 'conditional' | 'named';
}

interface AttemptOptions extends CallOptions {
  /** The answer is read by the caller, if it is no error: the timeout ends when it begins. */
  streamed?: boolean;
  /** It is not sent again once it may have had its effect. */
  neverTwice?: boolean;
}

/** What is known of the attempts at one call. */
interface Attempts {
  /** whether one may have had its effect though its answer did not say so */
  mayBeDone: boolean;
}

/** A file that is sent. */
export interface Upload extends Pick<Sent, 'path' | 'query'> {
  options?: CallOptions | undefined;
  body: string | Uint8Array<ArrayBuffer> | Blob | ReadableStream<Uint8Array>;
  contentType: string;
}

/** How long an upload may take unless the caller says so: an hour. Milliseconds. */
const uploadTimeout = 3_600_000;

/** Tells how far a replica must have come. */
const consistencyHeader: typeof ConsistencyHeader = 'crosswalk-consistency-token';

/** The first pause before a retry and the longest. Milliseconds. */
const [firstPause, longestPause] = [250, 8_000];
/** A server that asks for more patience than this gets none: the call fails and says so. Seconds. */
const longestRetryAfter = 60;

/** Makes calls: authenticates, retries, reads answers and errors. */
export class Connection {
  readonly #url: string;
  readonly #credentials: Credentials;
  readonly #fetch: typeof globalThis.fetch;
  /** how long one attempt may take unless its call says so, in milliseconds */
  readonly timeout: number;
  readonly #maxRetries: number;
  readonly #readsReplica: boolean;
  /** What a replica must have for this client to read from it: a token, `any` before the first change, `primary` when no replica will do. */
  #readFrom = 'any';

  constructor(environmentUrl: string, credentials: Credentials, options: CrosswalkOptions = {}) {
    if (typeof environmentUrl !== 'string' || environmentUrl === '')
      throw new TypeError('environmentUrl is missing: new Crosswalk(environmentUrl, clientId, clientSecret)');
    // Errors tell the address: what stands before an @ is never repeated.
    if (!/^https?:\/\//.test(environmentUrl))
      throw new TypeError(`environmentUrl must begin with http:// or https://, not ${environmentUrl.replace(/^.*@/s, '…@').slice(0, 100)}`);
    if (!URL.canParse(environmentUrl)) throw new TypeError('environmentUrl is no URL, such as https://crosswalk.example.com');
    const { username, password } = new URL(environmentUrl);
    if (username !== '' || password !== '')
      throw new TypeError(
        'environmentUrl must have no user and no password: the ID and the secret of the client are arguments of their own',
      );
    this.#url = environmentUrl.replace(/\/+$/, '');
    this.#credentials = credentials;
    const { fetch, timeout, maxRetries, reads } = readOptions(options, clientNames);
    if (fetch !== undefined && typeof fetch !== 'function') throw new TypeError(`fetch must be a function, not ${described(fetch)}`);
    requireTimeout(timeout);
    requireRetries(maxRetries);
    // Called through a closure: browsers refuse a fetch that has lost its window.
    this.#fetch = fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.timeout = timeout ?? 30_000;
    this.#maxRetries = maxRetries ?? 3;
    this.#readsReplica = reads === 'replica';
  }

  /** How far a replica must have come to have all that this client changed; undefined before its first change. */
  get consistencyToken(): string | undefined {
    return isToken(this.#readFrom) ? this.#readFrom : undefined;
  }

  /** Raises it to that of another client: what that changed is read too. */
  seen(token: string): void {
    // Where no replica is known to have what this client changed, what another did tells nothing of it.
    if (this.#readFrom === 'any' || (isToken(this.#readFrom) && token > this.#readFrom)) this.#readFrom = token;
  }

  /** The answer of a call, which has these fields; undefined when it has no body. Throws a `CrosswalkError`. */
  async call<Answer>(call: Call, ...fields: (keyof Answer & string)[]): Promise<Answer> {
    const response = await this.#send(call);
    return response.status === 204 ? (undefined as Answer) : answerOf(response, fields);
  }

  /** The answer of a call as it comes. The timeout is for its beginning; from then on only the `signal` ends it. Throws a `CrosswalkError`, and so does reading it. */
  async stream(call: Call): Promise<Response> {
    return this.#send(call, true);
  }

  async #send(call: Call, streamed = false): Promise<Response> {
    const { method, path, body, asIs = false } = call;
    const { system, ...options } = optionsOf(call);
    const query = { ...call.query, ...('externalId' in call ? externalQuery(call.externalId, system) : {}) };
    const once = call.once === 'conditional' ? options.ifMatch !== undefined : call.once === true;
    const url = `${this.#url}${path}${queryString(query)}`;
    const headers: Record<string, string> = { accept: streamed ? '*/*' : 'application/json' };
    if (body !== undefined) headers['content-type'] = 'application/json';
    // The same key at each attempt: an answer that was lost is given again, the effect is not repeated.
    if (method === 'POST' || method === 'PATCH' || method === 'PUT') {
      if (options.idempotencyKey !== undefined || !once) headers['idempotency-key'] = keyOf(options);
    }
    if (options.ifMatch !== undefined) headers['if-match'] = entityTag(options.ifMatch);
    if (options.ifNoneMatch !== undefined) headers['if-none-match'] = options.ifNoneMatch;
    const init: RequestInit = { method, headers, ...(body === undefined ? {} : { body: jsonOf(asIs ? body : toSnakeCase(body)) }) };
    const neverTwice = call.once === 'named' && !namesRecord(options.ifMatch);
    const response = await this.#authenticated(url, init, { ...options, streamed, neverTwice }, once ? 0 : this.#maxRetries);
    if (!response.ok) throw await errorFrom(response);
    return response;
  }

  /** The answer to a file, which has these fields. A body that is a stream is sent once. Throws a `CrosswalkError`. */
  async upload<Answer>({ path, query = {}, body, contentType, ...given }: Upload, ...fields: (keyof Answer & string)[]): Promise<Answer> {
    const options = readOptions(given.options, callNames);
    requireTimeout(options.timeout);
    const isStream = body instanceof ReadableStream;
    const headers = {
      accept: 'application/json',
      'content-type': contentType,
      'idempotency-key': keyOf(options),
    };
    const init: RequestInit = { method: 'POST', headers, body, ...(isStream ? { duplex: 'half' } : {}) };
    const url = `${this.#url}${path}${queryString(query)}`;
    const response = await this.#authenticated(
      url,
      init,
      { ...options, timeout: options.timeout ?? uploadTimeout },
      isStream ? 0 : this.#maxRetries,
    );
    if (!response.ok) throw await errorFrom(response);
    return answerOf(response, fields);
  }

  async #authenticated(url: string, init: RequestInit, options: AttemptOptions, maxRetries: number): Promise<Response> {
    const attempts: Attempts = { mayBeDone: false };
    for (let isFirst = true; ; isFirst = false) {
      const proof = await this.#proof(url, init.method ?? 'GET', options);
      const { headers, ...rest } = proof;
      const all = {
        ...init.headers,
        ...headers,
        ...(this.#readsReplica && init.method === 'GET' ? { [consistencyHeader]: this.#readFrom } : {}),
      };
      // What no header can hold is a mistake of the caller, told here: of `fetch` it would look as if no answer came.
      const given = { ...init, ...rest, headers: Object.fromEntries(new Headers(all)) };
      const response = await this.#retrying(url, given, options, maxRetries, attempts);
      this.#hear(response.headers.get(consistencyHeader));
      // The credentials hear of it also when this call is not sent again: the next one needs a new proof.
      const isWorthAnother = !response.ok && (await this.#credentials.refused(response, proof));
      if (!isWorthAnother || !isFirst || init.body instanceof ReadableStream) return response;
    }
  }

  /** What proves the call. It may have to be fetched first, for every call that waits for it: this one waits no longer than it may take itself. */
  async #proof(url: string, method: string, { signal, timeout }: AttemptOptions): Promise<Proof> {
    signal?.throwIfAborted();
    const ending = new Ending(signal, timeout);
    try {
      return await ending.race(this.#credentials.sign(method, this.#sendUnsigned));
    } catch (error) {
      throw ending.isLate ? connectionError(error, url) : error;
    } finally {
      ending.release();
    }
  }

  /** What an answer says of where its change can be read. */
  #hear(token: string | null): void {
    // `primary`: the server could not tell how far its database had come. A later change is behind that one, too.
    if (token === 'primary' || (token !== null && this.#readFrom === 'primary')) this.#readFrom = token;
    else if (token !== null) this.seen(token);
  }

  // No caller's signal: what it gets is for all of them.
  readonly #sendUnsigned: SendForm = (path, init) => this.#retrying(`${this.#url}${path}`, init, {}, this.#maxRetries);

  async #retrying(
    url: string,
    init: RequestInit,
    options: AttemptOptions,
    maxRetries: number,
    attempts: Attempts = { mayBeDone: false },
  ): Promise<Response> {
    for (let attempt = 0; ; attempt += 1) {
      const response = await this.#once(url, init, options);
      const last = attempt >= maxRetries;
      let error: CrosswalkError;
      if (response instanceof ConnectionError) {
        if (last) throw response;
        error = response;
      } else {
        // A deletion whose first answer was lost finds nothing any more: it has succeeded.
        if (response.status === 404 && init.method === 'DELETE' && attempts.mayBeDone) return new Response(null, { status: 204 });
        if (response.ok || last) return response;
        error = await errorFrom(response.clone());
        if (!mayPass(error) || (error.retryAfter ?? 0) > longestRetryAfter) return response;
      }
      attempts.mayBeDone ||= mayBeDone(error);
      if (options.neverTwice === true && attempts.mayBeDone) throw error;
      await pause(Math.max((error.retryAfter ?? 0) * 1000, jitter(attempt)), options.signal);
    }
  }

  /** One attempt, with all of its answer: what is cut or stalls on the way is no answer. */
  async #once(
    url: string,
    init: RequestInit,
    { signal, timeout = this.timeout, streamed }: AttemptOptions,
  ): Promise<Response | ConnectionError> {
    const ending = new Ending(signal, timeout);
    let isOpen = false;
    try {
      const response = await this.#fetch(url, { ...init, redirect: 'manual', signal: ending.signal });
      isOpen = streamed === true && response.ok;
      return isOpen ? openAnswer(response, ending) : await wholeAnswer(response);
    } catch (error) {
      if (signal?.aborted) throw error;
      return connectionError(error, url);
    } finally {
      // An open answer releases it when it was read, or is given up.
      if (isOpen) ending.stopClock();
      else ending.release();
    }
  }
}

/** The options of a call, those alone that it takes. */
function optionsOf(call: Call): UpsertOptions & SystemOption {
  const names = { call: callNames, change: changeNames, upsert: upsertNames }[call.takes ?? 'call'];
  const known = Object.keys('externalId' in call ? { ...systemNames, ...names } : names);
  const options = readNamed<UpsertOptions & SystemOption>(call.options, known);
  requireTimeout(options.timeout);
  return options;
}

function requireRetries(maxRetries: number | undefined): void {
  if (maxRetries === undefined || maxRetries === Number.POSITIVE_INFINITY) return;
  if (typeof maxRetries !== 'number') throw new TypeError(`maxRetries must be a number, not ${described(maxRetries)}`);
  if (!Number.isInteger(maxRetries) || maxRetries < 0)
    throw new RangeError(`maxRetries must be a whole number that is not below 0, not ${maxRetries}`);
}

function keyOf({ idempotencyKey: key = randomKey() }: CallOptions): string {
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key))
    throw new TypeError(`idempotencyKey must be 1 to 255 printable ASCII characters without spaces, not ${described(key)}`);
  return key;
}

/** 128 random bits. `crypto.randomUUID` is missing in pages that came over plain HTTP. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Whether the same call may succeed a little later. */
function mayPass({ status, errorCode }: CrosswalkError): boolean {
  return [408, 429, 502, 503, 504].includes(status) || errorCode === 'RECORD_BUSY';
}

/** Refusals with 503 that come before anything is changed, or instead of it. */
const untouched = ['QUERY_TOO_SLOW', 'DNS_UNAVAILABLE', 'SERVER_STOPPING'];

/**
 * Whether a call that failed may have had its effect all the same: no answer came, a proxy gave up waiting for one, or the server waiting for its
 * database, which may have made the change.
 */
function mayBeDone({ status, errorCode }: CrosswalkError): boolean {
  return [0, 502, 504].includes(status) || (status === 503 && !untouched.includes(errorCode));
}

/** Full jitter: many clients that failed together do not come back together. */
function jitter(attempt: number): number {
  return Math.random() * Math.min(longestPause, firstPause * 2 ** attempt);
}

/** Resolves after a while; rejects when the signal is aborted, or was. */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
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

/** Whether it tells how far a replica must have come; else it is `any` or `primary`. */
function isToken(readFrom: string): boolean {
  return readFrom !== 'any' && readFrom !== 'primary';
}

/** Whether a change is held to one record, not to whichever has the name by now. */
function namesRecord(match: ChangeOptions['ifMatch']): boolean {
  return typeof match === 'object' || (typeof match === 'string' && /^"[0-9]+-/.test(match));
}

function entityTag(match: number | string | Seen): string {
  if (typeof match === 'object') return `"${seenIn(match)}"`;
  if (match === '*' || (typeof match === 'string' && match.startsWith('"'))) return match;
  return `"${match}"`;
}

function seenIn(record: Seen): string {
  const { version, id, client_id: clientId, token_id: tokenId }: Record<string, unknown> = Object(record);
  const own = id ?? clientId ?? tokenId;
  if (typeof own !== 'string' || typeof version !== 'number')
    throw new TypeError('ifMatch must be a record as it was read, with its ID and its version, or a version, an ETag or "*"');
  return `${version}-${own.slice(own.indexOf('_') + 1)}`;
}

function queryString(query: Record<string, string | number | boolean | undefined>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  return parameters.size === 0 ? '' : `?${parameters}`;
}
