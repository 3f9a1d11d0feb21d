import type { Client, ClientSecretAnswer, CreateClient, Scope } from '@crosswalk/contract';
import type pg from 'pg';
import { inTransaction } from '../database/transaction.ts';
import type { RequestContext } from '../environments/index.ts';
import { ApiError } from '../lib/api-error.ts';
import { formatId, type IdGenerator, parseId } from '../lib/id.ts';
import { hashSecret, hintOf, newSecret } from '../lib/secret.ts';
import { requireText } from '../lib/text.ts';
import { maxSecrets } from './client.ts';
import { deleteClient, findClient, hasClients, insertClient, listClients, lockClient } from './client-store.ts';
import { deleteSecret, insertSecret } from './secret-store.ts';

const allScopes: Scope[] = ['read', 'write'];

/** The use cases of API clients and their secrets. */
export class ClientService {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;

  constructor({ pool, ids }: { pool: pg.Pool; ids: IdGenerator }) {
    this.#pool = pool;
    this.#ids = ids;
  }

  /** All clients of the environment. */
  list({ environmentId }: RequestContext): Promise<Client[]> {
    return listClients(this.#pool, environmentId);
  }

  /** The client; 404 if there is none. */
  get({ environmentId }: RequestContext, id: string): Promise<Client> {
    return this.#read(this.#pool, environmentId, id);
  }

  /** Makes a client with its first secret, which only this answer shows. */
  create({ environmentId }: RequestContext, { name, scopes = allScopes }: CreateClient): Promise<ClientSecretAnswer> {
    requireText(name, 'name', 'name');
    return inTransaction(this.#pool, (tx) => this.#insert(tx, environmentId, this.#ids.next(), name, scopes, newSecret('cwk')));
  }

  /**
   * Makes the first client of an environment unless it has one: with the given credentials, or new ones.
   * Returns the credentials if it was made. Servers that start together make one: the environment is locked.
   */
  createFirst(environmentId: string, given?: { id: string | undefined; secret: string }): Promise<ClientSecretAnswer | undefined> {
    return inTransaction(this.#pool, async (tx) => {
      await tx.query('select from environments where id = $1 for update', [environmentId]);
      if (await hasClients(tx, environmentId)) return undefined;
      const id = given?.id === undefined ? this.#ids.next() : (parseId('skc', given.id) ?? this.#ids.next());
      return this.#insert(tx, environmentId, id, 'First client', allScopes, given?.secret ?? newSecret('cwk'));
    });
  }

  async #insert(
    tx: pg.PoolClient,
    environmentId: string,
    id: string,
    name: string,
    scopes: readonly Scope[],
    secret: string,
  ): Promise<ClientSecretAnswer> {
    await insertClient(tx, environmentId, id, name, scopes);
    return this.#addSecret(tx, environmentId, id, secret);
  }

  async #addSecret(tx: pg.PoolClient, environmentId: string, clientId: string, secret: string): Promise<ClientSecretAnswer> {
    const secretId = this.#ids.next();
    await insertSecret(tx, environmentId, 'skc', clientId, secretId, hashSecret(secret), hintOf(secret));
    return { client: await this.#read(tx, environmentId, clientId), secret_id: formatId('sks', secretId), plain_secret: secret };
  }

  /** Adds a second secret, so that the first can be replaced without a gap. Only this answer shows it. */
  createSecret({ environmentId }: RequestContext, clientId: string): Promise<ClientSecretAnswer> {
    return inTransaction(this.#pool, async (tx) => {
      const { secretIds } = await this.#lock(tx, environmentId, clientId);
      if (secretIds.length >= maxSecrets) {
        throw new ApiError(
          'TOO_MANY_CLIENT_SECRETS',
          `${formatId('skc', clientId)} has ${maxSecrets} live secrets; delete the older one first`,
        );
      }
      return this.#addSecret(tx, environmentId, clientId, newSecret('cwk'));
    });
  }

  /** Revokes a secret at once. The last one cannot be: revoke the client. */
  deleteSecret({ environmentId }: RequestContext, clientId: string, secretId: string): Promise<void> {
    return inTransaction(this.#pool, async (tx) => {
      const { secretIds } = await this.#lock(tx, environmentId, clientId);
      if (!secretIds.includes(secretId))
        throw new ApiError('CLIENT_NOT_FOUND', `${formatId('skc', clientId)} has no secret ${formatId('sks', secretId)}`);
      if (secretIds.length === 1)
        throw new ApiError('LAST_CLIENT_SECRET', 'this is the only secret; make another first, or delete the client');
      await deleteSecret(tx, environmentId, 'skc', clientId, secretId);
    });
  }

  /** Revokes a client: no token is granted from now on, and its tokens end within a minute. */
  async delete({ environmentId }: RequestContext, clientId: string): Promise<void> {
    if (!(await deleteClient(this.#pool, environmentId, clientId))) throw clientNotFound(clientId);
  }

  async #read(db: pg.Pool | pg.PoolClient, environmentId: string, id: string): Promise<Client> {
    const client = await findClient(db, environmentId, id);
    if (client === undefined) throw clientNotFound(id);
    return client;
  }

  async #lock(tx: pg.PoolClient, environmentId: string, id: string): Promise<{ secretIds: string[] }> {
    const locked = await lockClient(tx, environmentId, id);
    if (locked === undefined) throw clientNotFound(id);
    return locked;
  }
}

function clientNotFound(id: string): ApiError {
  return new ApiError('CLIENT_NOT_FOUND', `there is no client ${formatId('skc', id)}`);
}
