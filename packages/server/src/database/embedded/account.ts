import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readFile, stat } from 'node:fs/promises';
import { isSystemError } from '../../lib/system-error.ts';

/** The embedded PostgreSQL cannot be used; the message says what to do. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

/** An operating-system user that PostgreSQL runs as. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/**
 * Who PostgreSQL runs as when we are root, which it refuses: the owner of the cluster that is there (it was made by
 * a server that did not run as root), else `nobody`. Undefined when we are not root: as whoever we are.
 */
export async function postgresAccount(cluster: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await ownerOf(cluster);
  if (owner !== undefined && owner.uid !== 0) return { ...owner, name: await userName(owner.uid) };
  const nobody = (await users()).find(([name]) => name === 'nobody');
  const [name, , uid, gid] = nobody ?? [];
  if (name === undefined || uid === undefined || gid === undefined) {
    throw new EmbeddedPostgresError(
      'PostgreSQL does not run as root and there is no user nobody here. Start Crosswalk as another user, or set DATABASE_URL.',
    );
  }
  return { name, uid: Number(uid), gid: Number(gid) };
}

/** Who owns a file; undefined if there is none. */
export async function ownerOf(path: string): Promise<{ uid: number; gid: number } | undefined> {
  const found = await statOf(path);
  return found === undefined ? undefined : { uid: found.uid, gid: found.gid };
}

/** Whether there is something at a path. */
export async function exists(path: string): Promise<boolean> {
  return (await statOf(path)) !== undefined;
}

async function statOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    // Whatever else is in the way, such as a missing right, is not the same as absence.
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** What the system calls a user. */
export async function userName(uid: number): Promise<string> {
  return (await users()).find(([, , id]) => id === String(uid))?.[0] ?? `with the number ${uid}`;
}

async function users(): Promise<string[][]> {
  return (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'));
}

/** Makes a directory that every user may enter, whatever the umask; one that is there stays as it is. */
export async function makeOpenDirectory(path: string): Promise<void> {
  if ((await mkdir(path, { recursive: true })) !== undefined) await chmod(path, 0o755);
}

/** Whether the account can run a program: every directory above it counts too. */
export function canExecute(account: Account, path: string): boolean {
  return test(account, '-x', path);
}

/** Whether the account can make files in a directory. */
export function canWriteIn(account: Account, directory: string): boolean {
  return test(account, '-w', directory) && test(account, '-x', directory);
}

function test({ uid, gid }: Account, flag: '-x' | '-w', path: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'test "$1" "$2"', 'sh', flag, path], { uid, gid, cwd: '/' }).status === 0;
}
