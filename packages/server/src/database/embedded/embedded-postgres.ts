import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { ConnectionOptions } from '../connection.ts';
import { type Account, EmbeddedPostgresError, postgresAccount } from './account.ts';
import { findBinaries } from './binaries.ts';
import { type Cluster, databaseUser, lastLines, openCluster } from './cluster.ts';

/** A PostgreSQL of our own that runs. */
export interface EmbeddedPostgres {
  connection: ConnectionOptions;
  /** Ends it in order: connections are cut, everything is on disk. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  dataDirectory: string;
  /** hears of the first set-up, of a take-over and of restarts, a line each */
  onProgress?: (line: string) => void;
}

const port = 5432;
/** A server that was killed may leave much to recover. Milliseconds. */
const startTimeout = 120_000;
/** A fast shutdown waits for a checkpoint; after this it is ended without one, which is as safe. Milliseconds. */
const stopTimeout = 10_000;
/** The advisory lock that says "a Crosswalk server owns this cluster"; it goes with the connection that holds it. */
const ownerLock = 7_165_065;

/**
 * Starts PostgreSQL on a data directory, setting it up the first time, and owns it until `stop`. A PostgreSQL
 * that a killed server left running is ended first. If it dies it is started again.
 *
 * Throws an `EmbeddedPostgresError` when another server owns the directory, when it is of another version, when it
 * cannot be read, or when there is no PostgreSQL for this platform; the message says what to do.
 */
export async function startEmbeddedPostgres({ dataDirectory, onProgress = () => {} }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const account = await postgresAccount();
  const binaries = await findBinaries(account);
  const cluster = await openCluster(dataDirectory, binaries, account, onProgress);
  const owner = new Owner(cluster, binaries.postgres, account, onProgress);
  await owner.start();
  return {
    connection: { host: cluster.socketDirectory, port, database: databaseUser, user: databaseUser },
    stop: () => owner.stop(),
  };
}

/** Owns the postmaster of one cluster. */
class Owner {
  readonly #cluster: Cluster;
  readonly #program: string;
  readonly #account: Account | undefined;
  readonly #onProgress: (line: string) => void;
  #child: ChildProcess | undefined;
  #lock: pg.Client | undefined;
  #stopping = false;

  constructor(cluster: Cluster, program: string, account: Account | undefined, onProgress: (line: string) => void) {
    this.#cluster = cluster;
    this.#program = program;
    this.#account = account;
    this.#onProgress = onProgress;
  }

