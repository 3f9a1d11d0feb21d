import type { CreatePermission, Permission, UpdatePermission } from '@crosswalk/contract';
import type { Either } from './case.ts';
import { segment } from './identifiers.ts';
import { readOptions } from './options.ts';
import { List, type PageInfo, type PageOptions, pageNames } from './pages.ts';
import type { CallOptions, ChangeOptions, Connection } from './request.ts';

const collection = '/api/v1/permissions';

/** One page of permissions. */
export interface PermissionPage extends PageInfo {
  permissions: Permission[];
}

/** What roles can allow. */
export class Permissions {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Makes a permission; a `ValidationError` if its name is taken. */
  create(permission: Either<CreatePermission>, options?: CallOptions): Promise<Permission> {
    return this.#one({ method: 'POST', path: collection, body: permission, options });
  }

  /** The permission; a `NotFoundError` if there is none. */
  get(name: string, options?: CallOptions): Promise<Permission> {
    return this.#one({ method: 'GET', path: pathOf(name), options });
  }

  /** Changes the fields that are given. */
  update(name: string, changes: Either<UpdatePermission>, options?: ChangeOptions): Promise<Permission> {
    return this.#one({ method: 'PUT', path: pathOf(name), body: changes, takes: 'change', options });
  }

  /** Removes the permission, and takes it from every role that has it. */
  async delete(name: string, options?: ChangeOptions): Promise<void> {
    await this.#connection.call({ method: 'DELETE', path: pathOf(name), once: 'named', takes: 'change', options });
  }

  /** Newest first. */
  list(page: PageOptions = {}, options?: CallOptions) {
    const { pageSize, pageToken } = readOptions(page, pageNames);
    return new List<PermissionPage, Permission>(
      (token) =>
        this.#connection.call(
          { method: 'GET', path: collection, query: { page_size: pageSize, page_token: token }, options },
          'permissions',
        ),
      (page) => page.permissions,
      pageToken,
    );
  }

  async #one(call: Parameters<Connection['call']>[0]): Promise<Permission> {
    const { permission } = await this.#connection.call<{ permission: Permission }>(call, 'permission');
    return permission;
  }
}

function pathOf(name: string): string {
  return `${collection}/${segment('name', name)}`;
}
