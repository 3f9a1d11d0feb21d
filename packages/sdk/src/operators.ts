import type { CreateOperator, Operator, OperatorList, UpdateOperator } from '@crosswalk/contract';
import { segment } from './identifiers.ts';
import type { Call, CallOptions, ChangeOptions, Connection } from './request.ts';

const collection = '/api/v1/operators';

/** The people who work with the dashboard in the environment. */
export class Operators {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** All operators, oldest first. */
  async list(options?: CallOptions): Promise<Operator[]> {
    const { operators } = await this.#connection.call<OperatorList>({ method: 'GET', path: collection, options }, 'operators');
    return operators;
  }

  /**
   * Lets a person in, with a role in the environment. A `ConflictError` when the address is taken: it names the operator to whoever is in charge
   * of them, who can give them a role by `update`; to all others it says no more than that.
   */
  create(operator: CreateOperator, options?: CallOptions): Promise<Operator> {
    return this.#one({ method: 'POST', path: collection, body: operator, once: true, options });
  }

  /** Changes the name, the password, or the role in this environment; `role: null` takes it away. */
  update(id: string, changes: UpdateOperator, options?: ChangeOptions): Promise<Operator> {
    return this.#one({ method: 'PATCH', path: pathOf(id), body: changes, once: true, takes: 'change', options });
  }

  /** Deletes the operator and ends their sessions. */
  async delete(id: string, options?: ChangeOptions): Promise<void> {
    await this.#connection.call({ method: 'DELETE', path: pathOf(id), takes: 'change', options });
  }

  async #one(call: Call): Promise<Operator> {
    const { operator } = await this.#connection.call<{ operator: Operator }>(call, 'operator');
    return operator;
  }
}

function pathOf(id: string): string {
  return `${collection}/${segment('id', id)}`;
}
