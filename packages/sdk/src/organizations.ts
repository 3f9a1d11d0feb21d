import type {
  Alias,
  ApplicationSessionPolicy,
  CreateOrganization,
  MatchedBy,
  SessionPolicy,
  UpdateOrganization,
  UpdateOrganizationSettings,
  UpdateSessionPolicy,
  UpsertUserManagementSettings,
  UserManagementSettings,
} from '@crosswalk/contract';
import type { Either } from './case.ts';
import { NotFoundError } from './errors.ts';
import { RecordHistory } from './history.ts';
import { type Address, addressOf, type RecordName, type SystemOption, segment } from './identifiers.ts';
import { readOptions } from './options.ts';
import { List, type PageInfo, type PageOptions, pageNames } from './pages.ts';
import type { CallOptions, ChangeOptions, Connection, UpsertOptions } from './request.ts';
import type { Matched, Organization, Part, Whole } from './types.ts';

const collection = '/api/v1/organizations';
const external = `${collection}:external`;

/** One page of organizations. */
export interface OrganizationPage<Data> extends PageInfo {
  organizations: Organization<Data>[];
}

/** The organizations of the environment: the customers of your product. */
export class Organizations<Data> {
  readonly #connection: Connection;
  /** what happened to each */
  readonly history: RecordHistory<Organization<Data>>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.history = new RecordHistory(connection, collection, 'organization');
  }

  /** Makes an organization; a `ConflictError` names who has the external ID. */
  async create(organization: Either<Whole<CreateOrganization, Data>>, options?: CallOptions): Promise<Organization<Data>> {
    return this.#one({ method: 'POST', path: collection, body: organization, options });
  }

  /** The organization; a `NotFoundError` if there is none. */
  async get(id: string, options?: CallOptions): Promise<Organization<Data>> {
    return this.#one({ method: 'GET', path: `${collection}/${segment('id', id)}`, options });
  }

  /** The organization with this external ID or alias, or null; `matched_by` says which. */
  async getByExternalId(externalId: string, options?: SystemOption & CallOptions): Promise<Matched<Organization<Data>> | null> {
    try {
      return await this.#matched({ method: 'GET', path: external, externalId, options });
    } catch (error) {
      if (error instanceof NotFoundError) return null;
      throw error;
    }
  }

  /** The external IDs that the organization used to have and that lead to it still, those that end last first; at most 1,000. */
  async aliases(organization: RecordName, options?: CallOptions): Promise<Alias[]> {
    const { aliases } = await this.#connection.call<{ aliases: Alias[] }>(
      { method: 'GET', ...partOf(organization, 'aliases'), options },
      'aliases',
    );
    return aliases;
  }

  /** Changes the fields that are given; metadata merges, null removes a key. */
  async update(id: string, changes: Either<Part<UpdateOrganization, Data>>, options?: ChangeOptions): Promise<Organization<Data>> {
    return this.#one({ method: 'PATCH', path: `${collection}/${segment('id', id)}`, body: changes, takes: 'change', options });
  }

  /** As `update`, for the organization with this external ID. */
  async updateByExternalId(
    externalId: string,
    changes: Either<Part<UpdateOrganization, Data>>,
    options?: SystemOption & ChangeOptions,
  ): Promise<Matched<Organization<Data>>> {
    return this.#matched({
      method: 'PATCH',
      path: external,
      externalId,
      body: changes,
      takes: 'change',
      options,
    });
  }

  /** Creates the organization with this external ID, or updates it: one call, safe to make from many places at once. */
  async upsertByExternalId(
    externalId: string,
    fields: Either<Part<UpdateOrganization, Data>>,
    options?: SystemOption & UpsertOptions,
  ): Promise<{ organization: Organization<Data>; created: boolean; matched_by?: MatchedBy }> {
    return this.#connection.call({
      method: 'PUT',
      path: external,
      externalId,
      body: fields,
      takes: 'upsert',
      options,
    });
  }

  /** Puts other metadata in place of all that is there. */
  async replaceMetadata(organization: RecordName, metadata: Data, options?: ChangeOptions): Promise<Organization<Data>> {
    return this.#one({ method: 'PUT', ...partOf(organization, 'metadata'), body: metadata, asIs: true, takes: 'change', options });
  }

  /** Removes the organization with its memberships and domains. Its users stay. */
  async delete(id: string, options?: ChangeOptions): Promise<void> {
    await this.#connection.call({ method: 'DELETE', path: `${collection}/${segment('id', id)}`, takes: 'change', options });
  }

  /** As `delete`, for the organization with this external ID. */
  async deleteByExternalId(externalId: string, options?: SystemOption & ChangeOptions): Promise<void> {
    await this.#connection.call({ method: 'DELETE', path: external, externalId, once: 'named', takes: 'change', options });
  }

  /** Switches features on and off; those not named stay. The answer shows all. */
  async updateSettings(
    organization: RecordName,
    settings: UpdateOrganizationSettings,
    options?: ChangeOptions,
  ): Promise<Organization<Data>> {
    return this.#one({ method: 'PATCH', ...partOf(organization, 'settings'), body: settings, takes: 'change', options });
  }

  /** How many users the organization may have: `{}` when that was never set. */
  async getUserManagementSettings(organization: RecordName, options?: CallOptions): Promise<UserManagementSettings> {
    return this.#usersOf({ method: 'GET', ...partOf(organization, 'settings/usermanagement'), options });
  }

  /**
   * Sets how many users may be active or invited at once: 0 is no limit, null unsets. Over it, what would add a user is
   * a `ValidationError` with the code `USER_LIMIT_REACHED`.
   */
  async upsertUserManagementSettings(
    organization: RecordName,
    settings: Either<UpsertUserManagementSettings['settings']>,
    options?: ChangeOptions,
  ): Promise<UserManagementSettings> {
    return this.#usersOf({
      method: 'PATCH',
      ...partOf(organization, 'settings/usermanagement'),
      body: { settings },
      takes: 'change',
      options,
    });
  }

  /** When sessions of the organization's users end. Times in minutes; what was never set is absent. */
  async getSessionPolicy(organization: RecordName, options?: CallOptions): Promise<SessionPolicy> {
    return this.#policyOf({ method: 'GET', ...partOf(organization, 'session-policy'), options });
  }

  /** Sets when sessions of the organization's users end; `policySource: 'APPLICATION'` ends its own policy. */
  async updateSessionPolicy(
    organization: RecordName,
    policy: Either<UpdateSessionPolicy>,
    options?: ChangeOptions,
  ): Promise<SessionPolicy> {
    return this.#policyOf({ method: 'PATCH', ...partOf(organization, 'session-policy'), body: policy, takes: 'change', options });
  }

  /** The session policy of organizations without one of their own. Times in minutes. */
  async getApplicationSessionPolicy(organization: RecordName, options?: CallOptions): Promise<ApplicationSessionPolicy> {
    const { application_policy: policy } = await this.#connection.call<{ application_policy: ApplicationSessionPolicy }>(
      { method: 'GET', ...partOf(organization, 'application-session-policy'), options },
      'application_policy',
    );
    return policy;
  }

  /** Newest first; `filter` is a condition on metadata, such as `metadata.plan = "enterprise"`. */
  list(wanted: PageOptions & { filter?: string; externalId?: string; slug?: string } = {}, options?: CallOptions) {
    const { filter, externalId, slug, ...page } = readOptions(wanted, { filter: true, externalId: true, slug: true, ...pageNames });
    return this.#list(collection, { filter, external_id: externalId, slug }, page, options);
  }

  /** Those whose name, external ID or ID contains a text of 3 to 100 characters. */
  search(query: string, page: PageOptions = {}, options?: CallOptions) {
    return this.#list(`${collection}:search`, { query }, readOptions(page, pageNames), options);
  }

  #list(path: string, query: Record<string, string | undefined>, { pageSize, pageToken }: PageOptions, options: CallOptions | undefined) {
    return new List<OrganizationPage<Data>, Organization<Data>>(
      (token) =>
        this.#connection.call(
          { method: 'GET', path, query: { ...query, page_size: pageSize, page_token: token }, options },
          'organizations',
        ),
      (page) => page.organizations,
      pageToken,
    );
  }

  async #one(call: Parameters<Connection['call']>[0]): Promise<Organization<Data>> {
    const { organization } = await this.#connection.call<{ organization: Organization<Data> }>(call, 'organization');
    return organization;
  }

  async #matched(call: Parameters<Connection['call']>[0]): Promise<Matched<Organization<Data>>> {
    const { organization, matched_by } = await this.#connection.call<{ organization: Organization<Data>; matched_by: MatchedBy }>(
      call,
      'organization',
    );
    return { ...organization, matched_by };
  }

  async #usersOf(call: Parameters<Connection['call']>[0]): Promise<UserManagementSettings> {
    const { settings } = await this.#connection.call<{ settings: UserManagementSettings }>(call, 'settings');
    return settings;
  }

  async #policyOf(call: Parameters<Connection['call']>[0]): Promise<SessionPolicy> {
    const { policy } = await this.#connection.call<{ policy: SessionPolicy }>(call, 'policy');
    return policy;
  }
}

function partOf(organization: RecordName, part: string): Address {
  return addressOf(collection, 'organization', organization, part);
}
