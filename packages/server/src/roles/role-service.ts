import type {
  AddRolePermissions,
  CreateRole,
  DefaultRolesAnswer,
  OrganizationDefaultRolesAnswer,
  Role,
  RoleInclude,
  RolePermission,
  UpdateDefaultRoles,
  UpdateRole,
} from '@crosswalk/contract';
import type pg from 'pg';
import { foreignKeyViolation, uniqueViolation } from '../database/sql-error.ts';
import type { RequestContext } from '../environments/index.ts';
import { appendEvents, type NewEvent } from '../events/index.ts';
import { notFound, requireOrganization } from '../external-ids/index.ts';
import { inChange } from '../idempotency/index.ts';
import { invalid } from '../lib/api-error.ts';
import { databaseId, type IdGenerator, requireId } from '../lib/id.ts';
import { type Preconditions, requireVersion } from '../lib/preconditions.ts';
import { isStorable } from '../lib/text.ts';
import { checkPermissionNames, permissionNotFound, permissionNotGranted } from './permission.ts';
import { addRolePermissions, findPermissionIds, removeRolePermission, replaceRolePermissions } from './permission-store.ts';
import {
  type ChosenRole,
  checkBase,
  checkPermissionCount,
  chosenDefault,
  contradiction,
  environmentScope,
  newRole,
  notOwnRole,
  patchFields,
  type RoleFields,
  type RoleScope,
  roleEvent,
  roleHasDependents,
  roleHasUsers,
  roleIsDefault,
  roleNameTaken,
  roleNotFound,
  tooManyRoles,
  unknownRole,
} from './role.ts';
import {
  countUsers,
  deleteRole,
  deleteRolesOfOrganization,
  findChain,
  findDefaultRoles,
  findNameHolder,
  findOrganizationWithDefault,
  findRole,
  findRolesById,
  hasUsers,
  insertRole,
  listDependents,
  listRoles,
  lockScope,
  setDefaultRoles,
  touchRoles,
  updateRole,
} from './role-store.ts';

/** Gives everyone who has one role of a scope another in its place, within a change, with events; given by the memberships feature. */
export type ReassignRole = (
  tx: pg.PoolClient,
  context: RequestContext,
  ids: IdGenerator,
  scope: RoleScope,
  from: Role,
  to: Role,
) => Promise<void>;

/** Sets the default member role of a locked organization (database IDs; null: that of the environment) and gives the events of that. */
export type SetDefaultMemberRole = (
  tx: pg.PoolClient,
  environmentId: string,
  organizationId: string,
  roleId: string | null,
) => Promise<NewEvent[]>;

/**
 * The use cases of roles, of the environment and of organizations. Each change and its events are one transaction, which begins
 * by keeping other changes of roles out (`lockScope`).
 */
export class RoleService {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;
  readonly #reassignRole: ReassignRole;
  readonly #setDefaultMemberRole: SetDefaultMemberRole;

  constructor({
    pool,
    ids,
    reassignRole,
    setDefaultMemberRole,
  }: { pool: pg.Pool; ids: IdGenerator; reassignRole: ReassignRole; setDefaultMemberRole: SetDefaultMemberRole }) {
    this.#pool = pool;
    this.#ids = ids;
    this.#reassignRole = reassignRole;
    this.#setDefaultMemberRole = setDefaultMemberRole;
  }

