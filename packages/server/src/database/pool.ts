import pg from 'pg';
import { isConnectionFailure } from './sql-error.ts';

/** A database that has answered nobody for this long when a statement was given up is not there for others either. Milliseconds. */
const silence = 5_000;

/**
 * A database that is away is left alone for this long after each attempt. PostgreSQL starts a process for every connection that it then refuses:
 * one that recovered from a crash was about a fifth slower beside some hundred of them a second (T5). Milliseconds.
 */
const pause = 200;

/** SQLSTATE of a database that starts, recovers or shuts down: it refuses everybody. */
const cannotConnectNow = '57P03';

type Taken = (error: Error | undefined, client: pg.PoolClient | undefined, done: (release?: Error | boolean) => void) => void;

/**
 * A pool that lets nobody wait for a database that is away. When a statement is not answered in time, or an attempt to connect fails, and nothing
 * else has come from the database, all who wait fail with it, and connections that nobody uses are not relied on any more. From then on one
 * at a time tries, with a pause after each, until there is a sign of life; who comes meanwhile is told at once why the last one failed. In a
 * network that says nothing every statement and attempt takes as long as it may, and hundreds of requests would have theirs one after another.
 */
export class Pool extends pg.Pool {
  /** those who wait for a connection, by what tells them that there is none */
  readonly #waiting = new Set<(error: Error) => void>();
  /** why the last attempt failed, if the database has said nothing since; undefined: it is there */
  #away: Error | undefined;
  /** before this nobody tries one that is away, in milliseconds of the monotonic clock */
  #nextAttempt = 0;
  /** when the database last said something, in milliseconds of the monotonic clock */
  #lastSign = Number.NEGATIVE_INFINITY;

  constructor(config: pg.PoolConfig) {
    super(config);
    const hear = () => {
      this.#lastSign = performance.now();
      this.#away = undefined;
    };
    this.on('connect', hear);
    this.on('release', (error: unknown) => {
      if (error === undefined) hear();
      else if (isUnanswered(error) && this.#lastSign < performance.now() - silence) this.#giveUp(error);
    });
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Taken): void;
  override connect(callback?: Taken): Promise<pg.PoolClient> | undefined {
    const taken = this.#take();
    if (callback === undefined) return taken;
    taken.then(
      (client) => callback(undefined, client, client.release),
      (error: Error) => callback(error, undefined, () => {}),
    );
    return undefined;
  }

  #take(): Promise<pg.PoolClient> {
    const begin = performance.now();
    if (this.#away !== undefined && (this.#waiting.size > 0 || begin < this.#nextAttempt)) return Promise.reject(this.#away);
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      super.connect().then(
        (client) => {
          if (this.#waiting.delete(reject)) resolve(client);
          else client.release();
        },
        (error: Error) => {
          if (!this.#waiting.delete(reject)) return;
          reject(error);
          if (isFailedAttempt(error) && this.#lastSign < begin) this.#giveUp(error);
        },
      );
    });
  }

  #giveUp(error: Error): void {
    this.#away = error;
    this.#nextAttempt = performance.now() + pause;
    for (const fail of this.#waiting) fail(error);
    this.#waiting.clear();
    // pg-pool would go on to connect for each of them, and has no way to be told that they are gone.
    const queue: unknown = Reflect.get(this, '_pendingQueue');
    if (Array.isArray(queue)) queue.length = 0;
    for (let unused = this.idleCount; unused > 0; unused -= 1) {
      super.connect().then(
        (client) => client.release(true),
        () => {},
      );
    }
  }
}

/** Whether a connection is given back because a statement on it had no answer. */
function isUnanswered(error: unknown): error is Error {
  return error instanceof Error && error.message === 'Query read timeout';
}

/** Whether nothing came of an attempt to connect, and would not for anybody else. Who waited too long while all connections were in use has made none. */
function isFailedAttempt(error: Error): boolean {
  if (error instanceof pg.DatabaseError) return error.code === cannotConnectNow;
  return isConnectionFailure(error) && error.message !== 'timeout exceeded when trying to connect';
}
