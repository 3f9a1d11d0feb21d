import type { RecordKind } from '@crosswalk/contract';
import type pg from 'pg';
import type { RequestContext } from '../environments/index.ts';
import { requireUnanswered } from '../idempotency/index.ts';
import { type Preconditions, requireAbsenceAllowed } from '../lib/preconditions.ts';
import { type ExternalKey, type Found, lostUpsert } from './external-id.ts';

/** An upsert whose create and update both lost a race runs again this often. */
const attempts = 5;

/** The parts of an upsert; the changes are each a transaction. */
export interface UpsertParts<RecordType, Updated, Created> {
  /** the record that has the external ID now */
  find(): Promise<Found<RecordType> | undefined>;
  update(found: Found<RecordType>): Promise<Updated>;
  create(): Promise<Created>;
}

/**
 * Creates the record that has an external ID, or updates it. Of a thousand at once one creates: the others find the ID claimed, and update. 412 when a
 * precondition forbids what is needed.
 */
export async function upsertBy<RecordType, Updated, Created>(
  pool: pg.Pool,
  context: RequestContext,
  kind: RecordKind,
  key: ExternalKey,
  preconditions: Preconditions,
  { find, update, create }: UpsertParts<RecordType, Updated, Created>,
): Promise<Updated | Created> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const found = await find();
      if (found !== undefined) return await update(found);
      requireAbsenceAllowed(preconditions);
      return await create();
    } catch (error) {
      if (attempt < attempts && lostUpsert(error, kind, key)) continue;
      // What is needed now may be refused though it was not when this request was answered.
      await requireUnanswered(pool, context);
      throw error;
    }
  }
}
