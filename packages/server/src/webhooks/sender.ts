import type { LookupFunction } from 'node:net';
import { webhookLimits } from '@crosswalk/contract';
import { Agent, errors, request } from 'undici';
import { findTracer } from '../lib/tracing.ts';
import { keptReason, keptText, type Outcome, retryAfterOf } from './delivery.ts';
import { sendInSpan } from './send-span.ts';
import { TargetError, type Targets } from './target.ts';

/** A message that is ready to be sent. */
export interface SignedMessage {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/**
 * Sends messages, one request each: no redirect is followed, no proxy of the environment is used, and the address that was
 * checked is the one connected to.
 */
export class Sender {
  /** the time for a whole request with its answer, in milliseconds */
  readonly timeout: number;
  readonly #targets: Targets;
  readonly #agents: { http: Agent; https: Agent };
  readonly #tracer = findTracer();
  readonly #stopping = new AbortController();

  constructor({ targets, timeout }: { targets: Targets; timeout: number }) {
    this.#targets = targets;
    this.timeout = timeout;
    this.#agents = { http: this.#agent('http:'), https: this.#agent('https:') };
  }

  #agent(protocol: 'http:' | 'https:'): Agent {
    const lookup: LookupFunction = (host, options, callback) => {
      this.#targets.resolve(protocol, host).then(
        (addresses) => {
          const [first] = addresses;
          if (options.all === true) callback(null, addresses);
          else callback(null, first?.address ?? '', first?.family);
        },
        (error: Error) => callback(error, ''),
      );
    };
    return new Agent({ connect: { lookup, timeout: this.timeout } });
  }

  /** One attempt. Never rejects: whatever goes wrong is its outcome. */
  send(message: SignedMessage): Promise<Outcome> {
    const attempt = (traced: SignedMessage) => this.#attempt(traced);
    return this.#tracer === undefined ? attempt(message) : sendInSpan(this.#tracer, message, attempt);
  }

  async #attempt({ url, headers, body }: SignedMessage): Promise<Outcome> {
    const time = Date.now();
    const started = performance.now();
    const outcome = (found: Pick<Outcome, 'status' | 'body' | 'error' | 'retryAfter'>): Outcome => ({
      ...found,
      time,
      duration: Math.round(performance.now() - started),
    });
    const signal = AbortSignal.any([AbortSignal.timeout(this.timeout), this.#stopping.signal]);
    try {
      const target = new URL(url);
      this.#targets.requireProtocol(target);
      const answer = await request(target, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': 'Crosswalk-Webhooks/1', ...headers },
        body,
        signal,
        dispatcher: target.protocol === 'http:' ? this.#agents.http : this.#agents.https,
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      const retryAfter = retryAfterOf([answer.headers['retry-after']].flat()[0], Date.now());
      return outcome({ status: answer.statusCode, body: keptText(await firstBytes(answer.body)), error: null, retryAfter });
    } catch (error) {
      return outcome({ status: null, body: '', error: this.#reason(error), retryAfter: null });
    }
  }

  #reason(error: unknown): string {
    if (this.#stopping.signal.aborted) return stoppedReason;
    if (!(error instanceof Error)) return keptReason(String(error));
    if (error.name === 'TimeoutError' || error instanceof errors.ConnectTimeoutError)
      return `no whole answer within ${this.timeout / 1000} seconds`;
    if (error instanceof TargetError) return keptReason(error.message);
    // A host with several addresses fails with an error for each.
    const causes = error instanceof AggregateError ? error.errors.map((one: Error) => one.message) : [error.message];
    return keptReason([...new Set(causes)].join('; ') || error.name);
  }

  /** Ends every request under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([this.#agents.http.destroy(), this.#agents.https.destroy()]);
  }
}

/** The error of attempts that were ended because the service stops. They count for nothing. */
export const stoppedReason = 'the service was stopped';

/** The first kilobyte of a body. The rest is not read: its connection is closed instead. */
async function firstBytes(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk.subarray(0, webhookLimits.responseBytes - length));
    length += chunk.length;
    if (length >= webhookLimits.responseBytes) break;
  }
  return Buffer.concat(chunks);
}
