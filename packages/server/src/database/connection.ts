import pg from 'pg';
import { isoTime } from '../lib/time.ts';

/** What both engines give: where PostgreSQL listens. */
export type ConnectionOptions = { connectionString: string } | { host: string; port: number; database: string; user: string; ssl: false };

/** The database of DATABASE_URL does not let us in; the message says what to check. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** Anything that runs a statement: the pool, or the connection of a transaction. */
export type Queryable = pg.Pool | pg.PoolClient;

/**
 * Connections per process. More made look-ups slower when measured (a pool of 8 was the best of
 * 4 to 32 on two cores), because look-ups that wait together share a statement anyway.
 */
const poolSize = 8;

/** A statement that runs longer than this is ended by the database and answered with 503. Milliseconds. */
const statementTimeout = 10_000;

/** A transaction that waits longer than this for another's lock gives up and is answered with 409. Milliseconds. */
const lockTimeout = 5_000;

/**
 * A database that has not answered a statement this long after it should have ended it is lost (a cut network says
 * nothing): the connection is given up and the request answered with 503. Milliseconds.
 */
const answerGrace = 5_000;

/** How long a request waits for a free or a new connection before it is answered with 503: a burst of a thousand writers to one record drains in less. Milliseconds. */
const connectionTimeout = 30_000;

/** Where a pool differs from the usual one. Times in milliseconds. */
export interface PoolOptions {
  /** how long a request waits for a connection; default 30,000 */
  connectionTimeout?: number;
  /** how long a statement may run; default 10,000 */
  statementTimeout?: number;
  /** how long a transaction waits for another's lock; default 5,000 */
  lockTimeout?: number;
}

/** Opens the pool of connections that all of the server uses, the same for both engines. */
export function openPool(connection: ConnectionOptions, options: PoolOptions = {}): pg.Pool {
  const timeouts = { connectionTimeout, statementTimeout, lockTimeout, ...options };
  const pool = new pg.Pool({
    ...connection,
    max: poolSize,
    connectionTimeoutMillis: timeouts.connectionTimeout,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    statement_timeout: timeouts.statementTimeout,
    query_timeout: timeouts.statementTimeout + answerGrace,
    lock_timeout: timeouts.lockTimeout,
    // A process that stops in mid-transaction must not hold its locks for ever.
    idle_in_transaction_session_timeout: 30_000,
    application_name: 'crosswalk',
    types: { getTypeParser },
  });
  // An idle connection that dies is replaced at the next use; unheard, the event would end the process.
  pool.on('error', () => {});
  return pool;
}

/** Throws a `ConnectionError` unless the database of DATABASE_URL answers. */
export async function requireConnection(pool: pg.Pool): Promise<void> {
  try {
    await pool.query('select');
  } catch (error) {
    // Several addresses that all refuse are an AggregateError, whose message is empty.
    const reasons = error instanceof AggregateError ? error.errors : [error];
    const reason = [...new Set(reasons.map((one) => (one instanceof Error ? one.message : String(one))))].join('; ');
    throw new ConnectionError(
      `The database of DATABASE_URL cannot be used: ${reason}. ` +
        'Check that it runs, and the host, port, user, password and database name (special characters in them are percent-encoded).',
      { cause: error },
    );
  }
}

const timestamptz = 1184;

/** Timestamps come as the text that answers carry. A bigint comes as text too (the driver's default): it may exceed a double. */
function getTypeParser(...[oid, format]: Parameters<typeof pg.types.getTypeParser>) {
  return oid === timestamptz ? isoTime : pg.types.getTypeParser(oid, format);
}
