import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { isSystemError } from '../../lib/system-error.ts';
import type { ConnectionOptions } from '../connection.ts';
import { type Account, EmbeddedPostgresError, postgresAccount } from './account.ts';
import { findBinaries, packageDirectory } from './binaries.ts';
import { type Cluster, databaseUser, findCluster, lastLines, openCluster } from './cluster.ts';
import { sharedBuffers } from './memory.ts';
import { askServers, clusterName, ownedByAnother, type Servers, takeOwnership } from './owner-lock.ts';
import { endOrphans, endPostmaster, isLive, isRunning, port, readPostmaster, removeForeign } from './postmaster.ts';

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
  /** Gives up a start that is under way: nothing of it is left running. */
  signal?: AbortSignal;
  /** has the programs; default: what npm installed for this platform */
  programs?: string;
  /** takes what PostgreSQL's account cannot reach where it is, when we are root; default `/var/lib/crosswalk` */
  systemDirectory?: string;
}

/** A server that was killed may leave much to recover. Milliseconds. */
const startTimeout = 120_000;
/** Of two servers that start together, the one that was faster owns the cluster after this at the latest. Milliseconds. */
const rivalTimeout = 5_000;
/** A PostgreSQL that died is started again after the first of these, and after up to the last when that fails. Milliseconds. */
const [firstPause, longestPause] = [100, 5_000];
/** PostgreSQL's log is begun anew at a start when it is larger than this. Bytes. */
const maxLog = 16 * 1024 * 1024;
/** How much of it is read for an error message. Bytes. */
const logExcerpt = 4096;

/**
 * Starts PostgreSQL on a data directory, setting it up the first time, and owns it until `stop`. A PostgreSQL
 * that a killed server left running is ended first. If it dies it is started again.
 *
 * Throws an `EmbeddedPostgresError` when another server owns the directory, when it is of another version, when it
 * cannot be used, or when there is no PostgreSQL for this platform; the message says what to do.
 */
export async function startEmbeddedPostgres({
  dataDirectory,
  onProgress = () => {},
  signal = new AbortController().signal,
  programs = packageDirectory(),
  systemDirectory = '/var/lib/crosswalk',
}: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const account = await usable(dataDirectory, async () => postgresAccount(await findCluster(dataDirectory)));
  const binaries = await findBinaries(account, programs, systemDirectory);
  return usable(dataDirectory, async () => {
    const cluster = await openCluster({ dataDirectory, systemDirectory, binaries, account, onProgress, signal });
    const owner = new Owner(cluster, binaries.postgres, account, onProgress);
    await owner.start(signal);
    return {
      connection: { host: cluster.socketDirectory, port, database: databaseUser, user: databaseUser, ssl: false },
      stop: () => owner.stop(),
    };
  });
}

/** Says of an error of the file system which setting it is about. */
async function usable<Result>(dataDirectory: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const wrong = error.code === 'EEXIST' || error.code === 'ENOTDIR' ? `it is not a directory (${error.message})` : error.message;
    throw new EmbeddedPostgresError(
      `The data directory ${dataDirectory} cannot be used: ${wrong}. ` +
        'Let the user that Crosswalk runs as write there, or set CROSSWALK_DATA_DIR to another directory.',
      { cause: error },
    );
  }
}

/** Owns the postmaster of one cluster. */
class Owner {
  readonly #cluster: Cluster;
  readonly #program: string;
  readonly #account: Account | undefined;
  readonly #onProgress: (line: string) => void;
  readonly #stopping = new AbortController();
  /** the postmaster that was started last */
  #child: ChildProcess | undefined;
  /** where its part of the log begins, in bytes */
  #logBegin = 0;
  /** the connection that holds the lock of the owner */
  #lock: pg.Client | undefined;
  /** goes on until the stop */
  #watch: Promise<void> = Promise.resolve();

  constructor(cluster: Cluster, program: string, account: Account | undefined, onProgress: (line: string) => void) {
    this.#cluster = cluster;
    this.#program = program;
    this.#account = account;
    this.#onProgress = onProgress;
  }

