import type { Alias, CreateUser, CreateUserAndMembership, Invitation, MatchedBy, UpdateUser } from '@crosswalk/contract';
import type { Either } from './case.ts';
import { NotFoundError } from './errors.ts';
import { RecordHistory } from './history.ts';
import { addressOf, type RecordName, type SystemOption, segment } from './identifiers.ts';
import { invitationIn } from './invitations.ts';
import { type OptionNames, readOptions } from './options.ts';
import { List, type PageInfo, type PageOptions, pageNames } from './pages.ts';
import type { CallOptions, ChangeOptions, Connection, UpsertOptions } from './request.ts';
import type { Matched, Membership, Part, User, Whole } from './types.ts';

const collection = '/api/v1/users';
const external = `${collection}:external`;

/** One page of users. */
export interface UserPage<Data, MembershipData> extends PageInfo {
  users: User<Data, MembershipData>[];
}

/** Which users a list has. */
export interface UsersOptions extends PageOptions {
  /** a condition on metadata */
  filter?: string;
  externalId?: string;
  email?: string;
}

const usersNames: OptionNames<UsersOptions> = { filter: true, externalId: true, email: true, ...pageNames };

/** The users of the environment: people, each in any number of organizations. */
export class Users<Data, MembershipData> {
  readonly #connection: Connection;
  /** what happened to each */
  readonly history: RecordHistory<User<Data, MembershipData>>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.history = new RecordHistory(connection, collection, 'user');
  }

  /** Makes a user without a membership; a `ConflictError` names who has the address or the external ID. */
  async createUser(user: Either<Whole<CreateUser, Data>>, options?: CallOptions): Promise<User<Data, MembershipData>> {
    return this.#one({ method: 'POST', path: collection, body: user, options });
  }

  /** Makes a user and their first membership together, or neither. */
  createUserAndMembership(
    organizationId: string,
    user: Either<Whole<CreateUserAndMembership, Data>>,
    options?: CallOptions,
  ): Promise<{ user: User<Data, MembershipData>; membership: Membership<MembershipData>; invitation: Invitation | null }> {
    return this.#connection.call({ method: 'POST', path: membersOf(organizationId), body: user, options });
  }

  /** The user; a `NotFoundError` if there is none. */
  async getUser(id: string, options?: CallOptions): Promise<User<Data, MembershipData>> {
    return this.#one({ method: 'GET', path: `${collection}/${segment('id', id)}`, options });
  }

  /** The member of the organization with this external ID or alias, or null: also when the user is not a member. */
  async getUserByExternalId(
    organizationId: string,
    externalId: string,
    options?: SystemOption & CallOptions,
  ): Promise<Matched<User<Data, MembershipData>> | null> {
    return this.#orNull({
      method: 'GET',
      path: `${membersOf(organizationId)}:external`,
      externalId,
      options,
    });
  }

  /** The user with this external ID or alias, in whatever organization, or null; `matched_by` says which. */
  async getByExternalId(externalId: string, options?: SystemOption & CallOptions): Promise<Matched<User<Data, MembershipData>> | null> {
    return this.#orNull({ method: 'GET', path: external, externalId, options });
  }

  /** The user with this address, or null. */
  async getByEmail(email: string, options?: CallOptions): Promise<User<Data, MembershipData> | null> {
    const { users } = await this.listUsers({ email, pageSize: 1 }, options);
    return users[0] ?? null;
  }

  /** The external IDs that a user used to have and that lead to them still, those that end last first; at most 1,000. */
  async aliases(user: RecordName, options?: CallOptions): Promise<Alias[]> {
    const { aliases } = await this.#connection.call<{ aliases: Alias[] }>(
      { method: 'GET', ...addressOf(collection, 'user', user, 'aliases'), options },
      'aliases',
    );
    return aliases;
  }

  /** Changes the fields that are given; metadata merges, null removes a key. */
  async updateUser(id: string, changes: Either<Part<UpdateUser, Data>>, options?: ChangeOptions): Promise<User<Data, MembershipData>> {
    return this.#one({ method: 'PATCH', path: `${collection}/${segment('id', id)}`, body: changes, takes: 'change', options });
  }

  /** As `updateUser`, for the user with this external ID. */
  async updateByExternalId(
    externalId: string,
    changes: Either<Part<UpdateUser, Data>>,
    options?: SystemOption & ChangeOptions,
  ): Promise<Matched<User<Data, MembershipData>>> {
    return this.#matched({
      method: 'PATCH',
      path: external,
      externalId,
      body: changes,
      takes: 'change',
      options,
    });
  }

  /** Creates the user with this external ID, or updates them: one call, safe to make from many places at once. */
  async upsertByExternalId(
    externalId: string,
    fields: Either<Part<UpdateUser, Data>>,
    options?: SystemOption & UpsertOptions,
  ): Promise<{ user: User<Data, MembershipData>; created: boolean; matched_by?: MatchedBy }> {
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
  async replaceMetadata(user: RecordName, metadata: Data, options?: ChangeOptions): Promise<User<Data, MembershipData>> {
    return this.#one({
      method: 'PUT',
      ...addressOf(collection, 'user', user, 'metadata'),
      body: metadata,
      asIs: true,
      takes: 'change',
      options,
    });
  }

  /** Removes the user and their memberships. */
  async deleteUser(id: string, options?: ChangeOptions): Promise<void> {
    await this.#connection.call({ method: 'DELETE', path: `${collection}/${segment('id', id)}`, takes: 'change', options });
  }

  /** As `deleteUser`, for the user with this external ID. */
  async deleteByExternalId(externalId: string, options?: SystemOption & ChangeOptions): Promise<void> {
    await this.#connection.call({ method: 'DELETE', path: external, externalId, once: 'named', takes: 'change', options });
  }

  /** Newest first; `filter` is a condition on metadata, such as `metadata.quota >= 100000`. */
  listUsers(wanted: UsersOptions = {}, options?: CallOptions) {
    return this.#narrowed(collection, wanted, options);
  }

  /** The users of an organization, newest first; narrowed as by `listUsers`. */
  listOrganizationUsers(organizationId: string, wanted: UsersOptions = {}, options?: CallOptions) {
    return this.#narrowed(membersOf(organizationId), wanted, options);
  }

  /** As `search`, among the users of an organization. */
  searchOrganizationUsers(organizationId: string, query: string, page: PageOptions = {}, options?: CallOptions) {
    return this.#list(`${membersOf(organizationId)}:search`, { query }, readOptions(page, pageNames), options);
  }

  /** Sends the invitation of a user again; a `ValidationError` when it was accepted. One that has expired gets a new end. */
  async resendInvite(organizationId: string, user: RecordName, options?: ChangeOptions): Promise<Invitation> {
    const { invite } = await this.#connection.call<{ invite: Invitation }>(
      { method: 'PATCH', ...invitationIn(organizationId, user, 'resend'), body: {}, takes: 'change', options },
      'invite',
    );
    return invite;
  }

  /** Those whose address, name, external ID or ID contains a text of 3 to 100 characters. */
  search(query: string, page: PageOptions = {}, options?: CallOptions) {
    return this.#list(`${collection}:search`, { query }, readOptions(page, pageNames), options);
  }

  #narrowed(path: string, wanted: UsersOptions, options: CallOptions | undefined) {
    const { filter, externalId, email, ...page } = readOptions(wanted, usersNames);
    return this.#list(path, { filter, external_id: externalId, email }, page, options);
  }

  #list(path: string, query: Record<string, string | undefined>, { pageSize, pageToken }: PageOptions, options: CallOptions | undefined) {
    return new List<UserPage<Data, MembershipData>, User<Data, MembershipData>>(
      (token) =>
        this.#connection.call({ method: 'GET', path, query: { ...query, page_size: pageSize, page_token: token }, options }, 'users'),
      (page) => page.users,
      pageToken,
    );
  }

  async #one(call: Parameters<Connection['call']>[0]): Promise<User<Data, MembershipData>> {
    const { user } = await this.#connection.call<{ user: User<Data, MembershipData> }>(call, 'user');
    return user;
  }

  async #matched(call: Parameters<Connection['call']>[0]): Promise<Matched<User<Data, MembershipData>>> {
    const { user, matched_by } = await this.#connection.call<{ user: User<Data, MembershipData>; matched_by: MatchedBy }>(call, 'user');
    return { ...user, matched_by };
  }

  async #orNull(call: Parameters<Connection['call']>[0]): Promise<Matched<User<Data, MembershipData>> | null> {
    try {
      return await this.#matched(call);
    } catch (error) {
      if (error instanceof NotFoundError) return null;
      throw error;
    }
  }
}

function membersOf(organizationId: string): string {
  return `/api/v1/organizations/${segment('organizationId', organizationId)}/users`;
}
