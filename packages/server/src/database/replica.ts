import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { ApiError } from '../lib/api-error.ts';
import { ConnectionError } from './connection.ts';
import { type Position, parsePosition } from './position.ts';
import { databaseFailure } from './sql-error.ts';

/** A read waits so long for the replica to come to its position: what a healthy one needs. Milliseconds. */
const patience = 20;
/** How often it looks meanwhile. Milliseconds. */
const step = 4;
/** A replica that was not there in time is not waited for by the reads of the next while. Milliseconds. */
const behindPause = 1_000;
/** One that does not answer, or is no replica any more, is not asked for this long. Milliseconds. */
const awayPause = 5_000;
/** What a connection was found to be holds for this long: a replica that is promoted is noticed by then. Milliseconds. */
const checkedFor = 1_000;
/** A replica that has not told its position after this does not answer. Milliseconds. */
const answerTimeout = 1_000;

/** What a server tells of itself. */
interface Nature {
  /** the cluster and the database in it: the same on a primary and its replicas alone */
  identity: string;
  /** how far it has replayed; null: it is no replica */
  lsn: string | null;
}

/** A database is no replica of ours. */
class NoReplica extends Error {}

/**
 * A PostgreSQL that follows the primary, for reads that name a position it must have reached. Whatever is the matter with it, a read fails
 * for nothing but its own fault: it is not done, and the primary is there.
 */
export class Replica {
  readonly #pool: pg.Pool;
  readonly #primary: pg.Pool;
  readonly #warn: (error: unknown) => void;
  #identity: string | undefined;
  #awayUntil = 0;
  #behindUntil = 0;
  /** What each connection was found to be. A server that starts anew may be behind where it was, and has new connections. */
  readonly #checks = new WeakMap<pg.PoolClient, { position: Position; time: number }>();

  /** `warn` hears why it is not asked for a while. */
  constructor({ pool, primary, warn }: { pool: pg.Pool; primary: pg.Pool; warn: (error: unknown) => void }) {
    this.#pool = pool;
    this.#primary = primary;
    this.#warn = warn;
  }

  /** Throws a `ConnectionError` when DATABASE_READ_URL leads to something else than a replica. One that does not answer may come later. */
  async requireReplica(): Promise<void> {
    try {
      const client = await this.#pool.connect();
      await this.#look(client).finally(() => client.release());
    } catch (error) {
      if (error instanceof NoReplica) throw new ConnectionError(error.message);
      this.#leave(error);
    }
  }

  /** The result of a read at `position` or later; undefined when it was not done. `read` must only read. */
  async read<Result>(position: Position, read: (db: pg.PoolClient) => Promise<Result>): Promise<{ result: Result } | undefined> {
    const start = performance.now();
    const deadline = start < this.#behindUntil ? start : start + patience;
    while (performance.now() >= this.#awayUntil) {
      const outcome = await this.#attempt(position, read);
      if (outcome !== 'behind') return outcome;
      if (performance.now() >= deadline) {
        this.#behindUntil = performance.now() + behindPause;
        return undefined;
      }
      await sleep(step);
    }
    return undefined;
  }

  async #attempt<Result>(
    position: Position,
    read: (db: pg.PoolClient) => Promise<Result>,
  ): Promise<{ result: Result } | 'behind' | undefined> {
    let client: pg.PoolClient | undefined;
    let isBroken = false;
    try {
      client = await this.#pool.connect();
      const known = this.#checks.get(client);
      const reached =
        known !== undefined && known.position >= position && performance.now() - known.time < checkedFor
          ? known.position
          : await this.#look(client);
      return reached < position ? 'behind' : { result: await read(client) };
    } catch (error) {
      const failure = databaseFailure(error);
      if (error instanceof ApiError || failure?.code === 'QUERY_TOO_SLOW') throw error;
      isBroken = error instanceof NoReplica || !(error instanceof pg.DatabaseError);
      // A connection's end is the server's, as is its refusal; any other error is about this read: what it wanted was vacuumed away
      // meanwhile, or a migration has not come through yet.
      if (isBroken || failure?.code === 'DATABASE_UNAVAILABLE') this.#leave(error);
      return undefined;
    } finally {
      client?.release(isBroken);
    }
  }

  /** Looks how far the server of a connection is. Throws `NoReplica` when it is none. */
  async #look(client: pg.PoolClient): Promise<Position> {
    const { identity, lsn } = await natureOf(client);
    this.#identity ??= (await natureOf(this.#primary)).identity;
    if (identity !== this.#identity) {
      throw new NoReplica(
        'DATABASE_READ_URL leads to another database than DATABASE_URL: it must name the same database on a streaming replica of that server.',
      );
    }
    if (lsn === null) {
      throw new NoReplica(
        'DATABASE_READ_URL leads to a primary, not to a replica. Point it at a server in recovery (select pg_is_in_recovery() is true there), or unset it.',
      );
    }
    const position = parsePosition(lsn);
    this.#checks.set(client, { position, time: performance.now() });
    return position;
  }

  #leave(error: unknown): void {
    this.#awayUntil = performance.now() + awayPause;
    this.#warn(error);
  }
}

const natureQuery = {
  name: 'nature-of-database',
  text: `select s.system_identifier || '/' || d.oid as identity, case when pg_is_in_recovery() then pg_last_wal_replay_lsn() end as lsn
         from pg_control_system() s, pg_database d where d.datname = current_database()`,
  query_timeout: answerTimeout,
};

async function natureOf(db: pg.Pool | pg.PoolClient): Promise<Nature> {
  const { rows } = await db.query<Nature>(natureQuery);
  const [row] = rows;
  if (row === undefined) throw new Error('a database is not among those of its server');
  return row;
}
