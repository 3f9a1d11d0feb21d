import { createHmac, randomBytes } from 'node:crypto';
import { webhookLimits } from '@crosswalk/contract';
import { invalid } from '../lib/api-error.ts';
import { type DerivedKeys, unseal } from '../lib/seal.ts';

/** What begins a secret (Standard Webhooks). */
const prefix = 'whsec_';

/** A new secret: 256 random bits. Plain base64 after the prefix: Scalekit's clients cut at an underscore, which base64url has. */
export function newWebhookSecret(): string {
  return prefix + randomBytes(32).toString('base64');
}

/** A secret that the owner brings, checked; 400 names the field. */
export function requireWebhookSecret(secret: string): string {
  const { min, max } = webhookLimits.secretBytes;
  const encoded = secret.slice(prefix.length);
  const bytes = Buffer.from(encoded, 'base64');
  if (!secret.startsWith(prefix)) throw invalid('secret', `must begin with ${prefix}`, 'prefix');
  // Decoding is lax: only the one spelling counts, which every receiver reads in the same way.
  if (bytes.toString('base64') !== encoded) throw invalid('secret', `must be plain padded base64 after ${prefix}`, 'base64');
  if (bytes.length < min || bytes.length > max)
    throw invalid('secret', `must have ${min} to ${max} bytes in base64, not ${bytes.length}`, 'length');
  return secret;
}

/**
 * The secrets that sign for an endpoint, of sealed ones with the newest first; undefined: this server does not have the key of the newest. An older
 * one that it cannot open is left out, so that replacing a secret is a way out.
 */
export function openSecrets(keys: DerivedKeys, [newest, ...older]: readonly Buffer[]): string[] | undefined {
  const opened = newest === undefined ? undefined : openSecret(keys, newest);
  if (opened === undefined) return undefined;
  return [opened, ...older.flatMap((sealed) => openSecret(keys, sealed) ?? [])];
}

function openSecret(keys: DerivedKeys, sealed: Buffer): string | undefined {
  try {
    return unseal(keys, sealed).toString();
  } catch {
    return undefined;
  }
}

/**
 * The headers that prove where a message comes from (Standard Webhooks: HMAC-SHA256 of `id.timestamp.body`), with a
 * signature for each secret. `time` is milliseconds since 1970.
 */
export function signatureHeaders(secrets: readonly string[], id: string, time: number, body: string): Record<string, string> {
  const timestamp = String(Math.floor(time / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(prefix.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
