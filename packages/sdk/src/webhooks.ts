import type { WebhookMessage } from '@crosswalk/contract';
import { type OptionNames, readOptions } from './options.ts';

/** The headers of a webhook, however the framework gives them. */
export type WebhookHeaders = Headers | Record<string, string | string[] | undefined>;

export interface VerifyOptions {
  /** How far the time of the message may be from now, either way, in seconds; default 300. */
  tolerance?: number;
  /** Milliseconds since 1970; default the clock. */
  now?: number;
}

const verifyNames: OptionNames<VerifyOptions> = { tolerance: true, now: true };

/** The message was not signed with the secret, or not just now. Do not act on it: answer 400. */
export class WebhookVerificationError extends Error {
  override readonly name = 'WebhookVerificationError';
}

/** Signatures of one message: several while a secret is replaced. More than this is no sender of ours. */
const maxSignatures = 20;

/**
 * Checks that a webhook comes from the holder of the secret (Standard Webhooks: HMAC-SHA256 of `id.timestamp.body`)
 * and returns its content. `payload` must be the body as it came, not parsed and printed again. Throws a
 * `WebhookVerificationError`; a `TypeError` when there is no secret, or the body was parsed already.
 */
export async function verify(
  payload: string | Uint8Array | ArrayBuffer,
  headers: WebhookHeaders,
  secret: string,
  options: VerifyOptions = {},
): Promise<WebhookMessage> {
  // First, as both are mistakes of the receiver: whoever is told of a forged message looks for it elsewhere.
  const body = textOf(payload);
  const key = await keyOf(secret);
  const id = requireHeader(headers, 'webhook-id');
  const timestamp = requireHeader(headers, 'webhook-timestamp');
  const signatures = requireHeader(headers, 'webhook-signature');
  checkTime(timestamp, readOptions(options, verifyNames));
  const signed = signedBytes(id, timestamp, body);
  for (const signature of signatures.split(' ').slice(0, maxSignatures)) {
    const [version, encoded = ''] = signature.split(',');
    const bytes = version === 'v1' ? decodeBase64(encoded) : undefined;
    // subtle.verify compares in equal time.
    if (bytes !== undefined && (await crypto.subtle.verify('HMAC', key, bytes, signed))) return JSON.parse(body);
  }
  throw new WebhookVerificationError('no signature of the message was made with this secret');
}

/**
 * The headers of a message as a sender of webhooks has them, to try a receiver with: `webhook-id`, `webhook-timestamp`,
 * `webhook-signature`. Throws a `TypeError` when the secret is none.
 */
export async function sign(
  id: string,
  body: string,
  secret: string,
  options: Pick<VerifyOptions, 'now'> = {},
): Promise<Record<string, string>> {
  const { now = Date.now() } = readOptions(options, { now: true });
  const timestamp = String(Math.floor(now / 1000));
  const signature = await crypto.subtle.sign('HMAC', await keyOf(secret), signedBytes(id, timestamp, body));
  const text = btoa(String.fromCharCode(...new Uint8Array(signature)));
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${text}` };
}

/** The body as text. It may be anything: most frameworks parse it, unless they are told not to. */
function textOf(payload: string | Uint8Array | ArrayBuffer): string {
  if (typeof payload === 'string') return payload;
  // An ArrayBuffer is what `request.arrayBuffer()` gives.
  if (ArrayBuffer.isView(payload) || Object(payload) instanceof ArrayBuffer) return new TextDecoder().decode(payload);
  const what = typeof payload === 'object' && payload !== null ? 'an object that was parsed from it' : String(payload);
  throw new TypeError(
    `give the raw body, as a text or as bytes, not ${what}: the signature is of the body as it came. In Express the route has express.raw({ type: 'application/json' }) in place of express.json()`,
  );
}

function keyOf(secret: string): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', secretBytes(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
}

function signedBytes(id: string, timestamp: string, body: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${id}.${timestamp}.${body}`);
}

function requireHeader(headers: WebhookHeaders, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  const [text] = [value].flat();
  if (typeof text !== 'string' || text === '') throw new WebhookVerificationError(`the header ${name} is missing`);
  return text;
}

function checkTime(timestamp: string, { tolerance = 300, now = Date.now() }: VerifyOptions): void {
  if (!/^[0-9]{1,12}$/.test(timestamp)) throw new WebhookVerificationError('the header webhook-timestamp is not a number of seconds');
  const age = now / 1000 - Number(timestamp);
  if (Math.abs(age) > tolerance)
    throw new WebhookVerificationError(
      `the message is ${age > 0 ? 'too old' : 'from the future'}: ${Math.round(Math.abs(age))} seconds from now`,
    );
}

function secretBytes(secret: string): Uint8Array<ArrayBuffer> {
  if (typeof secret !== 'string' || secret === '')
    throw new TypeError('the secret of the webhook endpoint is not set: it begins with whsec_, and was shown when the endpoint was made');
  const bytes = decodeBase64(secret.replace(/^whsec_/, ''));
  if (bytes === undefined || bytes.length === 0)
    throw new TypeError('the secret must be whsec_ and base64, as it was shown when the endpoint was made');
  return bytes;
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
