import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Account, canWriteIn, EmbeddedPostgresError, exists } from './account.ts';
import type { Binaries } from './binaries.ts';

/** The files of one embedded PostgreSQL. */
export interface Cluster {
  /** PostgreSQL's own data directory */
  directory: string;
  /** holds the Unix socket; nobody else may enter */
  socketDirectory: string;
  logFile: string;
}

/** The superuser and the database inside the cluster. */
export const databaseUser = 'crosswalk';

/** Finds the cluster of a data directory, or makes it. `onProgress` hears of work that takes more than a moment. */
export async function openCluster(
  dataDirectory: string,
  binaries: Binaries,
  account: Account | undefined,
  onProgress: (line: string) => void,
): Promise<Cluster> {
  await mkdir(dataDirectory, { recursive: true }).catch((error: Error) => {
    throw new EmbeddedPostgresError(
      `The data directory ${dataDirectory} cannot be made: ${error.message}. Set CROSSWALK_DATA_DIR to one that can.`,
    );
  });
  const home = await findHome(dataDirectory, account, onProgress);
  const cluster: Cluster = {
    directory: join(home, 'postgres'),
    socketDirectory: await makeSocketDirectory(home, account),
    logFile: join(dataDirectory, 'postgres.log'),
  };
  if (!(await exists(cluster.directory))) await initialize(cluster, home, binaries, account, onProgress);
  await requireVersion(cluster, binaries);
  return cluster;
}

/**
 * Where the cluster lies: in the data directory, unless PostgreSQL's account cannot enter that (it is below a
 * private home and we are root). Then a directory of the system takes it, and a file in the data directory says so.
 */
async function findHome(dataDirectory: string, account: Account | undefined, onProgress: (line: string) => void): Promise<string> {
  if (account === undefined) return dataDirectory;
  const note = join(dataDirectory, 'postgres.location');
  const noted = (await readFile(note, 'utf8').catch(() => '')).trim();
  if (noted !== '') return noted;
  if (await exists(join(dataDirectory, 'postgres'))) return dataDirectory;
  const probe = join(dataDirectory, `.probe-${process.pid}`);
  await mkdir(probe);
  await chown(probe, account.uid, account.gid);
  const reachable = canWriteIn(account, probe);
  await rm(probe, { recursive: true });
  if (reachable) return dataDirectory;
  const home = join('/var/lib/crosswalk', createHash('sha256').update(dataDirectory).digest('hex').slice(0, 16));
  await mkdir(home, { recursive: true, mode: 0o755 });
  await writeFile(note, `${home}\n`);
  onProgress(`The user ${account.name}, which PostgreSQL runs as, cannot enter ${dataDirectory}: its files go to ${home}`);
  return home;
}

/** The path of a Unix socket has 107 bytes at most: a long data directory gets its socket elsewhere. */
async function makeSocketDirectory(home: string, account: Account | undefined): Promise<string> {
  const near = join(home, 'socket');
  const far = join(tmpdir(), `crosswalk-${createHash('sha256').update(home).digest('hex').slice(0, 16)}`);
  const directory = Buffer.byteLength(near) <= 80 ? near : far;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const owner = account?.uid ?? process.getuid?.();
  const { uid } = await lstat(directory);
  if (directory === far && uid !== owner && uid !== process.getuid?.()) {
    throw new EmbeddedPostgresError(`${directory} belongs to another user; remove it, or set CROSSWALK_DATA_DIR to a shorter path`);
  }
  await chmod(directory, 0o700);
  if (account !== undefined) await chown(directory, account.uid, account.gid);
  return directory;
}

/** Makes the cluster beside its place and moves it there when it is complete: a start that dies leaves no half of one. */
async function initialize(
  cluster: Cluster,
  home: string,
  { initdb }: Binaries,
  account: Account | undefined,
  onProgress: (line: string) => void,
): Promise<void> {
  onProgress(`Setting up PostgreSQL in ${cluster.directory}`);
  await removeUnfinished(home);
  const unfinished = join(home, `postgres.new-${process.pid}`);
  await mkdir(unfinished, { mode: 0o700 });
  if (account !== undefined) await chown(unfinished, account.uid, account.gid);
  const { status, stderr, error } = spawnSync(
    initdb,
    [
      '-D',
      unfinished,
      '-U',
      databaseUser,
      '--auth=trust',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
    ],
    { encoding: 'utf8', cwd: '/', ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }) },
  );
  if (status !== 0) {
    await rm(unfinished, { recursive: true, force: true });
    throw new EmbeddedPostgresError(`PostgreSQL could not be set up in ${cluster.directory}: ${error?.message ?? lastLines(stderr)}`);
  }
  await rename(unfinished, cluster.directory).catch(async (failure: NodeJS.ErrnoException) => {
    await rm(unfinished, { recursive: true, force: true });
    // Another server was faster: its cluster is as good as ours.
    if (failure.code !== 'ENOTEMPTY' && failure.code !== 'EEXIST') throw failure;
  });
}

/** What earlier starts left when they died in the middle. */
async function removeUnfinished(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    const pid = /^postgres\.new-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) await rm(join(home, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function requireVersion({ directory }: Cluster, { majorVersion }: Binaries): Promise<void> {
  const version = (await readFile(join(directory, 'PG_VERSION'), 'utf8').catch(() => '')).trim();
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