  /** The role; an organization sees those of the environment too. 404 if there is none. */
  async get({ environmentId }: RequestContext, scope: RoleScope, name: string, include: RoleInclude = ''): Promise<Role> {
    const role = isStorable(name) ? await findRole(this.#pool, environmentId, scope, name, include) : undefined;
    if (role !== undefined) return role;
    await this.#requireScope(environmentId, scope);
    throw roleNotFound(name, scope);
  }

  /** Every role of the environment, and after them those of the organization if it is one that asks. */
  async list({ environmentId }: RequestContext, scope: RoleScope, include: RoleInclude = ''): Promise<Role[]> {
    const roles = await listRoles(this.#pool, environmentId, scope, include);
    // An environment always has its default roles.
    if (roles.length === 0) await this.#requireScope(environmentId, scope);
    return roles;
  }

  /** Roles that extend a role directly, those of organizations among them: the first 1,000. */
  async listDependents(context: RequestContext, scope: RoleScope, name: string): Promise<Role[]> {
    const role = await this.get(context, scope, name);
    return listDependents(this.#pool, context.environmentId, scope, databaseId(role.id));
  }

  /** The permissions that a role has itself, or with those it inherits. */
  async listPermissions(
    context: RequestContext,
    scope: RoleScope,
    name: string,
    include: 'permissions' | 'permissions:all',
  ): Promise<RolePermission[]> {
    const { permissions = [] } = await this.get(context, scope, name, include);
    return permissions;
  }

  /** How many people have a role, whatever the status of their membership: in the organization, or in all of them. */
  async countUsers(context: RequestContext, scope: RoleScope, name: string): Promise<number> {
    await this.get(context, scope, name);
    return countUsers(this.#pool, context.environmentId, scope, name);
  }

  /** Makes a role; 400 when another has its name, or when what it names is not there. */
  create(context: RequestContext, scope: RoleScope, body: CreateRole): Promise<Role> {
    const { environmentId } = context;
    const { name, fields, permissions } = newRole(body);
    return this.#namingHolder(environmentId, scope, name, () =>
      this.#inChange(context, scope, async (tx) => {
        const permissionIds = await this.#permissionIds(tx, environmentId, 'permissions', permissions);
        if (fields.extends !== null) checkBase(name, fields.extends, await findChain(tx, environmentId, scope, null, fields.extends));
        const id = this.#ids.next();
        if (!(await insertRole(tx, environmentId, scope, id, name, fields))) throw tooManyRoles(scope);
        await addRolePermissions(tx, environmentId, id, permissionIds);
        const role = await this.#own(tx, environmentId, scope, name);
        await appendEvents(tx, context, this.#ids, [roleEvent('role.created', undefined, role)]);
        return role;
      }),
    );
  }

  /** Changes what the body names; its permissions are put in place of those the role has itself. */
  update(context: RequestContext, scope: RoleScope, name: string, body: UpdateRole, preconditions: Preconditions): Promise<Role> {
    const { permissions, ...changes } = body;
    return this.#change(context, scope, name, preconditions, async (tx, role) => {
      const fields = patchFields(role, changes);
      if (permissions === undefined) return { fields, changed: false };
      const permissionIds = await this.#permissionIds(tx, context.environmentId, 'permissions', permissions);
      return { fields, changed: await replaceRolePermissions(tx, context.environmentId, databaseId(role.id), permissionIds) };
    });
  }

  /** Makes a role extend none. */
  async removeBase(context: RequestContext, scope: RoleScope, name: string, preconditions: Preconditions): Promise<void> {
    await this.#change(context, scope, name, preconditions, async (_tx, role) => ({ fields: { ...role, extends: null }, changed: false }));
  }

