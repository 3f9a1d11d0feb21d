import { execFile } from 'node:child_process';
import { chown, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ConnectionOptions } from '../packages/server/src/database/connection.ts';

const run = promisify(execFile);

/** A PostgreSQL that the system has installed, with its tools, on a directory of a test's own. */
export interface InstalledPostgres {
  connection: ConnectionOptions;
  /** Runs one of its programs, such as `pg_dump`, as the user that it runs as. Resolves to what it printed. */
  tool(name: string, ...args: string[]): Promise<string>;
  stop(): Promise<void>;
}

/** The directory with the programs of the newest PostgreSQL that Debian has installed. Throws when there is none. */
export async function findInstalledPostgres(): Promise<string> {
  const versions = (await readdir('/usr/lib/postgresql').catch(() => [])).sort((a, b) => Number(b) - Number(a));
  if (versions[0] === undefined) throw new Error('this needs an installed PostgreSQL: apt-get install postgresql');
  return join('/usr/lib/postgresql', versions[0], 'bin');
}

/** Whom programs run as that refuse to be root, such as PostgreSQL: nobody. Undefined: we are not root, and they run as we do. */
export const account = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;

/** Starts the newest PostgreSQL that Debian has installed. Only on a Unix socket. */
export async function startInstalledPostgres(directory: string): Promise<InstalledPostgres> {
  const programs = await findInstalledPostgres();
  const tool = async (name: string, ...args: string[]) =>
    (await run(join(programs, name), args, { cwd: '/', maxBuffer: 2 ** 28, ...account })).stdout;
  await mkdir(directory, { recursive: true });
  if (account !== undefined) await chown(directory, account.uid, account.gid);
  const data = join(directory, 'postgres');
  await tool('initdb', '-D', data, '-U', 'crosswalk', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8');
  const log = join(directory, 'log');
  await tool('pg_ctl', '-D', data, '-w', '-l', log, '-o', `-k '${directory}' -c listen_addresses=''`, 'start');
  return {
    connection: { host: directory, port: 5432, user: 'crosswalk', database: 'postgres', ssl: false },
    tool,
    stop: async () => void (await tool('pg_ctl', '-D', data, '-w', '-m', 'fast', 'stop')),
  };
}
