import type { MetadataIndex, MetadataIndexState, RecordKind } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { holdEnvironment } from '../database/hold-environment.ts';
import { formatId } from '../lib/id.ts';
import { formatKey, type IndexedKey } from '../metadata/index.ts';

interface IndexRow extends IndexedKey {
  id: string;
  environment_id: string;
  kind: RecordKind;
  state: MetadataIndexState;
  error: string | null;
  version: string;
  create_time: string;
  update_time: string;
}

const columns = 't.id, t.environment_id, t.kind, t.path, t.type, t.state, t.error, t.version, t.create_time, t.update_time';

function toIndex(row: IndexRow): MetadataIndex {
  return {
    id: formatId('midx', row.id),
    environment_id: formatId('env', row.environment_id),
    kind: row.kind,
    key: formatKey(row.path),
    type: row.type,
    state: row.state,
    error: row.error,
    version: Number(row.version),
    create_time: row.create_time,
    update_time: row.update_time,
  };
}

/** The indexes of an environment, newest first. */
export async function listIndexes(db: Queryable, environmentId: string): Promise<MetadataIndex[]> {
  const { rows } = await db.query<IndexRow>(`select ${columns} from metadata_indexes t where t.environment_id = $1 order by t.id desc`, [
    environmentId,
  ]);
  return rows.map(toIndex);
}

/** The same; who creates or deletes one waits until the transaction ends, so that none is one too many. */
export async function lockIndexes(tx: Queryable, environmentId: string): Promise<MetadataIndex[]> {
  await holdEnvironment(tx, environmentId);
  return listIndexes(tx, environmentId);
}

/** One index; undefined if there is none. */
export async function findIndex(db: Queryable, environmentId: string, id: string): Promise<MetadataIndex | undefined> {
  const { rows } = await db.query<IndexRow>(`select ${columns} from metadata_indexes t where t.environment_id = $1 and t.id = $2`, [
    environmentId,
    id,
  ]);
  return rows.map(toIndex)[0];
}

/** Writes an index that is to be built. `id` is a database ID. */
export async function insertIndex(
  tx: Queryable,
  environmentId: string,
  { id, kind, path, type }: IndexedKey & { id: string; kind: RecordKind },
): Promise<MetadataIndex> {
  const { rows } = await tx.query<IndexRow>(
    `insert into metadata_indexes as t (environment_id, id, kind, path, type) values ($1, $2, $3, $4, $5) returning ${columns}`,
    [environmentId, id, kind, path, type],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('an insert returned no row');
  return toIndex(row);
}

/** Removes an index of the locked ones. */
export async function deleteIndex(tx: Queryable, environmentId: string, id: string): Promise<void> {
  await tx.query('delete from metadata_indexes where environment_id = $1 and id = $2', [environmentId, id]);
}

/** Notes what became of an index that was built; undefined if nobody wants it any more, or it is noted. */
export async function noteBuilt(
  tx: Queryable,
  environmentId: string,
  id: string,
  { state, error }: Pick<MetadataIndex, 'state' | 'error'>,
): Promise<{ before: MetadataIndex; after: MetadataIndex } | undefined> {
  const before = (await lockIndexes(tx, environmentId)).find((index) => index.id === formatId('midx', id));
  if (before === undefined || before.state === state) return undefined;
  const { rows } = await tx.query<IndexRow>(
    `update metadata_indexes t set state = $3, error = $4, version = t.version + 1, update_time = now()
     where t.environment_id = $1 and t.id = $2 returning ${columns}`,
    [environmentId, id, state, error],
  );
  return rows.map((row) => ({ before, after: toIndex(row) }))[0];
}
