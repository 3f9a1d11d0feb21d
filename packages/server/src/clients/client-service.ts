import type { Client, ClientSecretAnswer, CreateClient, Scope } from '@crosswalk/contract';
import type pg from 'pg';
import { holdEnvironment } from '../database/hold-environment.ts';
import { uniqueViolation } from '../database/sql-error.ts';
import { inTransaction } from '../database/transaction.ts';
import { type RequestContext, systemContext } from '../environments/index.ts';
import { appendEvents, eventOf } from '../events/index.ts';
import { ApiError } from '../lib/api-error.ts';
import { formatId, type IdGenerator, parseId } from '../lib/id.ts';
import { type Preconditions, requireVersion } from '../lib/preconditions.ts';
import { hashSecret, hintOf, newSecret } from '../lib/secret.ts';
import { requireText } from '../lib/text.ts';
import { clientNotFound, clientSecretNotFound, maxClients, maxSecrets } from './client.ts';
import { countClients, deleteClient, findClient, hasClients, insertClient, listClients, lockClient, raiseClient } from './client-store.ts';
import { deleteSecret, insertSecret } from './secret-store.ts';

const allScopes: Scope[] = ['read', 'write'];

/** The use cases of API clients and their secrets. Each change and its event are one transaction. */
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
  create(context: RequestContext, { name, scopes = allScopes }: CreateClient): Promise<ClientSecretAnswer> {
    requireText(name, 'name', 'name');
    return inTransaction(this.#pool, async (tx) => {
      // So that no two take the last place.
      await holdEnvironment(tx, context.environmentId);
      if ((await countClients(tx, context.environmentId)) >= maxClients)
        throw new ApiError('TOO_MANY_CLIENTS', `there are ${maxClients} API clients already`);
      const made = await this.#insert(tx, context.environmentId, this.#ids.next(), name, scopes, newSecret('cwk'));
      await appendEvents(tx, context, this.#ids, [eventOf('client.created', 'client', undefined, made.client)]);
      return made;
    });
  }

  /**
   * Makes the first client of an environment unless it has one: with the given credentials, or new ones. A client that has the given ID
   * already is left alone, whatever environment it is in. Returns the credentials if it was made. Servers that start together make one: the
   * environment is locked.
   */
  async createFirst(environmentId: string, given?: { id: string | undefined; secret: string }): Promise<ClientSecretAnswer | undefined> {
    const id = given?.id === undefined ? this.#ids.next() : (parseId('skc', given.id) ?? this.#ids.next());
    try {
      return await inTransaction(this.#pool, async (tx) => {
        await holdEnvironment(tx, environmentId);
        if (await hasClients(tx, environmentId)) return undefined;
        const made = await this.#insert(tx, environmentId, id, 'First client', allScopes, given?.secret ?? newSecret('cwk'));
        const event = eventOf('client.created', 'client', undefined, made.client);
        await appendEvents(tx, systemContext(environmentId, 'first-start'), this.#ids, [event]);
        return made;
      });
    } catch (error) {
      if (uniqueViolation(error) !== 'clients_id_key') throw error;
      return undefined;
    }
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
  createSecret(context: RequestContext, clientId: string, preconditions: Preconditions): Promise<ClientSecretAnswer> {
    const { environmentId } = context;
    return inTransaction(this.#pool, async (tx) => {
      const before = await this.#lock(tx, environmentId, clientId, preconditions);
      if (before.secrets.length >= maxSecrets) {
        throw new ApiError('TOO_MANY_CLIENT_SECRETS', `${before.id} has ${maxSecrets} live secrets; delete the older one first`);
      }
      await raiseClient(tx, environmentId, clientId);
      const made = await this.#addSecret(tx, environmentId, clientId, newSecret('cwk'));
      await appendEvents(tx, context, this.#ids, [eventOf('client.updated', 'client', before, made.client)]);
      return made;
    });
  }

  /** Revokes a secret at once. The last one cannot be: revoke the client. */
  deleteSecret(context: RequestContext, clientId: string, secretId: string, preconditions: Preconditions): Promise<void> {
    const { environmentId } = context;
    return inTransaction(this.#pool, async (tx) => {
      const before = await this.#lock(tx, environmentId, clientId, preconditions);
      const secret = formatId('sks', secretId);
      if (!before.secrets.some(({ id }) => id === secret)) throw clientSecretNotFound(before.id, secret);
      if (before.secrets.length === 1)
        throw new ApiError('LAST_CLIENT_SECRET', 'this is the only secret; make another first, or delete the client');
      await deleteSecret(tx, environmentId, 'skc', clientId, secretId);
      await raiseClient(tx, environmentId, clientId);
      const after = await this.#read(tx, environmentId, clientId);
      await appendEvents(tx, context, this.#ids, [eventOf('client.updated', 'client', before, after)]);
    });
  }

  /** Revokes a client: no token is granted from now on, and its tokens end within a minute. */
  delete(context: RequestContext, clientId: string, preconditions: Preconditions): Promise<void> {
    return inTransaction(this.#pool, async (tx) => {
      const before = await this.#lock(tx, context.environmentId, clientId, preconditions);
      await deleteClient(tx, context.environmentId, clientId);
      await appendEvents(tx, context, this.#ids, [eventOf('client.deleted', 'client', before, undefined)]);
    });
  }

  async #read(db: pg.Pool | pg.PoolClient, environmentId: string, id: string): Promise<Client> {
    const client = await findClient(db, environmentId, id);
    if (client === undefined) throw clientNotFound(id);
    return client;
  }

  async #lock(tx: pg.PoolClient, environmentId: string, id: string, preconditions: Preconditions): Promise<Client> {
    const client = await lockClient(tx, environmentId, id);
    if (client === undefined) throw clientNotFound(id);
    requireVersion(preconditions, client);
    return client;
  }
}
