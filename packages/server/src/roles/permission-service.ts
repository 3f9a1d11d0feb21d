import type { CreatePermission, Permission, PermissionType, UpdatePermission } from '@crosswalk/contract';
import type pg from 'pg';
import type { Page, PageRequest } from '../database/page-query.ts';
import { uniqueViolation } from '../database/sql-error.ts';
import type { RequestContext } from '../environments/index.ts';
import { appendEvents, eventOf } from '../events/index.ts';
import { inChange } from '../idempotency/index.ts';
import { databaseId, type IdGenerator } from '../lib/id.ts';
import { type Preconditions, requireVersion } from '../lib/preconditions.ts';
import { isStorable } from '../lib/text.ts';
import { newPermission, patchPermission, permissionNameTaken, permissionNotFound } from './permission.ts';
import {
  deletePermission,
  findPermission,
  insertPermission,
  listPermissions,
  lockPermission,
  lockRolesWith,
  takeFromRoles,
  updatePermission,
} from './permission-store.ts';
import { environmentScope, roleEvent } from './role.ts';
import { findRolesById, lockScope, touchRoles } from './role-store.ts';

/** The use cases of permissions. Each change and its events are one transaction. */
export class PermissionService {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;

  constructor({ pool, ids }: { pool: pg.Pool; ids: IdGenerator }) {
    this.#pool = pool;
    this.#ids = ids;
  }

  /** The permission; 404 if there is none. */
  async get({ environmentId }: RequestContext, name: string): Promise<Permission> {
    const permission = isStorable(name) ? await findPermission(this.#pool, environmentId, name) : undefined;
    if (permission === undefined) throw permissionNotFound(name);
    return permission;
  }

  /** One page, newest first. */
  async list({ environmentId }: RequestContext, type: PermissionType, page: PageRequest): Promise<Page<Permission>> {
    // There are no permissions but the environment's own.
    if (type === 'SCALEKIT') return { items: [], next: undefined, prev: undefined, total: 0, totalIsFloor: false };
    return listPermissions(this.#pool, environmentId, page);
  }

  /** Makes a permission; 400 when another has its name. */
  async create(context: RequestContext, body: CreatePermission): Promise<Permission> {
    const created = newPermission(body);
    try {
      return await inChange(this.#pool, context, async (tx) => {
        const permission = await insertPermission(tx, context.environmentId, this.#ids.next(), created);
        await appendEvents(tx, context, this.#ids, [eventOf('permission.created', 'permission', undefined, permission)]);
        return permission;
      });
    } catch (error) {
      if (uniqueViolation(error) !== 'permissions_name_key') throw error;
      throw permissionNameTaken(created.name, (await findPermission(this.#pool, context.environmentId, created.name))?.id);
    }
  }

  /** Changes what the body names. */
  update(context: RequestContext, name: string, body: UpdatePermission, preconditions: Preconditions): Promise<Permission> {
    return inChange(this.#pool, context, async (tx) => {
      const before = await this.#lock(tx, context, name);
      requireVersion(preconditions, before);
      const after = await updatePermission(tx, context.environmentId, databaseId(before.id), patchPermission(before, body));
      if (after === undefined) return before;
      await appendEvents(tx, context, this.#ids, [eventOf('permission.updated', 'permission', before, after)]);
      return after;
    });
  }

  /** Removes a permission, and takes it from every role that has it; each of those gets its version and event. */
  async delete(context: RequestContext, name: string, preconditions: Preconditions): Promise<void> {
    const { environmentId } = context;
    await inChange(this.#pool, context, async (tx) => {
      await lockScope(tx, environmentId, environmentScope);
      const permission = await this.#lock(tx, context, name);
      requireVersion(preconditions, permission);
      const id = databaseId(permission.id);
      await this.#takeFromRoles(tx, context, id);
      await deletePermission(tx, environmentId, id);
      await appendEvents(tx, context, this.#ids, [eventOf('permission.deleted', 'permission', permission, undefined)]);
    });
  }

  /** In batches, as a role of every organization may have it. */
  async #takeFromRoles(tx: pg.PoolClient, context: RequestContext, permissionId: string): Promise<void> {
    const { environmentId } = context;
    for (let last = '0'; ; ) {
      const roleIds = await lockRolesWith(tx, environmentId, permissionId, last);
      const end = roleIds.at(-1);
      if (end === undefined) return;
      last = end;
      const before = new Map((await findRolesById(tx, environmentId, roleIds)).map((role) => [role.id, role]));
      await takeFromRoles(tx, environmentId, permissionId, roleIds);
      const events = (await touchRoles(tx, environmentId, roleIds)).map((role) => roleEvent('role.updated', before.get(role.id), role));
      await appendEvents(tx, context, this.#ids, events);
    }
  }

  async #lock(tx: pg.PoolClient, { environmentId }: RequestContext, name: string): Promise<Permission> {
    const permission = isStorable(name) ? await lockPermission(tx, environmentId, name) : undefined;
    if (permission === undefined) throw permissionNotFound(name);
    return permission;
  }
}
