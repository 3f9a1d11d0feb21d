import type {
  CreateRole,
  DefaultRolesAnswer,
  Role,
  RoleInclude,
  RolePermission,
  UpdateDefaultRoles,
  UpdateRole,
} from '@crosswalk/contract';
import type { Either } from './case.ts';
import { segment } from './identifiers.ts';
import { type OptionNames, readOptions } from './options.ts';
import { type CallOptions, type ChangeOptions, type Connection, callNames, changeNames } from './request.ts';

const collection = '/api/v1/roles';

/** Names the organization whose own role is meant; left out, roles of the environment are. */
export interface RoleOrganization {
  organizationId?: string;
}

const roleNames: OptionNames<RoleOrganization> = { organizationId: true };

/** Which permissions each role shows: `'permissions'` its own, `'permissions:all'` those it inherits too; none by default. */
export interface RoleShown {
  include?: RoleInclude;
}

/** What people may do: roles of the environment, and of single organizations. */
export class Roles {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Makes a role; a `ValidationError` if its name is taken or what it names is not there. */
  async create(role: Either<CreateRole>, given: RoleOrganization & CallOptions = {}): Promise<Role> {
    const { organizationId, ...options } = readOptions(given, { ...roleNames, ...callNames });
    return this.#one({ method: 'POST', path: collectionOf(organizationId), body: role, options });
  }

  /** The role, for an organization those of the environment too; a `NotFoundError` if there is none. */
  async get(name: string, given: RoleOrganization & RoleShown & CallOptions = {}): Promise<Role> {
    const { organizationId, include, ...options } = readOptions(given, { ...roleNames, include: true, ...callNames });
    return this.#one({ method: 'GET', path: pathOf(name, organizationId), query: { include }, options });
  }

  /** All roles, oldest first; for an organization those of the environment and then its own. */
  async list(given: RoleOrganization & RoleShown & CallOptions = {}): Promise<Role[]> {
    const { organizationId, include, ...options } = readOptions(given, { ...roleNames, include: true, ...callNames });
    return this.#list({ method: 'GET', path: collectionOf(organizationId), query: { include }, options });
  }

  /** Changes the fields that are given; permissions are put in place of those the role has itself. */
  async update(name: string, changes: Either<UpdateRole>, given: RoleOrganization & ChangeOptions = {}): Promise<Role> {
    const { organizationId, ...options } = readOptions(given, { ...roleNames, ...changeNames });
    return this.#one({ method: 'PUT', path: pathOf(name, organizationId), body: changes, takes: 'change', options });
  }

  /** Removes the role. People who have it get `reassignRoleName` in its place; without one a `ValidationError` if there are any. */
  async delete(name: string, given: RoleOrganization & ChangeOptions & { reassignRoleName?: string } = {}): Promise<void> {
    const { organizationId, reassignRoleName, ...options } = readOptions(given, { ...roleNames, reassignRoleName: true, ...changeNames });
    const query = { reassign_role_name: reassignRoleName };
    await this.#connection.call({ method: 'DELETE', path: pathOf(name, organizationId), query, once: 'named', takes: 'change', options });
  }

