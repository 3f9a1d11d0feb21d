import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A new client secret: 256 random bits, with a prefix that secret scanners can look for. Shown once. */
export function newSecret(): string {
  return `cwk_${randomBytes(32).toString('base64url')}`;
}

/** What is kept of a secret. It has 256 random bits, so a plain hash cannot be guessed back. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** The characters by which people tell secrets apart. */
export function hintOf(secret: string): string {
  return secret.slice(-4);
}

/** Compares with each hash in equal time, and with one more when there are none, so that the time tells nothing. */
export function findMatch<Kept extends { secret_hash: Buffer }>(kept: readonly Kept[], secret: string): Kept | undefined {
  const hash = hashSecret(secret);
  const matches = kept.filter(({ secret_hash }) => timingSafeEqual(secret_hash, hash));
  if (kept.length === 0) timingSafeEqual(hash, noHash);
  return matches[0];
}

const noHash = Buffer.alloc(32);

/** Live secrets of one client: the one in use and the one that replaces it. */
export const maxSecrets = 2;