  /** Rejects with the reason of the signal when that told it to give up. */
  async start(signal: AbortSignal): Promise<void> {
    const giveUp = () => this.#stopping.abort();
    signal.addEventListener('abort', giveUp);
    process.on('exit', this.#onExit);
    try {
      signal.throwIfAborted();
      const lock = await this.#bringUp();
      signal.throwIfAborted();
      this.#watch = this.#keep(lock);
    } catch (error) {
      await this.stop();
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#watch;
    this.#lock?.end().catch(() => {});
    await this.#endChild();
    process.off('exit', this.#onExit);
  }

  /** Whatever ends our process, short of a kill, takes PostgreSQL along; it then stops in order by itself. */
  readonly #onExit = () => {
    this.#child?.kill('SIGINT');
  };

  /** Starts PostgreSQL; resolves to the lock when it answers and is ours. Nothing is left running if it throws. */
  async #bringUp(): Promise<pg.Client> {
    await this.#endLeftOver();
    const child = await this.#spawn();
    this.#child = child;
    try {
      const lock = await this.#answer(child);
      if (lock === undefined) throw await this.#startFailure(child);
      await createDatabase(lock);
      return lock;
    } catch (error) {
      await this.#endChild();
      throw error;
    }
  }

  /** A server that was killed leaves its PostgreSQL running, without an owner: it is ended. One that is owned is left alone. */
  async #endLeftOver(): Promise<void> {
    const { directory, dataDirectory } = this.#cluster;
    for (const begin = Date.now(); ; await this.#pause(50)) {
      const found = await readPostmaster(directory);
      const socketDirectory = found?.socketDirectory || this.#cluster.socketDirectory;
      // Asked even where no such process lives: it may be in another container that shares the directory.
      const servers = await askServers(socketDirectory);
      if (servers?.owner !== undefined) throw ownedByAnother(this.#cluster, servers.owner);
      const live = found !== undefined && (await isLive(directory, found));
      if (servers === undefined && !live) {
        if (found === undefined) return;
        await removeForeign(directory, found);
        await endOrphans(directory);
        return;
      }
      const waited = Date.now() - begin;
      if (servers !== undefined && live && !(waited < rivalTimeout && (await isBeingTaken(servers)))) {
        // The lock is held until it is gone, so that no third server takes it for its own.
        const lock = await takeOwnership(this.#cluster, socketDirectory);
        if (lock === undefined) continue;
        this.#onProgress(`Ending the PostgreSQL that an earlier server left running (process ${found.pid})`);
        await endPostmaster(found.pid);
        await lock.end().catch(() => {});
        return;
      }
      // It is starting, stopping or recovering from a crash, unless it is lost.
      if (waited > (found?.status === 'ready' ? rivalTimeout : startTimeout)) {
        throw new EmbeddedPostgresError(
          `A PostgreSQL (process ${found?.pid ?? 'unknown'}) that no Crosswalk server owns runs on ${dataDirectory} and ` +
            `${servers === undefined ? 'does not answer' : 'is out of reach'}. End it, then start again.`,
        );
      }
    }
  }

  async #spawn(): Promise<ChildProcess> {
    const { directory, socketDirectory, logFile } = this.#cluster;
    const settings = {
      listen_addresses: '',
      unix_socket_directories: socketDirectory,
      port,
      cluster_name: clusterName,
      max_connections: 50,
      shared_buffers: sharedBuffers(),
      timezone: 'UTC',
      log_timezone: 'UTC',
      // A statement that fails is the caller's or ours to log: here are PostgreSQL's own affairs, and nobody's data.
      log_min_messages: 'log',
      log_error_verbosity: 'terse',
      log_min_error_statement: 'panic',
      // Compiling pays for long analytic queries; ours are short.
      jit: 'off',
    };
    const log = await openLog(logFile);
    try {
      this.#logBegin = (await log.stat()).size;
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

  /** Waits until the postmaster answers, and takes the lock; undefined when it ends instead. */
  async #answer(child: ChildProcess): Promise<pg.Client | undefined> {
    const { directory, socketDirectory, logFile } = this.#cluster;
    for (const begin = Date.now(); ; await this.#pause(20)) {
      if (hasEnded(child)) return undefined;
      const found = await readPostmaster(directory);
      if (found?.pid === child.pid && found?.status === 'ready') {
        this.#lock = await takeOwnership(this.#cluster, socketDirectory);
        if (this.#lock !== undefined) return this.#lock;
      }
      if (Date.now() - begin > startTimeout)
        throw new EmbeddedPostgresError(`PostgreSQL did not answer within ${startTimeout / 1000} seconds; see ${logFile}`);
    }
  }

  /** Starts a postmaster that died again, and takes a lock that was lost again, until the stop. */
  async #keep(lock: pg.Client): Promise<void> {
    for (let held = lock; ; ) {
      await this.#lost(held);
      if (this.#stopping.signal.aborted) return;
      const again = await this.#recover();
      if (again === undefined) return;
      held = again;
    }
  }

  /** Resolves when the postmaster is gone, when it cut our connection (it does when one of its processes crashed), or at the stop. */
  async #lost(lock: pg.Client): Promise<void> {
    const heard = new AbortController();
    const options = { signal: AbortSignal.any([this.#stopping.signal, heard.signal]) };
    const exit = this.#child === undefined ? [] : [once(this.#child, 'exit', options)];
    await Promise.race([once(lock, 'end', options), ...exit]).catch(() => {});
    heard.abort();
    if (this.#stopping.signal.aborted) return;
    // Both are told at the same moment when it is gone.
    await sleep(firstPause);
  }

  /** Undefined when told to stop. */
  async #recover(): Promise<pg.Client | undefined> {
    const child = this.#child;
    if (child === undefined) return undefined;
    let isKnown = false;
    for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
      try {
        // One that shuts down cuts connections first, and ends when its checkpoint is on disk: then it is gone, and not a start that failed.
        const kept = hasEnded(child) ? undefined : await this.#answer(child);
        if (kept !== undefined) return kept;
        if (!isKnown)
          this.#onProgress(`PostgreSQL ended unexpectedly (${howEnded(child)}); starting it again. Its log: ${this.#cluster.logFile}`);
        isKnown = true;
        const lock = await this.#bringUp();
        this.#onProgress('PostgreSQL runs again');
        return lock;
      } catch (error) {
        if (this.#stopping.signal.aborted) return undefined;
        this.#onProgress(`PostgreSQL does not start: ${error instanceof Error ? error.message : String(error)}`);
      }
      await this.#pause(pause).catch(() => {});
      if (this.#stopping.signal.aborted) return undefined;
    }
  }

  /** Why the postmaster that was started has ended. */
  async #startFailure(child: ChildProcess): Promise<Error> {
    const { directory, dataDirectory, socketDirectory, logFile } = this.#cluster;
    for (const begin = Date.now(); ; await this.#pause(50)) {
      const found = await readPostmaster(directory);
      const rival = found !== undefined && found.pid !== child.pid && (await isLive(directory, found));
      // One that ended in order was told to: by another server, whose own is not up yet.
      if (!rival && child.exitCode !== 0) break;
      const owner = (await askServers(found?.socketDirectory || socketDirectory))?.owner;
      if (owner !== undefined || Date.now() - begin > rivalTimeout) return ownedByAnother(this.#cluster, owner);
    }
    return new EmbeddedPostgresError(
      `PostgreSQL could not start on ${dataDirectory} (${howEnded(child)}):\n${await endOf(logFile, this.#logBegin)}\n` +
        `The whole log is ${logFile}. If the directory is damaged, restore it from a backup.`,
    );
  }

  async #endChild(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined || hasEnded(child)) return;
    await endPostmaster(child.pid, new Promise((resolve) => child.once('exit', resolve)));
  }

  /** Rejects at the stop. */
  async #pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.#stopping.signal });
  }
}

/** Whether the server that started it lives, and so is about to take the lock. */
async function isBeingTaken({ starter }: Servers): Promise<boolean> {
  return starter !== undefined && starter !== process.pid && (await isRunning(starter));
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Of one that has ended. */
function howEnded({ signalCode, exitCode }: ChildProcess): string {
  return signalCode ?? `status ${exitCode}`;
}

async function createDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query('select from pg_database where datname = $1', [databaseUser]);
  if (rowCount === 0) await client.query(`create database ${databaseUser}`);
}

/** The log grows for years: it begins anew at a start when it is large, and the one before is kept. */
async function openLog(path: string): Promise<FileHandle> {
  const log = await open(path, 'a');
  if ((await log.stat()).size <= maxLog) return log;
  await log.close();
  await rename(path, `${path}.old`);
  return open(path, 'a');
}

/** The last lines of a log, none of them from before `begin`. */
async function endOf(path: string, begin: number): Promise<string> {
  const log = await open(path, 'r');
  try {
    const { size } = await log.stat();
    const { buffer, bytesRead } = await log.read(Buffer.alloc(logExcerpt), 0, logExcerpt, Math.max(begin, size - logExcerpt));
    return lastLines(buffer.toString('utf8', 0, bytesRead));
  } finally {
    await log.close();
  }
}
