import type { Alias, RecordKind } from '@crosswalk/contract';
import type pg from 'pg';
import type { RequestContext } from '../environments/index.ts';
import { notFound, type RecordReference, resolveReference } from '../external-ids/index.ts';
import { listAliases } from './alias-store.ts';

/** What is known of the external IDs that records used to have. */
export class AliasService {
  readonly #pool: pg.Pool;

  constructor({ pool }: { pool: pg.Pool }) {
    this.#pool = pool;
  }

  /** The aliases of a record that lead to it still, those that end last first; 404 if there is no such record. */
  async list({ environmentId }: RequestContext, kind: RecordKind, reference: RecordReference): Promise<Alias[]> {
    const id = await resolveReference(this.#pool, environmentId, kind, reference);
    const aliases = await listAliases(this.#pool, environmentId, kind, id);
    if (aliases === undefined) throw notFound(kind, reference);
    return aliases;
  }
}
