import type pg from 'pg';
import { isConnectionFailure, isRetryable } from './sql-error.ts';

/** Runs `work` again this often after losing a deadlock; each round waits for the winner, so few are needed. */
const attempts = 5;

/**
 * Runs `work` in one transaction: committed when it resolves, rolled back when it throws.
 * Inside there is SQL only. `work` may run more than once (it lost a deadlock): it must not have effects
 * outside the database.
 */
export async function inTransaction<Result>(pool: pg.Pool, work: (tx: pg.PoolClient) => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(pool, work);
    } catch (error) {
      if (attempt === attempts || !isRetryable(error)) throw error;
    }
  }
}

async function once<Result>(pool: pg.Pool, work: (tx: pg.PoolClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection that dies between two statements says so by an event, which would end the process unheard.
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  try {
    // Whatever the database's default is: our statements wait for a lock and then see what its holder did.
    await client.query('begin isolation level read committed');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    // A connection that does not answer would not answer this either: giving it up rolls back.
    if (isConnectionFailure(error)) broken = error;
    else await client.query('rollback').catch(onError);
    throw error;
  } finally {
    client.removeListener('error', onError);
    client.release(broken);
  }
}
