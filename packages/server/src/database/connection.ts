import pg from 'pg';
import { isoTime } from '../lib/time.ts';
import { findTracer } from '../lib/tracing.ts';
import { Pool } from './pool.ts';
import { traceStatements } from './statement-spans.ts';

/**
 * PgBouncer in transaction mode, or another pooler of its kind: from transaction to transaction it is another session. So nothing is
 * prepared by name, and time limits are part of each transaction.
 */
export type Pooler = 'transaction';

/** What both engines give: where PostgreSQL listens. */
export type ConnectionOptions =
  | { connectionString: string; pooler?: Pooler | undefined }
  | { host: string; port: number; database: string; user: string; ssl: false };

/** The database of DATABASE_URL does not let us in; the message says what to check. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** Anything that runs a statement: the pool, or the connection of a transaction. */
export type Queryable = pg.Pool | pg.PoolClient;

/**
 * Connections of a process for requests. More made look-ups slower when measured (a pool of 8 was the best of
 * 4 to 32 on two cores), because look-ups that wait together share a statement anyway.
 */
export const requestPoolSize = 8;

/**
 * Connections for what a process does without being asked for: placing events, claiming what is to be sent, recording what came of it go
 * on side by side, each by one, and an import by two.
 */
export const workPoolSize = 5;

/** The one that builds indexes of metadata, one after another, and one that tells other servers so: they may be at that for hours. */
export const buildPoolSize = 2;

/** A statement that runs longer than this is ended by the database and answered with 503. Milliseconds. */
const statementTimeout = 10_000;

/** A transaction that waits longer than this for another's lock gives up and is answered with 409. Milliseconds. */
const lockTimeout = 5_000;

/**
 * A database that has not answered a statement this long after it should have ended it is lost (a cut network says
 * nothing): the connection is given up and the request answered with 503. Milliseconds.
 */
const answerGrace = 3_000;

/** An unused connection is closed after this. Milliseconds. */
const idleTimeout = 60_000;

/**
 * The same of the connections for work: soon, as most are used in bursts, and where the database gives fewer than all pools want, those
 * that nobody uses would leave requests none. Milliseconds.
 */
export const workIdleTimeout = 3_000;

/**
 * How long it may take to make a connection: a packet that is lost is sent again after 1 and after 3 seconds, and a server that comes back is not
 * waited for any longer. Milliseconds.
 */
const connectTimeout = 5_000;

/**
 * How long a request waits for a free or a new connection before it is answered with 503: a burst of a thousand writers to one record drains in
 * less, and after that its answer is due (transport/patience.ts). Milliseconds.
 */
const connectionTimeout = 14_000;

/** A process that stops in mid-transaction must not hold its locks for ever. Milliseconds. */
const idleInTransactionTimeout = 30_000;

/** Where a pool differs from the usual one. Times in milliseconds. */
export interface PoolOptions {
  /** connections at most; default 8 */
  size?: number;
  /** how long a connection is kept unused; default 60,000 */
  idleTimeout?: number;
  /** how long a request waits for a connection; default 14,000 */
  connectionTimeout?: number;
  /** how long it may take to make one; default 5,000, or `connectionTimeout` where that is less */
  connectTimeout?: number;
  /** how long a statement may run; default 10,000; 0: without an end, as it then waits for locks */
  statementTimeout?: number;
  /** how long a transaction waits for another's lock; default 5,000 */
  lockTimeout?: number;
}

/** Statements take as long as they take: for what is done beside all requests, such as the building of an index. */
export const unlimited: PoolOptions = { statementTimeout: 0 };

/** Opens the pool of connections that all of the server uses, the same for both engines. */
export function openPool(connection: ConnectionOptions, options: PoolOptions = {}): pg.Pool {
  const timeouts = { idleTimeout, connectionTimeout, statementTimeout, lockTimeout, ...options };
  const pooled = 'connectionString' in connection && connection.pooler === 'transaction';
  const pool = new Pool({
    ...connection,
    max: options.size ?? requestPoolSize,
    connectionTimeoutMillis: timeouts.connectionTimeout,
    idleTimeoutMillis: timeouts.idleTimeout,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...(timeouts.statementTimeout === 0 ? {} : { query_timeout: timeouts.statementTimeout + answerGrace }),
    application_name: 'crosswalk',
    types: { getTypeParser },
    Client: promptClient(
      pooled ? UnnamedClient : pg.Client,
      Math.min(options.connectTimeout ?? connectTimeout, timeouts.connectionTimeout),
    ),
    ...(pooled
      ? {}
      : {
          ...(timeouts.statementTimeout === 0
            ? // The driver leaves out a limit of 0, and the database may have one of its own.
              { options: '-c statement_timeout=0 -c lock_timeout=0' }
            : { statement_timeout: timeouts.statementTimeout, lock_timeout: timeouts.lockTimeout }),
          idle_in_transaction_session_timeout: idleInTransactionTimeout,
        }),
  });
  if (pooled) {
    beginnings.set(
      pool,
      `; set local statement_timeout = ${timeouts.statementTimeout}; set local lock_timeout = ${timeouts.lockTimeout}` +
        `; set local idle_in_transaction_session_timeout = ${idleInTransactionTimeout}`,
    );
  }
  // A connection that dies is replaced at its next use, and a statement it had fails. Its event says nothing more, but unheard it would
  // end the process. The pool hears it only while the connection is idle, and nobody does between its hand-over and the next promise.
  pool.on('connect', (client) => client.on('error', () => {}));
  pool.on('error', () => {});
  const tracer = findTracer();
  if (tracer !== undefined) traceStatements(pool, tracer);
  return pool;
}

/** SQL that follows the `begin` of a transaction: the time limits, where a session cannot keep them. */
export function limitsOf(pool: pg.Pool): string {
  return beginnings.get(pool) ?? '';
}

const beginnings = new WeakMap<pg.Pool, string>();

/** Connections that are made within some milliseconds or not at all. The pool's own time for that is the one for which requests wait. */
function promptClient(Client: typeof pg.Client, timeout: number): typeof pg.Client {
  return class extends Client {
    constructor(config?: string | pg.ClientConfig) {
      // The pool hides the password from copies.
      super(typeof config === 'object' ? { ...config, password: config.password, connectionTimeoutMillis: timeout } : config);
    }
  };
}

/** A connection that prepares nothing by name: the next transaction would not find it. */
class UnnamedClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    const { query } = this;
    Object.defineProperty(this, 'query', {
      value: (statement: unknown, ...rest: unknown[]) => Reflect.apply(query, this, [withoutName(statement), ...rest]),
    });
  }
}

function withoutName(statement: unknown): unknown {
  return typeof statement === 'object' && statement !== null && 'name' in statement ? { ...statement, name: undefined } : statement;
}

/** Throws a `ConnectionError` unless the database of DATABASE_URL answers. */
export async function requireConnection(pool: pg.Pool): Promise<void> {
  try {
    await pool.query('select');
  } catch (error) {
    // Several addresses that all refuse are an AggregateError, whose message is empty.
    const reasons = error instanceof AggregateError ? error.errors : [error];
    const reason = [...new Set(reasons.map((one) => (one instanceof Error ? one.message : String(one))))].join('; ');
    if (reason.includes('unsupported startup parameter')) {
      throw new ConnectionError(
        `DATABASE_URL leads to PgBouncer, which says: ${reason}. Set DATABASE_POOLER=transaction; see docs/scaling.md.`,
        { cause: error },
      );
    }
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
