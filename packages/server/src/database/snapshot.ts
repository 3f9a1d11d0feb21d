import type pg from 'pg';
import { limitsOf } from './connection.ts';
import { isConnectionFailure } from './sql-error.ts';

/** One moment of the database, for reads of several statements: none sees what was committed after the first. */
export interface Snapshot {
  db: pg.PoolClient;
  /** Gives the connection back; tell it of an error that ended the reading. May be called more than once, and not while a statement runs. */
  close(error?: unknown): Promise<void>;
}

/** Opens a snapshot on a connection of its own. The database ends it when nothing is asked of it for `idle` milliseconds. */
export async function openSnapshot(pool: pg.Pool, { idle }: { idle: number }): Promise<Snapshot> {
  const db = await pool.connect();
  let isOpen = true;
  const close = async (error?: unknown) => {
    if (!isOpen) return;
    isOpen = false;
    let broken = isConnectionFailure(error) ? error : undefined;
    if (broken === undefined) {
      await db.query('rollback').catch((failure: Error) => {
        broken = failure;
      });
    }
    db.release(broken);
  };
  try {
    await db.query(
      `begin isolation level repeatable read read only${limitsOf(pool)}; set local idle_in_transaction_session_timeout to ${Math.round(idle)}`,
    );
  } catch (error) {
    await close(error);
    throw error;
  }
  return { db, close };
}
