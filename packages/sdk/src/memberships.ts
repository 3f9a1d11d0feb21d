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
import { type Address, addressOf, type RecordName, segment } from './identifiers.ts';
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
    user: RecordName,
    membership: Either<Whole<CreateMembership, Data>> = {},
    options?: CallOptions,
  ): Promise<MembershipChange<UserData, Data> & { invitation: Invitation | null }> {
    return this.#connection.call({ method: 'POST', ...addressIn(organizationId, user), body: membership, options });
  }

  /** The membership; a `NotFoundError` if there is none. */
  async get(organizationId: string, user: RecordName, options?: CallOptions): Promise<Membership<Data>> {
    const { membership } = await this.#connection.call<{ membership: Membership<Data> }>(
      { method: 'GET', ...addressIn(organizationId, user), options },
      'membership',
    );
    return membership;
  }

  /** Changes the fields that are given; roles are replaced, metadata merges. */
  update(
    organizationId: string,
    user: RecordName,
    changes: Either<Part<UpdateMembership, Data>>,
    options?: ChangeOptions,
  ): Promise<MembershipChange<UserData, Data>> {
    return this.#connection.call({ method: 'PATCH', ...addressIn(organizationId, user), body: changes, takes: 'change', options });
  }

  /** Makes the user a member, or updates the membership. */
  upsert(
    organizationId: string,
    user: RecordName,
    fields: Either<Part<UpsertMembership, Data>> = {},
    options?: UpsertOptions,
  ): Promise<MembershipChange<UserData, Data> & { invitation: Invitation | null; created: boolean }> {
    return this.#connection.call({ method: 'PUT', ...addressIn(organizationId, user), body: fields, takes: 'upsert', options });
  }

  /** Puts other metadata in place of all that is there. */
  replaceMetadata(
    organizationId: string,
    user: RecordName,
    metadata: Data,
    options?: ChangeOptions,
  ): Promise<MembershipChange<UserData, Data>> {
    return this.#connection.call({
      method: 'PUT',
      ...addressIn(organizationId, user, 'metadata'),
      body: metadata,
      asIs: true,
      takes: 'change',
      options,
    });
  }

  /** Ends the membership. The user stays, unless `cascade` is true and they have no other membership. */
  async delete(organizationId: string, user: RecordName, given: ChangeOptions & { cascade?: boolean } = {}): Promise<void> {
    const { cascade, ...options } = readOptions(given, { cascade: true, ...changeNames });
    const { path, query } = addressIn(organizationId, user);
    await this.#connection.call({
      method: 'DELETE',
      path,
      query: { ...query, cascade },
      once: 'named',
      takes: 'change',
      options,
    });
  }

  /** Gives the user more roles in the organization, all or none; returns all they have. */
  async assignRoles(organizationId: string, user: RecordName, roleNames: string[], options?: ChangeOptions): Promise<AssignedRole[]> {
    const body = roleNames.map((name) => ({ role_name: name }));
    const address = userIn(organizationId, user, 'roles');
    const { roles } = await this.#connection.call<{ roles: AssignedRole[] }>(
      { method: 'POST', ...address, body, takes: 'change', options },
      'roles',
    );
    return roles;
  }

  /** The roles the user has in the organization, and after them those they inherit. */
  async listRoles(organizationId: string, user: RecordName, options?: CallOptions): Promise<UserRole[]> {
    const address = userIn(organizationId, user, 'roles');
    const { roles } = await this.#connection.call<{ roles: UserRole[] }>({ method: 'GET', ...address, options }, 'roles');
    return roles;
  }

  /** Takes a role in the organization from the user; a `NotFoundError` if they do not have it themselves. */
  async removeRole(organizationId: string, user: RecordName, roleName: string, options?: ChangeOptions): Promise<void> {
    const address = userIn(organizationId, user, `roles/${segment('roleName', roleName)}`);
    // The ID of your own may be another user's by the time that it is sent again.
    const once = typeof user === 'string' || options?.ifMatch !== undefined ? 'conditional' : 'named';
    await this.#connection.call({ method: 'DELETE', ...address, once, takes: 'change', options });
  }

  /** What the user's roles in the organization allow, inherited permissions included, whatever the status of the membership. */
  async listPermissions(organizationId: string, user: RecordName, options?: CallOptions): Promise<RolePermission[]> {
    const address = userIn(organizationId, user, 'permissions');
    const { permissions } = await this.#connection.call<{ permissions: RolePermission[] }>(
      { method: 'GET', ...address, options },
      'permissions',
    );
    return permissions;
  }

  /** Whether the user may do this in the organization now: false for whoever is no active member. A `NotFoundError` if there is no such permission. */
  async hasPermission(organizationId: string, user: RecordName, permissionName: string, options?: CallOptions): Promise<boolean> {
    const address = userIn(organizationId, user, `permissions/${segment('permissionName', permissionName)}`);
    try {
      return (await this.#connection.call<PermissionCheck>({ method: 'GET', ...address, options })).allowed;
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

function addressIn(organizationId: string, user: RecordName, part?: string): Address {
  return addressOf(`/api/v1/memberships/organizations/${segment('organizationId', organizationId)}/users`, 'user', user, part);
}

function userIn(organizationId: string, user: RecordName, part: string): Address {
  return addressOf(`/api/v1/organizations/${segment('organizationId', organizationId)}/users`, 'user', user, part);
}
