import { ApiError } from '../lib/api-error.ts';
import { formatId } from '../lib/id.ts';

/*
 * The life of a signing key. Nothing moves it but time, which is the database's, and revoking:
 *
 *              sign_time            sign_time of         the last token it signed
 *                                   the next key         has expired everywhere
 *   NEXT ---------------> SIGNING -----------> VERIFYING ---------------> RETIRED
 *     |                      |                     |
 *     +----------------------+---------------------+--- revoke ---------> REVOKED
 *
 * NEXT, SIGNING and VERIFYING are at /keys, and their tokens are valid. Of an environment one key signs: the latest whose `sign_time` has
 * come. It goes on until another can, so that whatever is killed in the middle of a rotation leaves a key that signs.
 */

/** How signing keys are changed by themselves, and how long tokens live. */
export interface TokenSettings {
  /** how long a token of a client of the environment is valid, in seconds */
  lifetime: number;
  /** After so many days a key is replaced without being asked for; 0: never. */
  keyDays: number;
  /**
   * How long a new key is published before it signs, in seconds. Services that check tokens keep what they read at /keys: `jose` for ten
   * minutes (`cacheMaxAge` of its `createRemoteJWKSet`), as long as any library we know of; what is read may be a minute old (`max-age` of
   * /keys). The default of 15 minutes is more than both.
   */
  keyLead: number;
}

/** The longest that the settings can make a token of a client of the environment live, in seconds: a day. */
export const longestLifetime = 86_400;

/** Clocks of servers behind one proxy may differ by this much: a token is accepted for as long after its end. Seconds. */
export const clockTolerance = 60;

/**
 * How far ahead it is noted until when tokens of a key are valid, in seconds: a write in a tenth of their lifetime, or in five minutes, rather
 * than one for each token. A key is retired as much later.
 */
export function noteAhead(lifetime: number): number {
  return Math.min(lifetime / 10, 300);
}

/** How long a key that has ended is listed. Days. */
export const endedKeyDays = 90;

/** 404 of a signing key. `id` is a database ID. */
export function signingKeyNotFound(id: string): ApiError {
  const key = formatId('key', id);
  return new ApiError('SIGNING_KEY_NOT_FOUND', `there is no signing key ${key} in this environment`, {
    resource: { id: key, kind: 'signing_key' },
  });
}
