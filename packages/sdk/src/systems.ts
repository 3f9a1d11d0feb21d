import type { ExternalSystem, ListedSystem, PutSystem, PutSystemAnswer } from '@crosswalk/contract';
import type { Either } from './case.ts';
import { segment } from './identifiers.ts';
import type { CallOptions, ChangeOptions, Connection, UpsertOptions } from './request.ts';

const collection = '/api/v1/systems';

/** What is known of the systems that external IDs come from. A system needs no description to have IDs. */
export class Systems {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** All systems that are described or in use, by name. Of one that is only in use nothing is known but its name. */
  async list(options?: CallOptions): Promise<ListedSystem[]> {
    const { systems } = await this.#connection.call<{ systems: ListedSystem[] }>({ method: 'GET', path: collection, options }, 'systems');
    return systems;
  }

  /** What is known of a system; a `NotFoundError` if nothing is. */
  async get(name: string, options?: CallOptions): Promise<ExternalSystem> {
    const { system } = await this.#connection.call<{ system: ExternalSystem }>({ method: 'GET', path: pathOf(name), options }, 'system');
    return system;
  }

  /** Sets all that is known of a system: what is left out is null. */
  put(name: string, system: Either<PutSystem>, options?: UpsertOptions): Promise<PutSystemAnswer> {
    return this.#connection.call({ method: 'PUT', path: pathOf(name), body: system, takes: 'upsert', options });
  }

  /** Forgets what is known of a system. The IDs that records have of it stay. */
  async delete(name: string, options?: ChangeOptions): Promise<void> {
    await this.#connection.call({ method: 'DELETE', path: pathOf(name), once: 'named', takes: 'change', options });
  }
}

function pathOf(name: string): string {
  return `${collection}/${segment('name', name)}`;
}
