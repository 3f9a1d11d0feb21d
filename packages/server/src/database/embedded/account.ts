import { spawnSync } from 'node:child_process';
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';

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

/** PostgreSQL refuses to run as root: then it runs as `nobody`. Undefined: as whoever we are. */
export async function postgresAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((entry) => entry.startsWith('nobody:'));
  const [name, , uid, gid] = line?.split(':') ?? [];
  if (name === undefined || uid === undefined || gid === undefined) {
    throw new EmbeddedPostgresError(
      'PostgreSQL does not run as root and there is no user nobody here. Start Crosswalk as another user, or set DATABASE_URL.',
    );
  }
  return { name, uid: Number(uid), gid: Number(gid) };
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
  return spawnSync('/usr/bin/test', [flag, path], { uid, gid, cwd: '/' }).status === 0;
}

/** Whether there is something at a path. */
export function exists(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}