  /** How many people have the role. */
  async countUsers(name: string, given: RoleOrganization & CallOptions = {}): Promise<number> {
    const { organizationId, ...options } = readOptions(given, { ...roleNames, ...callNames });
    const { count } = await this.#connection.call<{ count: number }>(
      { method: 'GET', path: `${pathOf(name, organizationId)}/users:count`, options },
      'count',
    );
    return count;
  }

  /** Up to 1,000 roles that extend the role directly. */
  async listDependents(name: string, given: RoleOrganization & CallOptions = {}): Promise<Role[]> {
    const { organizationId, ...options } = readOptions(given, { ...roleNames, ...callNames });
    return this.#list({ method: 'GET', path: `${pathOf(name, organizationId)}/dependents`, options });
  }

  /** Makes the role extend none. */
  async deleteBase(name: string, given: RoleOrganization & ChangeOptions = {}): Promise<void> {
    const { organizationId, ...options } = readOptions(given, { ...roleNames, ...changeNames });
    await this.#connection.call({
      method: 'DELETE',
      path: `${pathOf(name, organizationId)}/base`,
      once: 'conditional',
      takes: 'change',
      options,
    });
  }

  /** The permissions that the role has itself. */
  async listPermissions(name: string, given: RoleOrganization & CallOptions = {}): Promise<RolePermission[]> {
    const { organizationId, ...options } = readOptions(given, { ...roleNames, ...callNames });
    return this.#permissions({ method: 'GET', path: `${pathOf(name, organizationId)}/permissions`, options });
  }

  /** The permissions that the role has, inherited ones included. */
  async listEffectivePermissions(name: string, given: RoleOrganization & CallOptions = {}): Promise<RolePermission[]> {
    const { organizationId, ...options } = readOptions(given, { ...roleNames, ...callNames });
    return this.#permissions({ method: 'GET', path: `${pathOf(name, organizationId)}/permissions:all`, options });
  }

  /** Adds permissions to the role, all or none; returns all that it has itself. */
  async addPermissions(name: string, permissionNames: string[], given: RoleOrganization & ChangeOptions = {}): Promise<RolePermission[]> {
    const { organizationId, ...options } = readOptions(given, { ...roleNames, ...changeNames });
    const body = { permission_names: permissionNames };
    return this.#permissions({ method: 'POST', path: `${pathOf(name, organizationId)}/permissions`, body, takes: 'change', options });
  }

  /** Takes a permission from the role; a `NotFoundError` if the role does not have it itself. */
  async removePermission(name: string, permissionName: string, given: RoleOrganization & ChangeOptions = {}): Promise<void> {
    const { organizationId, ...options } = readOptions(given, { ...roleNames, ...changeNames });
    const path = `${pathOf(name, organizationId)}/permissions/${segment('permissionName', permissionName)}`;
    await this.#connection.call({ method: 'DELETE', path, once: 'conditional', takes: 'change', options });
  }

  /** Sets the default roles of the environment; one that is not named stays. Returns both. */
  setDefaults(defaults: Either<UpdateDefaultRoles>, options?: CallOptions): Promise<DefaultRolesAnswer> {
    return this.#connection.call({ method: 'PATCH', path: `${collection}:set_defaults`, body: defaults, options });
  }

  /** Sets the role that new members of an organization get; null: the default of the environment again. Returns what holds now. */
  async setOrganizationDefault(organizationId: string, roleName: string | null, options?: CallOptions): Promise<Role> {
    const path = `${collectionOf(organizationId)}:set_defaults`;
    const body = { default_member_role: roleName };
    const { default_member: role } = await this.#connection.call<{ default_member: Role }>(
      { method: 'PATCH', path, body, options },
      'default_member',
    );
    return role;
  }

  async #one(call: Parameters<Connection['call']>[0]): Promise<Role> {
    const { role } = await this.#connection.call<{ role: Role }>(call, 'role');
    return role;
  }

  async #list(call: Parameters<Connection['call']>[0]): Promise<Role[]> {
    const { roles } = await this.#connection.call<{ roles: Role[] }>(call, 'roles');
    return roles;
  }

  async #permissions(call: Parameters<Connection['call']>[0]): Promise<RolePermission[]> {
    const { permissions } = await this.#connection.call<{ permissions: RolePermission[] }>(call, 'permissions');
    return permissions;
  }
}

function collectionOf(organizationId: string | undefined): string {
  return organizationId === undefined ? collection : `/api/v1/organizations/${segment('organizationId', organizationId)}/roles`;
}

function pathOf(name: string, organizationId: string | undefined): string {
  return `${collectionOf(organizationId)}/${segment('name', name)}`;
}
