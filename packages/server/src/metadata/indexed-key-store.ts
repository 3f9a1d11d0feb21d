import type { CreateMetadataIndex, RecordKind } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';

/** A key of metadata, and which of its values an index has. */
export interface IndexedKey {
  path: string[];
  type: CreateMetadataIndex['type'];
}

/** An index has as many characters of a text: what one entry may have is limited. What differs later is told apart by reading the record. */
export const indexedCharacters = 255;

/**
 * SQL: the value at a path (`at`, SQL too) of a column `metadata` if it is of the type, the beginning of a text; null otherwise. The expression of
 * the indexes: a condition finds its index by being written in the same words.
 */
export function indexedValue(type: IndexedKey['type'], at: string): string {
  return type === 'number'
    ? `(case when jsonb_typeof(metadata #> ${at}) = 'number' then metadata #> ${at} end)`
    : `(case when jsonb_typeof(metadata #> ${at}) = 'string' then left(metadata #>> ${at}, ${indexedCharacters}) collate "C" end)`;
}

/** The keys of a kind of record that comparisons find an index for. */
export async function listIndexedKeys(db: Queryable, environmentId: string, kind: RecordKind): Promise<IndexedKey[]> {
  const { rows } = await db.query<IndexedKey>({
    name: 'list-indexed-keys',
    text: `select path, type from metadata_indexes where environment_id = $1 and kind = $2 and state = 'READY'`,
    values: [environmentId, kind],
  });
  return rows;
}
