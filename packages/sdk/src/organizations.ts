import type { CreateOrganization, UpdateOrganization } from '@crosswalk/contract';
import type { Either } from './case.ts';
import { NotFoundError } from './errors.ts';
import { externalQuery, type SystemOption, segment } from './identifiers.ts';
import { List, type PageInfo, type PageOptions } from './pages.ts';
import type { CallOptions, ChangeOptions, Connection, UpsertOptions } from './request.ts';
import type { Organization, Part, Whole } from './types.ts';

const collection = '/api/v1/organizations';
const external = `${collection}:external`;

/** One page of organizations. */
export interface OrganizationPage<Data> extends PageInfo {
  organizations: Organization<Data>[];
}

/** The organizations of the environment: the customers of your product. */
export class Organizations<Data> {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Makes an organization; a `ConflictError` names who has the external ID. */
  async create(organization: Either<Whole<CreateOrganization, Data>>, options?: CallOptions): Promise<Organization<Data>> {
    return this.#one({ method: 'POST', path: collection, body: organization, options });
  }

  /** The organization; a `NotFoundError` if there is none. */
  async get(id: string, options?: CallOptions): Promise<Organization<Data>> {
    return this.#one({ method: 'GET', path: `${collection}/${segment('id', id)}`, options });
  }

  /** The organization with this external ID or alias, or null. */
  async getByExternalId(externalId: string, options: SystemOption & CallOptions = {}): Promise<Organization<Data> | null> {
    try {
      return await this.#one({ method: 'GET', path: external, query: externalQuery(externalId, options), options });
    } catch (error) {
      if (error instanceof NotFoundError) return null;
      throw error;
    }
  }

  /** Changes the fields that are given; metadata merges, null removes a key. */
  async update(id: string, changes: Either<Part<UpdateOrganization, Data>>, options?: ChangeOptions): Promise<Organization<Data>> {
    return this.#one({ method: 'PATCH', path: `${collection}/${segment('id', id)}`, body: changes, options });
  }

  /** As `update`, for the organization with this external ID. */
  async updateByExternalId(
    externalId: string,
    changes: Either<Part<UpdateOrganization, Data>>,
    options: SystemOption & ChangeOptions = {},
  ): Promise<Organization<Data>> {
    return this.#one({ method: 'PATCH', path: external, query: externalQuery(externalId, options), body: changes, options });
  }

  /** Creates the organization with this external ID, or updates it: one call, safe to make from many places at once. */
  upsertByExternalId(
    externalId: string,
    fields: Either<Part<UpdateOrganization, Data>>,
    options: SystemOption & UpsertOptions = {},
  ): Promise<{ organization: Organization<Data>; created: boolean }> {
    return this.#connection.call({ method: 'PUT', path: external, query: externalQuery(externalId, options), body: fields, options });
  }

  /** Puts other metadata in place of all that is there. */
  async replaceMetadata(id: string, metadata: Data, options?: ChangeOptions): Promise<Organization<Data>> {
    return this.#one({ method: 'PUT', path: `${collection}/${segment('id', id)}/metadata`, body: metadata, asIs: true, options });
  }

  /** Removes the organization with its memberships and domains. Its users stay. */
  async delete(id: string, options?: ChangeOptions): Promise<void> {
    await this.#connection.call({ method: 'DELETE', path: `${collection}/${segment('id', id)}`, options });
  }

  /** As `delete`, for the organization with this external ID. */
  async deleteByExternalId(externalId: string, options: SystemOption & ChangeOptions = {}): Promise<void> {
    await this.#connection.call({ method: 'DELETE', path: external, query: externalQuery(externalId, options), options });
  }

  /** Newest first; `filter` is a condition on metadata, such as `metadata.plan = "enterprise"`. */
  list({ filter, externalId, ...page }: PageOptions & { filter?: string; externalId?: string } = {}, options?: CallOptions) {
    return this.#list(collection, { filter, external_id: externalId }, page, options);
  }

  /** Those whose name, external ID or ID contains a text of 3 to 100 characters. */
  search(query: string, page: PageOptions = {}, options?: CallOptions) {
    return this.#list(`${collection}:search`, { query }, page, options);
  }

  #list(path: string, query: Record<string, string | undefined>, { pageSize, pageToken }: PageOptions, options: CallOptions | undefined) {
    return new List<OrganizationPage<Data>, Organization<Data>>(
      (token) => this.#connection.call({ method: 'GET', path, query: { ...query, page_size: pageSize, page_token: token }, options }),
      (page) => page.organizations,
      pageToken,
    );
  }

  async #one(call: Parameters<Connection['call']>[0]): Promise<Organization<Data>> {
    const { organization } = await this.#connection.call<{ organization: Organization<Data> }>(call);
    return organization;
  }
}
