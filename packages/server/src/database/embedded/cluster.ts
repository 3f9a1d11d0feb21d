import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSystemError } from '../../lib/system-error.ts';
import { writeOnce } from '../../lib/write-once.ts';
import { type Account, canWriteIn, EmbeddedPostgresError, exists, makeOpenDirectory, ownerOf, userName } from './account.ts';
import type { Binaries } from './binaries.ts';

/** The files of one embedded PostgreSQL. */
export interface Cluster {
  /** the directory the operator gave, which holds or names all the rest */
  dataDirectory: string;
  /** PostgreSQL's own data directory */
  directory: string;
  /** holds the Unix socket; nobody else may enter */
  socketDirectory: string;
  logFile: string;
}

export interface ClusterOptions {
  dataDirectory: string;
  /** takes the cluster when the account cannot enter the data directory */
  systemDirectory: string;
  binaries: Binaries;
  account: Account | undefined;
  /** hears of work that takes more than a moment */
  onProgress: (line: string) => void;
  /** ends a set-up that is under way */
  signal: AbortSignal;
}

/** The superuser and the database inside the cluster. */
export const databaseUser = 'crosswalk';

/** A set-up takes seconds; what is older than this and unfinished belongs to a start that died. Milliseconds. */
const unfinishedFor = 60 * 60 * 1000;

/** Where the cluster of a data directory is, or would be if the account can enter the directory. */
export async function findCluster(dataDirectory: string): Promise<string> {
  return join((await readNote(dataDirectory)) ?? dataDirectory, 'postgres');
}

/** Finds the cluster of a data directory, or makes it. */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { dataDirectory, binaries, account } = options;
  await mkdir(dataDirectory, { recursive: true });
  const home = await findHome(options);
  const directory = join(home, 'postgres');
  await removeUnfinished(home);
  if (!(await exists(directory))) await initialize(directory, home, options);
  await requireOwner(directory, account);
  requireWay(directory, account);
  await requireVersion(directory, binaries);
  return {
    dataDirectory,
    directory,
    socketDirectory: await makeSocketDirectory(home, account),
    logFile: join(dataDirectory, 'postgres.log'),
  };
}

/**
 * Where the cluster lies: in the data directory, unless PostgreSQL's account cannot enter that (it is below a
 * private home and we are root). Then a directory of the system takes it, and a file in the data directory says so.
 */
async function findHome({ dataDirectory, systemDirectory, account, onProgress }: ClusterOptions): Promise<string> {
  const noted = await readNote(dataDirectory);
  if (noted !== undefined) {
    if (await exists(noted)) {
      await requireOriginal(noted, dataDirectory);
      return noted;
    }
    throw new EmbeddedPostgresError(
      `The database of ${dataDirectory} is in ${noted} (says ${noteOf(dataDirectory)}), and that directory is gone. ` +
        'Mount it or restore it from a backup; to begin anew, use another data directory.',
    );
  }
  if (account === undefined || (await exists(join(dataDirectory, 'postgres')))) return dataDirectory;
  if (await canEnter(account, dataDirectory)) return dataDirectory;
  await makeOpenDirectory(systemDirectory);
  const made = await mkdtemp(join(systemDirectory, 'data-'));
  await chmod(made, 0o755);
  const home = await writeOnce(noteOf(dataDirectory), made);
  if (home === made)
    onProgress(`The user ${account.name}, which PostgreSQL runs as, cannot enter ${dataDirectory}: its files go to ${home}`);
  // Another server that starts on this directory was faster.
  else await rmdir(made);
  await requireOriginal(home, dataDirectory);
  return home;
}

/**
 * Refuses a copy of a data directory whose cluster is elsewhere: it has no database, and what looks like a backup that starts would be the
 * original. A file beside the cluster says whose it is; a directory that was moved takes it over.
 */
async function requireOriginal(home: string, dataDirectory: string): Promise<void> {
  const path = join(home, 'data-directory');
  const own = await realpath(dataDirectory);
  const other = await writeOnce(path, own);
  if (other === own) return;
  if ((await readNote(other)) === home && !(await isSameFile(noteOf(other), noteOf(own)))) {
    throw new EmbeddedPostgresError(
      `${dataDirectory} is a copy of ${other} without its database, which is in ${home} (says ${noteOf(dataDirectory)}). ` +
        `To start it as a copy, put one of ${home}/postgres into it, with its owner, and remove postgres.location.`,
    );
  }
  await writeFile(path, `${own}\n`);
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([stat(one), stat(other)]);
  return a.dev === b.dev && a.ino === b.ino;
}

/** The file that says where the cluster is when it is not in the data directory. */
function noteOf(dataDirectory: string): string {
  return join(dataDirectory, 'postgres.location');
}

async function readNote(dataDirectory: string): Promise<string | undefined> {
  if (!(await exists(noteOf(dataDirectory)))) return undefined;
  return (await readFile(noteOf(dataDirectory), 'utf8')).trim();
}

async function canEnter(account: Account, directory: string): Promise<boolean> {
  const probe = await mkdtemp(join(directory, '.probe-'));
  try {
    await chown(probe, account.uid, account.gid);
    return canWriteIn(account, probe);
  } finally {
    await rmdir(probe);
  }
}

