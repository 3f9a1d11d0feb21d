import { timingSafeEqual } from 'node:crypto';
import type { Client } from '@crosswalk/contract';
import { ApiError } from '../lib/api-error.ts';
import { formatId } from '../lib/id.ts';
import { hashSecret } from '../lib/secret.ts';
import { recordTag } from '../lib/version-tag.ts';

/**
 * The kinds of client, by the prefix of their ID: `skc` is a client of the environment and uses this API, `m2morg` one
 * of an organization and uses services of the environment's owner.
 */
export type ClientKind = 'skc' | 'm2morg';

/** Compares with each hash in equal time, and with one more when there are none, so that the time tells nothing. */
export function findMatch<Kept extends { secret_hash: Buffer }>(kept: readonly Kept[], secret: string): Kept | undefined {
  const hash = hashSecret(secret);
  const matches = kept.filter(({ secret_hash }) => timingSafeEqual(secret_hash, hash));
  if (kept.length === 0) timingSafeEqual(hash, noHash);
  return matches[0];
}

const noHash = Buffer.alloc(32);

/** The entity tag of a client's answer: it shows when secrets were used, which is no change of the client, so that is part of it. */
export function clientTag(
  id: string,
  { version, secrets, last_used_time }: Pick<Client, 'version' | 'secrets' | 'last_used_time'>,
): string {
  const uses = [last_used_time, ...secrets.map((secret) => secret.last_used_time)].join();
  return recordTag({ id, version }, last_used_time === null ? undefined : uses);
}

/** The 404 of a client. `id` is a database ID. */
export function clientNotFound(id: string): ApiError {
  const client = formatId('skc', id);
  return new ApiError('CLIENT_NOT_FOUND', `there is no client ${client}`, { resource: { id: client, kind: 'client' } });
}

/** The 404 of a secret of a client of either kind. IDs are public ones. */
export function clientSecretNotFound(clientId: string, id: string): ApiError {
  return new ApiError('CLIENT_SECRET_NOT_FOUND', `${clientId} has no secret ${id}`, { resource: { id, kind: 'client_secret' } });
}

/** Live secrets of one client of either kind: the one in use and the one that replaces it. */
export const maxSecrets = 2;

/** API clients of an environment: a person makes each, and they are listed as a whole. */
export const maxClients = 1_000;

/** How long a token of a client of an organization is valid unless the client says otherwise, in seconds (as upstream: 3600). */
export const tokenLifetime = 3600;
