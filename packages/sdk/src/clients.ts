import type { Client, ClientSecretAnswer, CreateClient } from '@crosswalk/contract';
import { segment } from './identifiers.ts';
import type { CallOptions, ChangeOptions, Connection } from './request.ts';

const collection = '/api/v1/clients';

/** The API credentials of the environment. */
export class Clients {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Makes a client. Its secret is in this answer and nowhere else. */
  create(client: CreateClient, options?: CallOptions): Promise<ClientSecretAnswer> {
    return this.#connection.call({ method: 'POST', path: collection, body: client, once: true, options });
  }

  /** All clients, oldest first. */
  async list(options?: CallOptions): Promise<Client[]> {
    const { clients } = await this.#connection.call<{ clients: Client[] }>({ method: 'GET', path: collection, options }, 'clients');
    return clients;
  }

  /** The client; a `NotFoundError` if there is none. */
  async get(id: string, options?: CallOptions): Promise<Client> {
    const { client } = await this.#connection.call<{ client: Client }>({ method: 'GET', path: pathOf(id), options }, 'client');
    return client;
  }

  /** Revokes the client. */
  async delete(id: string, options?: ChangeOptions): Promise<void> {
    await this.#connection.call({ method: 'DELETE', path: pathOf(id), takes: 'change', options });
  }

  /** Adds a second secret, so that the first can be replaced without a gap. */
  createSecret(id: string, options?: ChangeOptions): Promise<ClientSecretAnswer> {
    return this.#connection.call({ method: 'POST', path: `${pathOf(id)}/secrets`, once: true, takes: 'change', options });
  }

  /** Revokes one secret; not the last one. */
  async deleteSecret(id: string, secretId: string, options?: ChangeOptions): Promise<void> {
    const path = `${pathOf(id)}/secrets/${segment('secretId', secretId)}`;
    await this.#connection.call({ method: 'DELETE', path, once: 'conditional', takes: 'change', options });
  }
}

function pathOf(id: string): string {
  return `${collection}/${segment('id', id)}`;
}
