import type pg from 'pg';
import { inTransaction } from './transaction.ts';

/** How `inTurn` holds its turn. */
export interface TurnOptions {
  /** how often the connection says that it is still there, in milliseconds; default 10,000: a third of what ends a transaction that is idle */
  beat?: number;
}

/**
 * Runs `work` unless another server is at work of the same key; resolves to whether it did. `work` may take hours: one connection of `pool` is
 * held for as long, without a snapshot, so nothing waits for it, and another one has to be left for the work itself. The turn ends with that
 * connection, half a minute after a machine that vanished at the latest: what two do at once then must still come out right.
 */
export function inTurn(pool: pg.Pool, key: number, work: () => Promise<void>, { beat = 10_000 }: TurnOptions = {}): Promise<boolean> {
  return inTransaction(pool, async (tx) => {
    // Of a transaction, as a pooler gives the next one another session. Without a parameter: the cursor of a statement that has one stays open
    // until the next, and with it the snapshot, for which the building of an index waits.
    const { rows } = await tx.query<{ taken: boolean }>(`select pg_try_advisory_xact_lock(${key}) as taken`);
    if (rows[0]?.taken !== true) return false;
    let beating: Promise<unknown> = Promise.resolve();
    const timer = setInterval(() => {
      // A connection that was lost says so when the transaction ends.
      beating = beating.then(() => tx.query('select')).catch(() => {});
    }, beat);
    try {
      await work();
    } finally {
      clearInterval(timer);
      await beating;
    }
    return true;
  });
}
