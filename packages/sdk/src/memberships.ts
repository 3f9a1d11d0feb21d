import type { CreateMembership, Invitation, MembershipStatus, UpdateMembership, UpsertMembership } from '@crosswalk/contract';
import type { Either } from './case.ts';
import { segment } from './identifiers.ts';
import { List, type PageInfo, type PageOptions } from './pages.ts';
import type { CallOptions, ChangeOptions, Connection, UpsertOptions } from './request.ts';
import type { Membership, Part, User, Whole } from './types.ts';

/** One page of memberships. */
export interface MembershipPage<Data> extends PageInfo {
  memberships: Membership<Data>[];
}

/** What a change of a membership answers. */
export interface MembershipChange<UserData, Data> {
  user: User<UserData, Data>;
  membership: Membership<Data>;
}

/** Who belongs to which organization, with which roles. */
export class Memberships<UserData, Data> {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Makes a user a member; a `ConflictError` if they are one. */
  create(
    organizationId: string,
    userId: string,
    membership: Either<Whole<CreateMembership, Data>> = {},
    options?: CallOptions,
  ): Promise<MembershipChange<UserData, Data> & { invitation: Invitation | null }> {
    return this.#connection.call({ method: 'POST', path: pathOf(organizationId, userId), body: membership, options });
  }

  /** The membership; a `NotFoundError` if there is none. */
  async get(organizationId: string, userId: string, options?: CallOptions): Promise<Membership<Data>> {
    const { membership } = await this.#connection.call<{ membership: Membership<Data> }>({
      method: 'GET',
      path: pathOf(organizationId, userId),
      options,
    });
    return membership;
  }

  /** Changes the fields that are given; roles are replaced, metadata merges. */
  update(
    organizationId: string,
    userId: string,
    changes: Either<Part<UpdateMembership, Data>>,
    options?: ChangeOptions,
  ): Promise<MembershipChange<UserData, Data>> {
    return this.#connection.call({ method: 'PATCH', path: pathOf(organizationId, userId), body: changes, options });
  }

  /** Makes the user a member, or updates the membership. */
  upsert(
    organizationId: string,
    userId: string,
    fields: Either<Part<UpsertMembership, Data>> = {},
    options?: UpsertOptions,
  ): Promise<MembershipChange<UserData, Data> & { invitation: Invitation | null; created: boolean }> {
    return this.#connection.call({ method: 'PUT', path: pathOf(organizationId, userId), body: fields, options });
  }

  /** Puts other metadata in place of all that is there. */
  replaceMetadata(
    organizationId: string,
    userId: string,
    metadata: Data,
    options?: ChangeOptions,
  ): Promise<MembershipChange<UserData, Data>> {
    return this.#connection.call({
      method: 'PUT',
      path: `${pathOf(organizationId, userId)}/metadata`,
      body: metadata,
      asIs: true,
      options,
    });
  }

  /** Ends the membership. The user stays, unless `cascade` is true and they have no other membership. */
  async delete(organizationId: string, userId: string, { cascade, ...options }: ChangeOptions & { cascade?: boolean } = {}): Promise<void> {
    await this.#connection.call({ method: 'DELETE', path: pathOf(organizationId, userId), query: { cascade }, options });
  }

  /** Newest first. */
  list(
    {
      organizationId,
      userId,
      status,
      filter,
      pageSize,
      pageToken,
    }: PageOptions & { organizationId?: string; userId?: string; status?: MembershipStatus; filter?: string } = {},
    options?: CallOptions,
  ) {
    const query = { organization_id: organizationId, user_id: userId, membership_status: status, filter, page_size: pageSize };
    return new List<MembershipPage<Data>, Membership<Data>>(
      (token) => this.#connection.call({ method: 'GET', path: '/api/v1/memberships', query: { ...query, page_token: token }, options }),
      (page) => page.memberships,
      pageToken,
    );
  }
}

function pathOf(organizationId: string, userId: string): string {
  return `/api/v1/memberships/organizations/${segment('organizationId', organizationId)}/users/${segment('userId', userId)}`;
}
