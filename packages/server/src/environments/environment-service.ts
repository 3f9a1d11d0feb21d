import type { CreateEnvironment, Environment, UpdateEnvironment } from '@crosswalk/contract';
import type pg from 'pg';
import { uniqueViolation } from '../database/sql-error.ts';
import { inTransaction } from '../database/transaction.ts';
import { appendEvents, eventOf } from '../events/index.ts';
import { inChange } from '../idempotency/index.ts';
import { ApiError } from '../lib/api-error.ts';
import type { IdGenerator } from '../lib/id.ts';
import { type Preconditions, requireVersion } from '../lib/preconditions.ts';
import { requireText } from '../lib/text.ts';
import { environmentNameTaken, environmentNotFound, newEnvironment } from './environment.ts';
import {
  findEnvironments,
  insertEnvironment,
  listEnvironmentIds,
  listEnvironmentsOf,
  lockEnvironment,
  lockEnvironments,
  renameEnvironment,
} from './environment-store.ts';
import { type RequestContext, systemContext } from './request-context.ts';

/** Makes whoever made an environment its admin, in the transaction that makes it. IDs are database IDs. */
export type MakeAdmin = (tx: pg.PoolClient, environmentId: string, operatorId: string) => Promise<void>;

/** The use cases of environments. Each change and its event are one transaction. `id` is a database ID. */
export class EnvironmentService {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;
  readonly #makeAdmin: MakeAdmin;
  readonly #onChange: () => void;

  /** `onChange` hears that names or roles of environments have changed. */
  constructor({ pool, ids, makeAdmin, onChange }: { pool: pg.Pool; ids: IdGenerator; makeAdmin: MakeAdmin; onChange: () => void }) {
    this.#pool = pool;
    this.#ids = ids;
    this.#makeAdmin = makeAdmin;
    this.#onChange = onChange;
  }

  /**
   * Makes the first environment when there is none at all: one that was renamed is the first still. Returns the database ID of the oldest.
   * Servers that start together make one.
   */
  async makeFirst(name: string): Promise<string> {
    const [oldest] = await listEnvironmentIds(this.#pool);
    if (oldest !== undefined) return oldest;
    const created = newEnvironment(this.#ids, name);
    return inTransaction(this.#pool, async (tx) => {
      await lockEnvironments(tx);
      const [first] = await listEnvironmentIds(tx);
      if (first !== undefined) return first;
      const environment = await insertEnvironment(tx, created);
      const event = eventOf('environment.created', 'environment', undefined, environment);
      await appendEvents(tx, systemContext(created.id, 'first-start'), this.#ids, [event]);
      return created.id;
    });
  }

  /** The environments that the caller may see, by name: of a client its own, of an operator those in which they have a role. */
  list({ environmentId, actor }: RequestContext): Promise<Environment[]> {
    return actor.type === 'operator' && actor.id !== null
      ? listEnvironmentsOf(this.#pool, actor.id)
      : findEnvironments(this.#pool, [environmentId]);
  }

  /** Makes an environment, with the roles `admin` and `member`. Its maker is its only operator, an admin. 403 for clients. */
  async create(context: RequestContext, { name }: CreateEnvironment): Promise<Environment> {
    const { actor } = context;
    requireText(name, 'name', 'name');
    const operatorId = actor.type === 'operator' ? actor.id : null;
    if (operatorId === null) throw new ApiError('PERMISSION_DENIED', 'only operators make environments: sign in to the dashboard');
    const created = newEnvironment(this.#ids, name);
    const made = await this.#unique(() =>
      inChange(this.#pool, context, async (tx) => {
        const environment = await insertEnvironment(tx, created);
        await this.#makeAdmin(tx, created.id, operatorId);
        const event = eventOf('environment.created', 'environment', undefined, environment);
        await appendEvents(tx, { ...context, environmentId: created.id }, this.#ids, [event]);
        return environment;
      }),
    );
    this.#onChange();
    return made;
  }

  /** Renames the environment of the request. */
  async update(context: RequestContext, id: string, { name }: UpdateEnvironment, preconditions: Preconditions): Promise<Environment> {
    if (name !== undefined) requireText(name, 'name', 'name');
    if (id !== context.environmentId) throw environmentNotFound(id);
    const updated = await this.#unique(() =>
      inChange(this.#pool, context, async (tx) => {
        const before = await lockEnvironment(tx, id);
        if (before === undefined) throw environmentNotFound(id);
        requireVersion(preconditions, before);
        if (name === undefined || name === before.name) return before;
        const after = await renameEnvironment(tx, id, name);
        await appendEvents(tx, context, this.#ids, [eventOf('environment.updated', 'environment', before, after)]);
        return after;
      }),
    );
    this.#onChange();
    return updated;
  }

  #unique(change: () => Promise<Environment>): Promise<Environment> {
    return change().catch((error: unknown) => {
      throw uniqueViolation(error) === 'environments_name_key' ? environmentNameTaken(error) : error;
    });
  }
}
