import type {
  CreateOrganizationClient,
  CreateOrganizationClientAnswer,
  OrganizationClient,
  OrganizationClientSecretAnswer,
  UpdateOrganizationClient,
} from '@crosswalk/contract';
import type { Either } from './case.ts';
import { segment } from './identifiers.ts';
import { readOptions } from './options.ts';
import { List, type PageInfo, type PageOptions, pageNames } from './pages.ts';
import type { CallOptions, ChangeOptions, Connection } from './request.ts';

/** One page of the clients of an organization. */
export interface OrganizationClientPage extends PageInfo {
  clients: OrganizationClient[];
}

/** The clients of organizations: machines of your customers that get tokens for your services. */
export class OrganizationClients {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Makes a client. Its secret is in this answer and nowhere else. */
  create(
    organizationId: string,
    client: Either<CreateOrganizationClient> = {},
    options?: CallOptions,
  ): Promise<CreateOrganizationClientAnswer> {
    return this.#connection.call({ method: 'POST', path: collectionOf(organizationId), body: client, once: true, options });
  }

  /** The client; a `NotFoundError` if the organization has no such client. */
  async get(organizationId: string, clientId: string, options?: CallOptions): Promise<OrganizationClient> {
    return this.#one({ method: 'GET', path: pathOf(organizationId, clientId), options });
  }

  /** Changes the fields that are given; a list is replaced as a whole. */
  async update(
    organizationId: string,
    clientId: string,
    changes: Either<UpdateOrganizationClient>,
    options?: ChangeOptions,
  ): Promise<OrganizationClient> {
    return this.#one({ method: 'PATCH', path: pathOf(organizationId, clientId), body: changes, takes: 'change', options });
  }

  /** Revokes the client: it gets no new token. Tokens it has are valid until they expire. */
  async delete(organizationId: string, clientId: string, options?: ChangeOptions): Promise<void> {
    await this.#connection.call({ method: 'DELETE', path: pathOf(organizationId, clientId), takes: 'change', options });
  }

  /** Newest first. */
  list(organizationId: string, page: PageOptions = {}, options?: CallOptions) {
    const { pageSize, pageToken } = readOptions(page, pageNames);
    return new List<OrganizationClientPage, OrganizationClient>(
      (token) =>
        this.#connection.call(
          {
            method: 'GET',
            path: collectionOf(organizationId),
            query: { page_size: pageSize, page_token: token },
            options,
          },
          'clients',
        ),
      (page) => page.clients,
      pageToken,
    );
  }

  /** Adds a second secret, so that the first can be replaced without a gap. It is in this answer and nowhere else. */
  createSecret(organizationId: string, clientId: string, options?: ChangeOptions): Promise<OrganizationClientSecretAnswer> {
    const path = `${pathOf(organizationId, clientId)}/secrets`;
    return this.#connection.call({ method: 'POST', path, once: true, takes: 'change', options });
  }

  /** Revokes one secret; not the last one. */
  async deleteSecret(organizationId: string, clientId: string, secretId: string, options?: ChangeOptions): Promise<void> {
    const path = `${pathOf(organizationId, clientId)}/secrets/${segment('secretId', secretId)}`;
    await this.#connection.call({ method: 'DELETE', path, once: 'conditional', takes: 'change', options });
  }

  async #one(call: Parameters<Connection['call']>[0]): Promise<OrganizationClient> {
    const { client } = await this.#connection.call<{ client: OrganizationClient }>(call, 'client');
    return client;
  }
}

function collectionOf(organizationId: string): string {
  return `/api/v1/organizations/${segment('organizationId', organizationId)}/clients`;
}

function pathOf(organizationId: string, clientId: string): string {
  return `${collectionOf(organizationId)}/${segment('clientId', clientId)}`;
}
