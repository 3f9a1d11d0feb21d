import pg from 'pg';
import { isoTime } from '../lib/time.ts';

/** What both engines give: where PostgreSQL listens. */
export type ConnectionOptions = { connectionString: string } | { host: string; port: number; database: string; user: string };

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

/** How long a request waits for a free or a new connection before it is answered with 503: a burst of a thousand writers to one record drains in less. Milliseconds. */
const connectionTimeout = 30_000;

/** Opens the pool of connections that all of the server uses, the same for both engines. */
export function openPool(connection: ConnectionOptions): pg.Pool {
  const pool = new pg.Pool({
    ...connection,
    max: poolSize,
    connectionTimeoutMillis: connectionTimeout,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    statement_timeout: statementTimeout,
    lock_timeout: lockTimeout,
    // A process that stops in mid-transaction must not hold its locks for ever.
    idle_in_transaction_session_timeout: 30_000,
    application_name: 'crosswalk',
    types: { getTypeParser },
  });
  // An idle connection that dies is replaced at the next use; unheard, the event would end the process.
  pool.on('error', () => {});
  return pool;
}

const timestamptz = 1184;

/** Timestamps come as the text that answers carry. A bigint comes as text too (the driver's default): it may exceed a double. */
function getTypeParser(...[oid, format]: Parameters<typeof pg.types.getTypeParser>) {
  return oid === timestamptz ? isoTime : pg.types.getTypeParser(oid, format);
}
