import type {
  AssignedRole,
  CreateMembership,
  Invitation,
  MembershipStatus,
  PermissionCheck,
  RolePermission,
  UpdateMembership,
  UpsertMembership,
  UserRole,
} from '@crosswalk/contract';
import type { Either } from './case.ts';
import { NotFoundError } from './errors.ts';
import { segment } from './identifiers.ts';
import { readOptions } from './options.ts';
import { List, type PageInfo, type PageOptions, pageNames } from './pages.ts';
import { type CallOptions, type ChangeOptions, type Connection, changeNames, type UpsertOptions } from './request.ts';
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
    const { membership } = await this.#connection.call<{ membership: Membership<Data> }>(
      { method: 'GET', path: pathOf(organizationId, userId), options },
      'membership',
    );
    return membership;
  }

  /** Changes the fields that are given; roles are replaced, metadata merges. */
  update(
    organizationId: string,
    userId: string,
    changes: Either<Part<UpdateMembership, Data>>,
    options?: ChangeOptions,
  ): Promise<MembershipChange<UserData, Data>> {
    return this.#connection.call({ method: 'PATCH', path: pathOf(organizationId, userId), body: changes, takes: 'change', options });
  }

  /** Makes the user a member, or updates the membership. */
  upsert(
    organizationId: string,
    userId: string,
    fields: Either<Part<UpsertMembership, Data>> = {},
    options?: UpsertOptions,
  ): Promise<MembershipChange<UserData, Data> & { invitation: Invitation | null; created: boolean }> {
    return this.#connection.call({ method: 'PUT', path: pathOf(organizationId, userId), body: fields, takes: 'upsert', options });
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
      takes: 'change',
      options,
    });
  }

  /** Ends the membership. The user stays, unless `cascade` is true and they have no other membership. */
  async delete(organizationId: string, userId: string, given: ChangeOptions & { cascade?: boolean } = {}): Promise<void> {
    const { cascade, ...options } = readOptions(given, { cascade: true, ...changeNames });
    await this.#connection.call({
      method: 'DELETE',
      path: pathOf(organizationId, userId),
      query: { cascade },
      once: 'named',
      takes: 'change',
      options,
    });
  }

  /** Gives the user more roles in the organization, all or none; returns all they have. */
  async assignRoles(organizationId: string, userId: string, roleNames: string[], options?: ChangeOptions): Promise<AssignedRole[]> {
    const body = roleNames.map((name) => ({ role_name: name }));
    const path = `${userPathOf(organizationId, userId)}/roles`;
    const { roles } = await this.#connection.call<{ roles: AssignedRole[] }>(
      { method: 'POST', path, body, takes: 'change', options },
      'roles',
    );
    return roles;
  }

  /** The roles the user has in the organization, and after them those they inherit. */
  async listRoles(organizationId: string, userId: string, options?: CallOptions): Promise<UserRole[]> {
    const path = `${userPathOf(organizationId, userId)}/roles`;
    const { roles } = await this.#connection.call<{ roles: UserRole[] }>({ method: 'GET', path, options }, 'roles');
    return roles;
  }

  /** Takes a role in the organization from the user; a `NotFoundError` if they do not have it themselves. */
  async removeRole(organizationId: string, userId: string, roleName: string, options?: ChangeOptions): Promise<void> {
    const path = `${userPathOf(organizationId, userId)}/roles/${segment('roleName', roleName)}`;
    await this.#connection.call({ method: 'DELETE', path, once: 'conditional', takes: 'change', options });
  }

  /** What the user's roles in the organization allow, inherited permissions included, whatever the status of the membership. */
  async listPermissions(organizationId: string, userId: string, options?: CallOptions): Promise<RolePermission[]> {
    const path = `${userPathOf(organizationId, userId)}/permissions`;
    const { permissions } = await this.#connection.call<{ permissions: RolePermission[] }>({ method: 'GET', path, options }, 'permissions');
    return permissions;
  }

  /** Whether the user may do this in the organization now: false for whoever is no active member. A `NotFoundError` if there is no such permission. */
  async hasPermission(organizationId: string, userId: string, permissionName: string, options?: CallOptions): Promise<boolean> {
    const path = `${userPathOf(organizationId, userId)}/permissions/${segment('permissionName', permissionName)}`;
    try {
      return (await this.#connection.call<PermissionCheck>({ method: 'GET', path, options })).allowed;
    } catch (error) {
      if (error instanceof NotFoundError && error.errorCode === 'MEMBERSHIP_NOT_FOUND') return false;
      throw error;
    }
  }

  /** Newest first. */
  list(
    wanted: PageOptions & { organizationId?: string; userId?: string; status?: MembershipStatus; filter?: string } = {},
    options?: CallOptions,
  ) {
    const names = { organizationId: true, userId: true, status: true, filter: true, ...pageNames } as const;
    const { organizationId, userId, status, filter, pageSize, pageToken } = readOptions(wanted, names);
    const query = { organization_id: organizationId, user_id: userId, membership_status: status, filter, page_size: pageSize };
    return new List<MembershipPage<Data>, Membership<Data>>(
      (token) =>
        this.#connection.call(
          { method: 'GET', path: '/api/v1/memberships', query: { ...query, page_token: token }, options },
          'memberships',
        ),
      (page) => page.memberships,
      pageToken,
    );
  }
}

function pathOf(organizationId: string, userId: string): string {
  return `/api/v1/memberships/organizations/${segment('organizationId', organizationId)}/users/${segment('userId', userId)}`;
}

function userPathOf(organizationId: string, userId: string): string {
  return `/api/v1/organizations/${segment('organizationId', organizationId)}/users/${segment('userId', userId)}`;
}