  /** Takes over what is running, or starts it, until it answers and is ours. */
  async start(): Promise<void> {
    await this.#endLeftOver();
    const deadline = Date.now() + startTimeout;
    const child = await this.#spawn();
    let exited: string | undefined;
    child.once('exit', (code, signal) => {
      exited = signal ?? `status ${code}`;
    });
    for (;;) {
      const lock = await this.#tryLock();
      // What answers may be the PostgreSQL of a server that starts at the same time: then ours ends.
      if (lock !== undefined && (await this.#postmasterPid()) !== child.pid) await lock.end();
      else if (lock !== undefined) {
        this.#child = child;
        this.#keep(child, lock);
        await createDatabase(lock);
        return;
      }
      if (exited !== undefined) throw await this.#startFailure(exited);
      if (Date.now() > deadline)
        throw new EmbeddedPostgresError(`PostgreSQL did not answer within ${startTimeout / 1000} seconds; see ${this.#cluster.logFile}`);
      await sleep(20);
    }
  }

  /** A server that was killed leaves its PostgreSQL running, unlocked. One that is locked has a living owner. */
  async #endLeftOver(): Promise<void> {
    const lock = await this.#tryLock();
    if (lock === undefined) return;
    const pid = await this.#postmasterPid();
    if (pid === undefined)
      throw new EmbeddedPostgresError(`PostgreSQL runs in ${this.#cluster.directory} without a postmaster.pid; end it and start again`);
    this.#onProgress(`Ending the PostgreSQL that an earlier server left running (process ${pid})`);
    await lock.end();
    await endProcess(pid);
  }

  /** A connection that holds the lock of the owner; undefined while nothing answers. Throws when another holds it. */
  async #tryLock(): Promise<pg.Client | undefined> {
    const client = new pg.Client({
      host: this.#cluster.socketDirectory,
      port,
      database: 'postgres',
      user: databaseUser,
      application_name: `crosswalk owner ${process.pid}`,
    });
    client.on('error', () => {});
    try {
      await client.connect();
    } catch {
      await client.end().catch(() => {});
      return undefined;
    }
    const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [ownerLock]);
    if (rows[0]?.locked === true) return client;
    const holder = await client.query<{ application_name: string }>(
      "select application_name from pg_stat_activity where application_name like 'crosswalk owner %' and pid <> pg_backend_pid()",
    );
    await client.end();
    const pid = holder.rows[0]?.application_name.replace('crosswalk owner ', '') ?? 'unknown';
    throw new EmbeddedPostgresError(
      `Another Crosswalk server (process ${pid}) uses the data directory of ${this.#cluster.directory}. ` +
        'Stop it, or give this one its own CROSSWALK_DATA_DIR. To run several servers side by side, give them one PostgreSQL by DATABASE_URL.',
    );
  }

  async #spawn(): Promise<ChildProcess> {
    const { directory, socketDirectory, logFile } = this.#cluster;
    const log = await open(logFile, 'a');
    const settings = {
      listen_addresses: '',
      unix_socket_directories: socketDirectory,
      port,
      max_connections: 50,
      shared_buffers: '128MB',
      timezone: 'UTC',
      log_timezone: 'UTC',
      // Compiling pays for long analytic queries; ours are short.
      jit: 'off',
    };
    try {
      const child = spawn(
        this.#program,
        ['-D', directory, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
        {
          // Its own process group: Ctrl-C at the terminal reaches us first, and we stop it in order.
          detached: true,
          stdio: ['ignore', log.fd, log.fd],
          cwd: '/',
          ...(this.#account === undefined ? {} : { uid: this.#account.uid, gid: this.#account.gid }),
        },
      );
      await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
      return child;
    } finally {
      await log.close();
    }
  }

  /** Starts PostgreSQL again if it dies while we live. */
  #keep(child: ChildProcess, lock: pg.Client): void {
    this.#lock = lock;
    child.once('exit', (code, signal) => {
      if (this.#stopping) return;
      this.#onProgress(
        `PostgreSQL ended unexpectedly (${signal ?? `status ${code}`}); starting it again. Its log: ${this.#cluster.logFile}`,
      );
      void this.#restart();
    });
  }

  async #restart(): Promise<void> {
    while (!this.#stopping) {
      await sleep(500);
      try {
        await this.start();
        this.#onProgress('PostgreSQL runs again');
        return;
      } catch (error) {
        this.#onProgress(`PostgreSQL does not start: ${error instanceof Error ? error.message : String(error)}`);
        await sleep(5_000);
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#lock?.end().catch(() => {});
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await endProcess(child.pid, new Promise((resolve) => child.once('exit', () => resolve())));
  }

  async #postmasterPid(): Promise<number | undefined> {
    const [line] = (await readFile(join(this.#cluster.directory, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    const pid = Number(line);
    return Number.isInteger(pid) && pid > 1 ? pid : undefined;
  }

  async #startFailure(exited: string): Promise<Error> {
    const { directory, logFile } = this.#cluster;
    const log = lastLines(await readFile(logFile, 'utf8').catch(() => ''));
    return new EmbeddedPostgresError(
      `PostgreSQL could not start on ${directory} (${exited}):\n${log}\nThe whole log is ${logFile}. If the directory is damaged, restore it from a backup.`,
    );
  }
}

async function createDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query('select from pg_database where datname = $1', [databaseUser]);
  if (rowCount === 0) await client.query(`create database ${databaseUser}`);
}

/** Ends a postmaster: fast first, at once when that takes too long. Resolves when it is gone. */
async function endProcess(pid: number, gone: Promise<void> = waitUntilGone(pid)): Promise<void> {
  signal(pid, 'SIGINT');
  const timer = setTimeout(() => signal(pid, 'SIGQUIT'), stopTimeout);
  await gone;
  clearTimeout(timer);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone already.
  }
}

async function waitUntilGone(pid: number): Promise<void> {
  while (await isRunning(pid)) await sleep(20);
}

/** A process that has ended but was not collected by its parent still takes signals; Linux tells it apart. */
async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return !/\) Z /.test(status);
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
