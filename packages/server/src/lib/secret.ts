import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * What begins a secret, for secret scanners to look for: `cwk` that of a client, `cwt` an API token, `cwo` the session of an operator,
 * `cws` the token of a set-up link.
 */
export type SecretPrefix = 'cwk' | 'cwt' | 'cwo' | 'cws';

/** A new secret: 256 random bits behind its prefix. Shown once. */
export function newSecret(prefix: SecretPrefix): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`;
}

/** What is kept of a secret. It has 256 random bits, so a plain hash cannot be guessed back. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Whether a secret is the one of which this hash is kept. The time tells nothing of how much of it was right. */
export function matchesHash(secret: string, hash: Buffer): boolean {
  return timingSafeEqual(hashSecret(secret), hash);
}

/** The characters by which people tell secrets apart. */
export function hintOf(secret: string): string {
  return secret.slice(-4);
}
