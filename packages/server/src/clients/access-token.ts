import { randomUUID } from 'node:crypto';
import { clientLifetime, type Scope } from '@crosswalk/contract';
import { decodeProtectedHeader, errors, type JWK, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { formatId, parseId } from '../lib/id.ts';
import { clockTolerance, type KeyRing, longestLifetime } from '../signing-keys/index.ts';
import { findScopes } from './client-store.ts';
import type { AuthenticatedClient } from './credential-service.ts';

/** What a valid access token says. IDs are database IDs. */
export interface AccessToken {
  clientId: string;
  environmentId: string;
  scopes: readonly Scope[];
}

/** What a token says that is valid, but that no client of the environment has: those of organizations are for the services of others. */
export const notForThisApi = 'not-for-this-api';

/** Checks the access tokens of this API. `cached` answers at once for a token that was checked within the last minute. */
export interface TokenVerifier {
  cached(token: string): AccessToken | undefined;
  verify(token: string): Promise<AccessToken | typeof notForThisApi | undefined>;
}

/**
 * A checked token is trusted without another look for this long: the time that a revoked client's tokens live on.
 * Milliseconds.
 */
const trustedFor = 60_000;

/** Signs and checks access tokens: RS256 JWTs (RFC 9068). */
export class AccessTokens implements TokenVerifier {
  readonly #pool: pg.Pool;
  readonly #issuer: string;
  readonly #ring: KeyRing;
  /** 10,000 tokens of 700 characters take about 10 MB. */
  readonly #checked = new LRUCache<string, AccessToken>({ max: 10_000 });
  /** what `#checked` was found out by: `changes` of the key ring */
  #checkedBy = 0;

  /** `issuer` is the public URL of the service. */
  constructor({ pool, issuer, ring }: { pool: pg.Pool; issuer: string; ring: KeyRing }) {
    this.#pool = pool;
    this.#issuer = issuer;
    this.#ring = ring;
  }

  /** The public keys, for GET /keys. */
  publicKeys(): Promise<JWK[]> {
    return this.#ring.publicKeys();
  }

  /** A token for a client of either kind, with the scopes granted to it. */
  async sign({ clientId, environmentId, audience, lifetime, claims }: AuthenticatedClient, scopes: readonly string[]): Promise<string> {
    const key = await this.#ring.signer(environmentId, lifetime);
    const token = new SignJWT({
      ...claims,
      client_id: clientId,
      environment_id: formatId('env', environmentId),
      scopes,
      scope: scopes.join(' '),
    })
      .setProtectedHeader({ alg: 'RS256', kid: key.kid, typ: 'at+jwt' })
      .setIssuer(this.#issuer)
      .setSubject(clientId)
      .setIssuedAt()
      .setExpirationTime(`${lifetime}s`)
      .setJti(randomUUID());
    if (audience === 'issuer') token.setAudience(this.#issuer);
    else if (audience.length > 0) token.setAudience([...audience]);
    return token.sign(key.privateKey);
  }

  cached(token: string): AccessToken | undefined {
    if (!this.#ring.isFresh()) return undefined;
    if (this.#checkedBy !== this.#ring.changes) {
      this.#checked.clear();
      this.#checkedBy = this.#ring.changes;
    }
    return this.#checked.get(token);
  }

  /**
   * What the token says, or undefined if it is not valid now, or its client was revoked. A valid one of an organization's client is told apart: who hears
   * that a token is not valid gets another, and asks with that again and again.
   */
  async verify(token: string): Promise<AccessToken | typeof notForThisApi | undefined> {
    await this.#ring.refresh();
    const known = this.cached(token);
    if (known !== undefined) return known;
    const { changes } = this.#ring;
    const payload = await this.#payload(token);
    if (payload === undefined) return undefined;
    const environmentId = parseId('env', String(payload.environment_id));
    if (environmentId === undefined) return undefined;
    if (!this.#ring.holds(environmentId, decodeProtectedHeader(token).kid)) return undefined;
    // Clients of organizations have tokens signed with the same keys, and may have any audience: they are not let in.
    if (parseId('m2morg', String(payload.client_id)) !== undefined) return notForThisApi;
    const clientId = parseId('skc', String(payload.client_id));
    if (clientId === undefined || ![payload.aud].flat().includes(this.#issuer) || isTooOld(payload)) return undefined;
    const current = await findScopes(this.#pool, environmentId, clientId);
    if (current === undefined) return undefined;
    const granted = String(payload.scope).split(' ');
    const read: AccessToken = { clientId, environmentId, scopes: current.filter((scope) => granted.includes(scope)) };
    const validFor = ((payload.exp ?? 0) + clockTolerance) * 1000 - Date.now();
    // Not if a key has ended since it was looked at.
    if (changes === this.#checkedBy) this.#checked.set(token, read, { ttl: Math.max(1, Math.min(validFor, trustedFor)) });
    return read;
  }

  /** What a token says that is signed by one of our keys and valid now, whomever it is for. */
  async #payload(token: string): Promise<JWTPayload | undefined> {
    if (!isPlainSpelling(token)) return undefined;
    const options = {
      algorithms: ['RS256'],
      issuer: this.#issuer,
      typ: 'at+jwt',
      clockTolerance,
      // Also refuses what was made in the future. Clients of organizations have tokens that live longest.
      maxTokenAge: clientLifetime.max,
      requiredClaims: ['exp', 'iat'],
    };
    try {
      return (await jwtVerify(token, this.#ring.keySet, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) return undefined;
    }
    // Another server may have made a key since.
    await this.#ring.readAnew();
    return jwtVerify(token, this.#ring.keySet, options).then(
      ({ payload }) => payload,
      () => undefined,
    );
  }
}

/** Whether a token is older than any that opens this API, whatever it says of its end. */
function isTooOld({ iat = 0 }: JWTPayload): boolean {
  return Math.floor(Date.now() / 1000) - iat - clockTolerance > longestLifetime;
}

/** Decoding is lax: bits that say nothing may be set. Only the spelling that `sign` makes is a token, so that each has one. */
function isPlainSpelling(token: string): boolean {
  return token.split('.').every((part) => Buffer.from(part, 'base64url').toString('base64url') === part);
}
