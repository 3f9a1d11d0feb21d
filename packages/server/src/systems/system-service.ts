import { type ExternalSystem, type ListedSystem, type PutSystem, type PutSystemAnswer, systemLimits } from '@crosswalk/contract';
import type pg from 'pg';
import type { RequestContext } from '../environments/index.ts';
import { appendEvents, eventOf } from '../events/index.ts';
import { inChange } from '../idempotency/index.ts';
import { ApiError } from '../lib/api-error.ts';
import { formatId, type IdGenerator } from '../lib/id.ts';
import { type Preconditions, requireAbsenceAllowed, requireVersion } from '../lib/preconditions.ts';
import { isStorable } from '../lib/text.ts';
import { systemFields, systemNotFound } from './system.ts';
import {
  countSystems,
  deleteSystem,
  findSystem,
  insertSystem,
  listSystems,
  listSystemsInUse,
  lockSystem,
  updateSystem,
} from './system-store.ts';

/** The use cases of systems: what is known of where external IDs come from. Each change and its event are one transaction. */
export class SystemService {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;

  constructor({ pool, ids }: { pool: pg.Pool; ids: IdGenerator }) {
    this.#pool = pool;
    this.#ids = ids;
  }

  /** What is known of a system; 404 if nothing is. */
  async get({ environmentId }: RequestContext, name: string): Promise<ExternalSystem> {
    const system = isStorable(name) ? await findSystem(this.#pool, environmentId, name) : undefined;
    if (system === undefined) throw systemNotFound(name);
    return system;
  }

  /** All systems that are described or in use, by name. */
  async list({ environmentId }: RequestContext): Promise<ListedSystem[]> {
    const [described, ...inUse] = await Promise.all([
      listSystems(this.#pool, environmentId),
      listSystemsInUse(this.#pool, environmentId, 'organization'),
      listSystemsInUse(this.#pool, environmentId, 'user'),
    ]);
    const used = new Set(inUse.flat());
    const known = new Set(described.map(({ name }) => name));
    const others = [...used].filter((name) => !known.has(name));
    return [
      ...described.map((system) => ({ ...system, in_use: used.has(system.name) })),
      ...others.slice(0, systemLimits.others).map((name) => ({ ...unknown, environment_id: formatId('env', environmentId), name })),
    ].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Sets what is known of a system, known before or not. */
  put(context: RequestContext, name: string, body: PutSystem, preconditions: Preconditions): Promise<PutSystemAnswer> {
    const { environmentId } = context;
    const fields = systemFields(body);
    return inChange(this.#pool, context, async (tx) => {
      const before = await lockSystem(tx, environmentId, name);
      if (before === undefined) {
        requireAbsenceAllowed(preconditions);
        await this.#requireRoom(tx, environmentId);
        const system = await insertSystem(tx, environmentId, this.#ids.next(), name, fields);
        await appendEvents(tx, context, this.#ids, [eventOf('system.created', 'system', undefined, system)]);
        return { system, created: true };
      }
      requireVersion(preconditions, before);
      const after = await updateSystem(tx, environmentId, name, fields);
      if (after !== undefined) await appendEvents(tx, context, this.#ids, [eventOf('system.updated', 'system', before, after)]);
      return { system: after ?? before, created: false };
    });
  }

  /** Forgets what is known of a system. The IDs that records have of it stay. */
  async delete(context: RequestContext, name: string, preconditions: Preconditions): Promise<void> {
    const { environmentId } = context;
    await inChange(this.#pool, context, async (tx) => {
      const system = isStorable(name) ? await lockSystem(tx, environmentId, name) : undefined;
      if (system === undefined) throw systemNotFound(name);
      requireVersion(preconditions, system);
      await deleteSystem(tx, environmentId, name);
      await appendEvents(tx, context, this.#ids, [eventOf('system.deleted', 'system', system, undefined)]);
    });
  }

  async #requireRoom(tx: pg.PoolClient, environmentId: string): Promise<void> {
    if ((await countSystems(tx, environmentId)) >= systemLimits.systems)
      throw new ApiError('TOO_MANY_SYSTEMS', `there are ${systemLimits.systems} systems already`);
  }
}

const unknown = {
  id: null,
  label: null,
  url_pattern: null,
  id_pattern: null,
  version: null,
  create_time: null,
  update_time: null,
  in_use: true,
};
