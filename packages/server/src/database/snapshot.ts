import type pg from 'pg';
import { limitsOf } from './connection.ts';
import { databaseFailure, isConnectionFailure } from './sql-error.ts';

/** One moment of the database, for reads of several statements: none sees what was committed after the first. */
export interface Snapshot {
  db: pg.PoolClient;
  /** Does a read that may take too long, and is then given up: undefined, and the moment stays the same. `limit`: of each statement, in milliseconds. */
  attempt<Result>(limit: number, read: (db: pg.PoolClient) => Promise<Result>): Promise<Result | undefined>;
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
  const attempt = async <Result>(limit: number, read: (of: pg.PoolClient) => Promise<Result>): Promise<Result | undefined> => {
    await db.query(`savepoint attempt; set local statement_timeout = ${Math.round(limit)}`);
    const result = await read(db).catch((error: unknown) => {
      if (databaseFailure(error)?.code !== 'QUERY_TOO_SLOW') throw error;
      return undefined;
    });
    // Whatever came of it: this takes the limit back.
    await db.query('rollback to savepoint attempt; release savepoint attempt');
    return result;
  };
  try {
    await db.query(
      `begin isolation level repeatable read read only${limitsOf(pool)}; set local idle_in_transaction_session_timeout to ${Math.round(idle)}`,
    );
  } catch (error) {
    await close(error);
    throw error;
  }
  return { db, attempt, close };
}
