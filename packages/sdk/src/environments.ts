import type { CreateEnvironment, Environment, EnvironmentList, UpdateEnvironment } from '@crosswalk/contract';
import { segment } from './identifiers.ts';
import type { Call, CallOptions, ChangeOptions, Connection } from './request.ts';

const collection = '/api/v1/environments';

/** The isolated spaces of records. */
export class Environments {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Those that the caller may see, by name. */
  async list(options?: CallOptions): Promise<Environment[]> {
    const { environments } = await this.#connection.call<EnvironmentList>({ method: 'GET', path: collection, options }, 'environments');
    return environments;
  }

  /** Makes an environment; for operators alone, and whoever makes it is its admin. */
  create(environment: CreateEnvironment, options?: CallOptions): Promise<Environment> {
    return this.#one({ method: 'POST', path: collection, body: environment, options });
  }

  /** Renames the environment of this client. */
  update(id: string, changes: UpdateEnvironment, options?: ChangeOptions): Promise<Environment> {
    return this.#one({ method: 'PATCH', path: `${collection}/${segment('id', id)}`, body: changes, takes: 'change', options });
  }

  async #one(call: Call): Promise<Environment> {
    const { environment } = await this.#connection.call<{ environment: Environment }>(call, 'environment');
    return environment;
  }
}
