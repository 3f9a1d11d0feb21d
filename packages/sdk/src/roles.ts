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
import { type CallOptions, type ChangeOptions, type Connection, isConditional } from './request.ts';

const collection = '/api/v1/roles';

/** Names the organization whose own role is meant; left out, roles of the environment are. */
export interface RoleOrganization {
  organizationId?: string;
}

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
  create(role: Either<CreateRole>, options: RoleOrganization & CallOptions = {}): Promise<Role> {
    return this.#one({ method: 'POST', path: collectionOf(options), body: role, options });
  }

  /** The role, for an organization those of the environment too; a `NotFoundError` if there is none. */
  get(name: string, options: RoleOrganization & RoleShown & CallOptions = {}): Promise<Role> {
    return this.#one({ method: 'GET', path: pathOf(name, options), query: { include: options.include }, options });
  }

  /** All roles, oldest first; for an organization those of the environment and then its own. */
  async list(options: RoleOrganization & RoleShown & CallOptions = {}): Promise<Role[]> {
    return this.#list({ method: 'GET', path: collectionOf(options), query: { include: options.include }, options });
  }

  /** Changes the fields that are given; permissions are put in place of those the role has itself. */
  update(name: string, changes: Either<UpdateRole>, options: RoleOrganization & ChangeOptions = {}): Promise<Role> {
    return this.#one({ method: 'PUT', path: pathOf(name, options), body: changes, options });
  }

  /** Removes the role. People who have it get `reassignRoleName` in its place; without one a `ValidationError` if there are any. */
  async delete(name: string, options: RoleOrganization & ChangeOptions & { reassignRoleName?: string } = {}): Promise<void> {
    const query = { reassign_role_name: options.reassignRoleName };
    await this.#connection.call({ method: 'DELETE', path: pathOf(name, options), query, options });
  }

  /** How many people have the role. */
  async countUsers(name: string, options: RoleOrganization & CallOptions = {}): Promise<number> {
    const { count } = await this.#connection.call<{ count: number }>({
      method: 'GET',
      path: `${pathOf(name, options)}/users:count`,
      options,
    });
    return count;
  }

  /** Up to 1,000 roles that extend the role directly. */
  listDependents(name: string, options: RoleOrganization & CallOptions = {}): Promise<Role[]> {
    return this.#list({ method: 'GET', path: `${pathOf(name, options)}/dependents`, options });
  }

  /** Makes the role extend none. */
  async deleteBase(name: string, options: RoleOrganization & ChangeOptions = {}): Promise<void> {
    await this.#connection.call({ method: 'DELETE', path: `${pathOf(name, options)}/base`, once: isConditional(options), options });
  }

  /** The permissions that the role has itself. */
  listPermissions(name: string, options: RoleOrganization & CallOptions = {}): Promise<RolePermission[]> {
    return this.#permissions({ method: 'GET', path: `${pathOf(name, options)}/permissions`, options });
  }

  /** The permissions that the role has, inherited ones included. */
  listEffectivePermissions(name: string, options: RoleOrganization & CallOptions = {}): Promise<RolePermission[]> {
    return this.#permissions({ method: 'GET', path: `${pathOf(name, options)}/permissions:all`, options });
  }

  /** Adds permissions to the role, all or none; returns all that it has itself. */
  addPermissions(name: string, permissionNames: string[], options: RoleOrganization & ChangeOptions = {}): Promise<RolePermission[]> {
    const body = { permission_names: permissionNames };
    return this.#permissions({ method: 'POST', path: `${pathOf(name, options)}/permissions`, body, options });
  }

  /** Takes a permission from the role; a `NotFoundError` if the role does not have it itself. */
  async removePermission(name: string, permissionName: string, options: RoleOrganization & ChangeOptions = {}): Promise<void> {
    const path = `${pathOf(name, options)}/permissions/${segment('permissionName', permissionName)}`;
    await this.#connection.call({ method: 'DELETE', path, once: isConditional(options), options });
  }

  /** Sets the default roles of the environment; one that is not named stays. Returns both. */
  setDefaults(defaults: Either<UpdateDefaultRoles>, options?: CallOptions): Promise<DefaultRolesAnswer> {
    return this.#connection.call({ method: 'PATCH', path: `${collection}:set_defaults`, body: defaults, options });
  }

  /** Sets the role that new members of an organization get; null: the default of the environment again. Returns what holds now. */
  async setOrganizationDefault(organizationId: string, roleName: string | null, options?: CallOptions): Promise<Role> {
    const path = `${collectionOf({ organizationId })}:set_defaults`;
    const body = { default_member_role: roleName };
    const { default_member: role } = await this.#connection.call<{ default_member: Role }>({ method: 'PATCH', path, body, options });
    return role;
  }

  async #one(call: Parameters<Connection['call']>[0]): Promise<Role> {
    const { role } = await this.#connection.call<{ role: Role }>(call);
    return role;
  }

  async #list(call: Parameters<Connection['call']>[0]): Promise<Role[]> {
    const { roles } = await this.#connection.call<{ roles: Role[] }>(call);
    return roles;
  }

  async #permissions(call: Parameters<Connection['call']>[0]): Promise<RolePermission[]> {
    const { permissions } = await this.#connection.call<{ permissions: RolePermission[] }>(call);
    return permissions;
  }
}

function collectionOf({ organizationId }: RoleOrganization): string {
  return organizationId === undefined ? collection : `/api/v1/organizations/${segment('organizationId', organizationId)}/roles`;
}

function pathOf(name: string, organization: RoleOrganization): string {
  return `${collectionOf(organization)}/${segment('name', name)}`;
}