  /** Adds permissions to those a role has itself: all of them, or none. */
  addPermissions(
    context: RequestContext,
    scope: RoleScope,
    name: string,
    { permission_names: names }: AddRolePermissions,
    preconditions: Preconditions,
  ): Promise<Role> {
    return this.#change(context, scope, name, preconditions, async (tx, role) => {
      const permissionIds = await this.#permissionIds(tx, context.environmentId, 'permission_names', names);
      return { fields: role, changed: await addRolePermissions(tx, context.environmentId, databaseId(role.id), permissionIds) };
    });
  }

  /** Takes a permission from a role; 404 if the role does not have it itself. */
  async removePermission(
    context: RequestContext,
    scope: RoleScope,
    name: string,
    permission: string,
    preconditions: Preconditions,
  ): Promise<void> {
    await this.#change(context, scope, name, preconditions, async (tx, role) => {
      const id = isStorable(permission) ? (await findPermissionIds(tx, context.environmentId, [permission])).get(permission) : undefined;
      if (id === undefined) throw permissionNotFound(permission);
      if (!(await removeRolePermission(tx, context.environmentId, databaseId(role.id), id))) throw permissionNotGranted(name, permission);
      return { fields: role, changed: true };
    });
  }

  /**
   * Removes a role. Whoever has it gets the role `reassignTo` in its place; without one, 400 ROLE_HAS_USERS if anyone has it.
   * 400 as long as other roles extend it or it is a default.
   */
  async delete(
    context: RequestContext,
    scope: RoleScope,
    name: string,
    reassignTo: string | undefined,
    preconditions: Preconditions,
  ): Promise<void> {
    const { environmentId } = context;
    await this.#namingReferences(context, scope, name, () =>
      this.#inChange(context, scope, async (tx) => {
        const role = await this.#own(tx, environmentId, scope, name);
        requireVersion(preconditions, role);
        const other = reassignTo === undefined ? undefined : await this.#replacement(tx, environmentId, scope, role, reassignTo);
        // First of all: it waits for those who are just giving the role to someone, and keeps others from it.
        await deleteRole(tx, environmentId, databaseId(role.id));
        if (other !== undefined) await this.#reassignRole(tx, context, this.#ids, scope, role, other);
        else if (await hasUsers(tx, environmentId, scope, name)) throw roleHasUsers(role);
        await appendEvents(tx, context, this.#ids, [roleEvent('role.deleted', role, undefined)]);
      }),
    );
  }

  /** Sets the default roles of the environment; one that is not named stays. Returns both. */
  setDefaults(context: RequestContext, body: UpdateDefaultRoles): Promise<DefaultRolesAnswer> {
    const { environmentId } = context;
    return this.#inChange(context, environmentScope, async (tx) => {
      const before = await findDefaultRoles(tx, environmentId, environmentScope);
      const wanted = async (chosen: ChosenRole | undefined) =>
        chosen === undefined ? undefined : await this.#chosen(tx, environmentId, chosen);
      const creator = (await wanted(chosenDefault(body, 'default_creator'))) ?? before.creator;
      const member = (await wanted(chosenDefault(body, 'default_member'))) ?? before.member;
      const pairs: [Role, Role][] = [
        [before.creator, creator],
        [before.member, member],
      ];
      const changed = pairs.filter(([old, now]) => old.id !== now.id).flat();
      const ids = [...new Set(changed.map(({ id }) => databaseId(id)))];
      if (ids.length > 0) {
        const old = new Map((await findRolesById(tx, environmentId, ids)).map((role) => [role.id, role]));
        await setDefaultRoles(tx, environmentId, databaseId(creator.id), databaseId(member.id));
        const events = (await touchRoles(tx, environmentId, ids)).map((role) => roleEvent('role.updated', old.get(role.id), role));
        await appendEvents(tx, context, this.#ids, events);
      }
      const now = await findDefaultRoles(tx, environmentId, environmentScope);
      return { default_creator: now.creator, default_member: now.member };
    });
  }

  /** A role of the environment that is to be a default; 400 names the field when there is none, or the name is that of another. */
  async #chosen(tx: pg.PoolClient, environmentId: string, { field, name, id }: ChosenRole): Promise<Role> {
    if (id === undefined) {
      const named = await findRole(tx, environmentId, environmentScope, name ?? '', '');
      if (named === undefined) throw unknownRole(field, name ?? '');
      return named;
    }
    const [role] = await findRolesById(tx, environmentId, [requireId('role', id, `${field}.id`)]);
    if (role === undefined || role.is_org_role) throw unknownRole(`${field}.id`, id);
    if (name !== undefined && role.name !== name) throw contradiction(`${field}.id`, 'the name beside it');
    return role;
  }

  /** Sets the role that new members of an organization (database ID) get; null: that of the environment again. Returns what holds now. */
  setOrganizationDefault(context: RequestContext, organizationId: string, name: string | null): Promise<OrganizationDefaultRolesAnswer> {
    const { environmentId } = context;
    const scope = { organizationId };
    return this.#inChange(context, scope, async (tx) => {
      const role = name === null ? undefined : await findRole(tx, environmentId, scope, name, '');
      if (name !== null && role === undefined) throw unknownRole('default_member_role', name);
      const roleId = role === undefined ? null : databaseId(role.id);
      await appendEvents(tx, context, this.#ids, await this.#setDefaultMemberRole(tx, environmentId, organizationId, roleId));
      return { default_member: (await findDefaultRoles(tx, environmentId, scope)).member };
    });
  }

  /** The transaction of a change: other changes of the same roles wait. 404 if there is no such organization. */
  #inChange<Result>(context: RequestContext, scope: RoleScope, work: (tx: pg.PoolClient) => Promise<Result>): Promise<Result> {
    return inChange(this.#pool, context, async (tx) => {
      if (!(await lockScope(tx, context.environmentId, scope)) && scope.organizationId !== null)
        throw notFound('organization', { id: scope.organizationId });
      return work(tx);
    });
  }

  /** Changes one role: `work` tells the fields as they should be, and whether it changed something else of the role. */
  #change(
    context: RequestContext,
    scope: RoleScope,
    name: string,
    preconditions: Preconditions,
    work: (tx: pg.PoolClient, role: Role) => Promise<{ fields: RoleFields; changed: boolean }>,
  ): Promise<Role> {
    const { environmentId } = context;
    return this.#inChange(context, scope, async (tx) => {
      const before = await this.#own(tx, environmentId, scope, name);
      requireVersion(preconditions, before);
      const { fields, changed } = await work(tx, before);
      const id = databaseId(before.id);
      if (fields.extends !== null && fields.extends !== before.extends)
        checkBase(name, fields.extends, await findChain(tx, environmentId, scope, id, fields.extends));
      const after = await updateRole(tx, environmentId, scope, id, fields, changed);
      if (after === undefined) return before;
      checkPermissionCount('permission_names', after.permissions?.length ?? 0);
      await appendEvents(tx, context, this.#ids, [roleEvent('role.updated', before, after)]);
      return after;
    });
  }

  /** The role of a name that is the scope's own, with its permissions. */
  async #own(tx: pg.PoolClient, environmentId: string, scope: RoleScope, name: string): Promise<Role> {
    const role = isStorable(name) ? await findRole(tx, environmentId, scope, name, 'permissions') : undefined;
    if (role === undefined) throw roleNotFound(name, scope);
    if (scope.organizationId !== null && !role.is_org_role) throw notOwnRole(name);
    return role;
  }

  async #replacement(tx: pg.PoolClient, environmentId: string, scope: RoleScope, role: Role, name: string): Promise<Role> {
    if (name === role.name) throw invalid('reassign_role_name', 'must be another role than the one that is deleted', 'different');
    const other = await findRole(tx, environmentId, scope, name, '');
    if (other === undefined) throw unknownRole('reassign_role_name', name);
    return other;
  }

  async #permissionIds(tx: pg.PoolClient, environmentId: string, field: string, names: readonly string[]): Promise<string[]> {
    if (names.length === 0) return [];
    const found = await findPermissionIds(tx, environmentId, names);
    checkPermissionNames(field, names, found);
    return [...found.values()];
  }

  async #requireScope(environmentId: string, scope: RoleScope): Promise<void> {
    if (scope.organizationId !== null) await requireOrganization(this.#pool, environmentId, scope.organizationId);
  }

  /** Turns the database's "this name is taken" into the answer that names the holder. */
  async #namingHolder<Result>(environmentId: string, scope: RoleScope, name: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      const constraint = uniqueViolation(error);
      if (constraint !== 'roles_name_key' && constraint !== 'roles_name_excl') throw error;
      throw roleNameTaken(name, await findNameHolder(this.#pool, environmentId, scope, name));
    }
  }

  /** Turns the database's "something refers to this role" into the answer that says what. */
  async #namingReferences<Result>(context: RequestContext, scope: RoleScope, name: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      switch (foreignKeyViolation(error)) {
        case 'roles_base_fkey':
          throw roleHasDependents(name);
        case 'environments_default_creator_fkey':
          throw roleIsDefault(name, 'the default creator role of the environment');
        case 'environments_default_member_fkey':
          throw roleIsDefault(name, 'the default member role of the environment');
        case 'organizations_default_member_fkey': {
          const { id } = await this.get(context, scope, name);
          const holder = await findOrganizationWithDefault(this.#pool, context.environmentId, databaseId(id));
          throw roleIsDefault(name, `the default member role of ${holder ?? 'an organization'}`);
        }
        default:
          throw error;
      }
    }
  }
}

/** Removes the roles of an organization (database ID) that is being deleted and has no memberships any more, each with its event. */
export async function deleteRolesOf(tx: pg.PoolClient, context: RequestContext, ids: IdGenerator, organizationId: string): Promise<void> {
  const roles = await deleteRolesOfOrganization(tx, context.environmentId, organizationId);
  await appendEvents(
    tx,
    context,
    ids,
    roles.map((role) => roleEvent('role.deleted', role, undefined)),
  );
}
