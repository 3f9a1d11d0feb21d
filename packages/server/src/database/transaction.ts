import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { limitsOf } from './connection.ts';
import { isConnectionFailure, isRetryable } from './sql-error.ts';

/** Runs `work` this often at most, when it loses a deadlock; each round waits for the winner, so few are needed. */
const attempts = 5;

/** Before it runs again it waits a random part of this, times the rounds so far: one that comes back at once can take the winner's lock. Milliseconds. */
const pause = 20;

/** How a transaction ends, and what it may take. Without a limit of its own it has that of the pool. */
export interface TransactionOptions {
  /**
   * Whether the commit waits until it is on disk; default true. Without, a crash of the database may undo the last moments: for what is
   * found out anew then, and what nobody was told of.
   */
  durable?: boolean;
  /** How long it waits for another's lock. Milliseconds. */
  lockTimeout?: number | undefined;
  /** How long a statement of it may run before the database ends it, with the code 57014. Milliseconds. */
  statementTimeout?: number;
}

/**
 * Runs `work` in one transaction: committed when it resolves, rolled back when it throws.
 * Inside there is SQL only. `work` may run more than once (it lost a deadlock): it must not have effects
 * outside the database.
 */
export async function inTransaction<Result>(
  pool: pg.Pool,
  work: (tx: pg.PoolClient) => Promise<Result>,
  { durable = true, lockTimeout, statementTimeout }: TransactionOptions = {},
): Promise<Result> {
  const settings = [
    ...(durable ? [] : ['; set local synchronous_commit to off']),
    ...(lockTimeout === undefined ? [] : [`; set local lock_timeout = ${lockTimeout}`]),
    ...(statementTimeout === undefined ? [] : [`; set local statement_timeout = ${statementTimeout}`]),
  ];
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(pool, work, `${begin}${limitsOf(pool)}${settings.join('')}`);
    } catch (error) {
      if (attempt === attempts || !isRetryable(error)) throw error;
      await delay(Math.random() * pause * attempt);
    }
  }
}

/** Whatever the database's default is: our statements wait for a lock and then see what its holder did. */
const begin = 'begin isolation level read committed';

async function once<Result>(pool: pg.Pool, work: (tx: pg.PoolClient) => Promise<Result>, beginning: string): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(beginning);
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    // A connection that does not answer would not answer this either: giving it up rolls back.
    if (isConnectionFailure(error)) broken = error;
    else {
      await client.query('rollback').catch((failure: Error) => {
        broken = failure;
      });
    }
    throw error;
  } finally {
    client.release(broken);
  }
}
