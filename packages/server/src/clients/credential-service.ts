import type pg from 'pg';
import { formatId, parseId } from '../lib/id.ts';
import { type ClientKind, findMatch } from './client.ts';
import { claimsOf } from './organization-client.ts';
import { type Credential, findCredentials, touchSecret } from './secret-store.ts';

/** A client whose secret was right, of either kind: what its tokens say. */
export interface AuthenticatedClient {
  /** public ID */
  clientId: string;
  /** database ID */
  environmentId: string;
  /** what may be granted to it */
  scopes: readonly string[];
  /** whom its tokens are for: `issuer` is this API, an empty list nobody in particular */
  audience: readonly string[] | 'issuer';
  /** seconds */
  lifetime: number;
  /** what else its tokens say */
  claims: Record<string, unknown>;
}

/** The one place where clients of either kind prove who they are. */
export class CredentialService {
  readonly #pool: pg.Pool;
  readonly #lifetime: number;

  /** `lifetime` is that of tokens of clients of the environment, in seconds. */
  constructor({ pool, lifetime }: { pool: pg.Pool; lifetime: number }) {
    this.#pool = pool;
    this.#lifetime = lifetime;
  }

  /** The client whose ID and secret these are (as sent), or undefined. The time it takes does not tell which was wrong. */
  async authenticate(clientId: string, secret: string): Promise<AuthenticatedClient | undefined> {
    const kind: ClientKind = clientId.startsWith('m2morg_') ? 'm2morg' : 'skc';
    const id = parseId(kind, clientId);
    const match = findMatch(await findCredentials(this.#pool, kind, id ?? '0'), secret);
    if (id === undefined || match === undefined) return undefined;
    await touchSecret(this.#pool, match.environment_id, kind, id, match.secret_id);
    return authenticated(formatId(kind, id), match, this.#lifetime);
  }
}

function authenticated(
  clientId: string,
  { environment_id: environmentId, scopes, organization }: Credential,
  lifetime: number,
): AuthenticatedClient {
  if (organization === null) return { clientId, environmentId, scopes, audience: 'issuer', lifetime, claims: {} };
  const { audience, expiry } = organization;
  return { clientId, environmentId, scopes, audience, lifetime: expiry, claims: claimsOf(environmentId, organization) };
}