/** The path of a Unix socket has 107 bytes at most: a long data directory gets its socket elsewhere. */
async function makeSocketDirectory(home: string, account: Account | undefined): Promise<string> {
  const near = join(home, 'socket');
  const far = join(tmpdir(), `crosswalk-${createHash('sha256').update(home).digest('hex').slice(0, 16)}`);
  const directory = Buffer.byteLength(near) <= 80 ? near : far;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const owner = account?.uid ?? process.getuid?.();
  const { uid } = await lstat(directory);
  if (uid !== owner && uid !== process.getuid?.()) {
    throw new EmbeddedPostgresError(`${directory} belongs to another user; remove it, or set CROSSWALK_DATA_DIR to a shorter path`);
  }
  await chmod(directory, 0o700);
  if (account !== undefined) await chown(directory, account.uid, account.gid);
  return directory;
}

/** Makes the cluster beside its place and moves it there when it is complete: a start that dies leaves no half of one. */
async function initialize(
  directory: string,
  home: string,
  { dataDirectory, binaries, account, onProgress, signal }: ClusterOptions,
): Promise<void> {
  onProgress(`Setting up PostgreSQL in ${directory}`);
  const unfinished = await mkdtemp(join(home, 'postgres.new-'));
  try {
    if (account !== undefined) await chown(unfinished, account.uid, account.gid);
    await runInitdb(binaries.initdb, unfinished, account, signal);
    await rename(unfinished, directory);
    await syncDirectory(home);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true }).catch(() => {});
    // Another server that starts on this directory was faster: its cluster is as good as ours.
    if (isSystemError(error, 'ENOTEMPTY', 'EEXIST')) return;
    signal.throwIfAborted();
    throw new EmbeddedPostgresError(
      `PostgreSQL could not be set up in ${dataDirectory}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

async function runInitdb(initdb: string, directory: string, account: Account | undefined, signal: AbortSignal): Promise<void> {
  const form = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const child = spawn(initdb, ['-D', directory, '-U', databaseUser, '--auth=trust', ...form], {
    // Its own process group: Ctrl-C at the terminal reaches us alone, and we end it.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: '/',
    signal,
    ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.on('error', (error) => {
    errors += error.message;
  });
  // Also when it could not be started, or was told to end: nothing writes any more then.
  const ended = await new Promise((resolve) => child.once('close', (code, killedBy) => resolve(killedBy ?? code)));
  if (ended !== 0) throw new Error(lastLines(errors) || `initdb ended with ${ended}`);
}

/** Without this a power cut may undo a rename that was seen. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  await directory.sync().finally(() => directory.close());
}

/**
 * Removes what earlier starts left when they died in the middle. Their age tells, not whether a process lives: initdb
 * outlives a server that is killed, and in a container every start has the same process number.
 */
async function removeUnfinished(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    const path = join(home, name);
    if (!name.startsWith('postgres.new-')) continue;
    const age = Date.now() - (await stat(path).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
    // A rest that cannot be removed is in nobody's way.
    if (age > unfinishedFor) await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

/** A copy that root has put below a private home: the account owns it, and cannot come to it. */
function requireWay(directory: string, account: Account | undefined): void {
  if (account === undefined || canWriteIn(account, directory)) return;
  throw new EmbeddedPostgresError(
    `The user ${account.name}, which PostgreSQL runs as, cannot come to ${directory}: a directory above it is closed to others. ` +
      'Move the data directory to where everybody may enter, such as below /srv, and name it by CROSSWALK_DATA_DIR.',
  );
}

/** PostgreSQL uses no directory of another user. */
async function requireOwner(directory: string, account: Account | undefined): Promise<void> {
  const user = account?.uid ?? process.getuid?.();
  const owner = (await ownerOf(directory))?.uid;
  if (user === undefined || owner === undefined || owner === user) return;
  const [name, ownerName] = [await userName(user), await userName(owner)];
  const wayOut =
    account === undefined
      ? `Start Crosswalk as the user it was started as before, or give the directory to this one`
      : `PostgreSQL runs as the user ${name} here: give it the directory`;
  throw new EmbeddedPostgresError(`${directory} belongs to the user ${ownerName}. ${wayOut}: sudo chown -R ${name} ${directory}`);
}

async function requireVersion(directory: string, { majorVersion }: Binaries): Promise<void> {
  const file = join(directory, 'PG_VERSION');
  const version = (await exists(file)) ? (await readFile(file, 'utf8')).trim() : '';
  if (version === '') {
    throw new EmbeddedPostgresError(
      `${directory} is not a PostgreSQL data directory: PG_VERSION is missing. Restore it from a backup, or move it away to begin anew.`,
    );
  }
  if (version !== majorVersion) {
    throw new EmbeddedPostgresError(
      `${directory} was made by PostgreSQL ${version} and this Crosswalk brings PostgreSQL ${majorVersion}. ` +
        `Start the Crosswalk that brought ${version}, or convert the directory with pg_upgrade, or run PostgreSQL ${version} yourself and set DATABASE_URL.`,
    );
  }
}

/** The end of a program's output, for an error message. */
export function lastLines(output: string): string {
  return output.trim().split('\n').slice(-5).join('\n');
}
