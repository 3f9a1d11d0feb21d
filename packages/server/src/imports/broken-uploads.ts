import type pg from 'pg';
import { inTransaction } from '../database/transaction.ts';
import { removeRows } from './import-row-store.ts';
import { failStalled, lockRemains, noteRemoved } from './import-store.ts';

/** Rows that are removed at once, and their characters: what one statement does within a fraction of a second. */
const stepLimits = { count: 5000, bytes: 32 * 1024 * 1024 };

/**
 * Fails uploads whose server is gone, and removes some rows of one that did not come whole: all of them at once could be more than a statement
 * has time for. Resolves to whether there may be more.
 */
export async function clearBrokenUploads(pool: pg.Pool): Promise<boolean> {
  await failStalled(pool, 'MALFORMED_REQUEST', 'the server that received the file ended, or lost its database, before it was whole');
  return inTransaction(
    pool,
    async (tx) => {
      const upload = await lockRemains(tx);
      if (upload === undefined) return false;
      const { environmentId, id } = upload;
      await noteRemoved(tx, environmentId, id, await removeRows(tx, environmentId, id, upload.lastLine, stepLimits));
      return true;
    },
    // What a crash brings back is removed then.
    { durable: false },
  );
}
