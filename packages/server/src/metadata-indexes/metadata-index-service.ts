import { type CreateMetadataIndex, type MetadataIndex, metadataIndexLimits } from '@crosswalk/contract';
import type pg from 'pg';
import type { RequestContext } from '../environments/index.ts';
import { appendEvents, eventOf } from '../events/index.ts';
import { inChange } from '../idempotency/index.ts';
import { ApiError } from '../lib/api-error.ts';
import { formatId, type IdGenerator } from '../lib/id.ts';
import { type Preconditions, requireVersion } from '../lib/preconditions.ts';
import { formatKey, parseKey } from '../metadata/index.ts';
import { metadataIndexNotFound } from './metadata-index.ts';
import { deleteIndex, findIndex, insertIndex, listIndexes, lockIndexes } from './metadata-index-store.ts';

/** What the service of metadata indexes works with. */
export interface MetadataIndexServiceOptions {
  pool: pg.Pool;
  ids: IdGenerator;
  /** Called when there is an index to build or to drop. */
  wake: () => void;
}

/** The use cases of metadata indexes. Each change and its event are one transaction; the worker does what was decided. `id` is a database ID. */
export class MetadataIndexService {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;
  readonly #wake: () => void;

  constructor({ pool, ids, wake }: MetadataIndexServiceOptions) {
    this.#pool = pool;
    this.#ids = ids;
    this.#wake = wake;
  }

  /** The indexes of the environment, newest first: there are few. */
  list({ environmentId }: RequestContext): Promise<MetadataIndex[]> {
    return listIndexes(this.#pool, environmentId);
  }

  /** One of them; 404 if there is none. */
  async get({ environmentId }: RequestContext, id: string): Promise<MetadataIndex> {
    const index = await findIndex(this.#pool, environmentId, id);
    if (index === undefined) throw metadataIndexNotFound(id);
    return index;
  }

  /** Asks for an index of a key. 409 with the one there is. */
  async create(context: RequestContext, { kind, key, type }: CreateMetadataIndex): Promise<MetadataIndex> {
    const { environmentId } = context;
    const path = parseKey(key);
    const made = await inChange(this.#pool, context, async (tx) => {
      const all = await lockIndexes(tx, environmentId);
      const same = all.find((one) => one.kind === kind && one.key === formatKey(path) && one.type === type);
      if (same !== undefined) {
        const message = `${same.id} is the index of ${same.key} of each ${kind} by ${type}; it is ${same.state}`;
        throw new ApiError('METADATA_INDEX_EXISTS', message, { resource: { id: same.id } });
      }
      if (all.length >= metadataIndexLimits.indexes)
        throw new ApiError('TOO_MANY_METADATA_INDEXES', `there are ${metadataIndexLimits.indexes} indexes already`);
      const index = await insertIndex(tx, environmentId, { id: this.#ids.next(), kind, path, type });
      await appendEvents(tx, context, this.#ids, [eventOf('metadata_index.created', 'metadata_index', undefined, index)]);
      return index;
    });
    this.#wake();
    return made;
  }

  /** Gives up an index. Comparisons of its key read the records from now on. */
  async delete(context: RequestContext, id: string, preconditions: Preconditions): Promise<void> {
    const { environmentId } = context;
    await inChange(this.#pool, context, async (tx) => {
      const index = (await lockIndexes(tx, environmentId)).find((one) => one.id === formatId('midx', id));
      if (index === undefined) throw metadataIndexNotFound(id);
      requireVersion(preconditions, index);
      await deleteIndex(tx, environmentId, id);
      await appendEvents(tx, context, this.#ids, [eventOf('metadata_index.deleted', 'metadata_index', index, undefined)]);
    });
    this.#wake();
  }
}
