import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chown, mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { account, findInstalledPostgres } from '../installed-postgres.ts';
import { freePort } from '../server-process.ts';

/** A program that was started, and is ended by its own ID. */
export interface Program {
  child: ChildProcess;
  end(signal?: NodeJS.Signals): Promise<void>;
}

/** Where the programs of PostgreSQL are on Debian, and that the others are there. */
export async function findPrograms(): Promise<string> {
  const missing = ['haproxy', 'pgbouncer'].filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0);
  if (missing.length > 0) throw new Error('The experiment needs haproxy and PgBouncer. On Debian: apt-get install haproxy pgbouncer');
  return findInstalledPostgres();
}

/** Runs a program that refuses to be root to its end; throws with its output when it fails. */
async function run(command: string, args: string[]): Promise<string> {
  const child = spawn(command, args, { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], ...account });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const status = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${output}`);
  return output;
}

/** Starts a program whose output goes to a file. */
async function start(command: string, args: string[], logFile: string, as?: { uid: number; gid: number }): Promise<Program> {
  const log = await open(logFile, 'a');
  const child = spawn(command, args, { cwd: '/', stdio: ['ignore', log.fd, log.fd], ...as });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  await log.close();
  return {
    child,
    async end(signal = 'SIGINT') {
      child.kill(signal);
      await ended;
    },
  };
}

/** One PostgreSQL that runs. */
export interface Postgres extends Program {
  port: number;
  directory: string;
}

const settings = (socket: string, port: number) =>
  ['listen_addresses=127.0.0.1', `port=${port}`, `unix_socket_directories=${socket}`, 'max_connections=200', 'wal_keep_size=256MB'].flatMap(
    (setting) => ['-c', setting],
  );

/** Makes a directory that belongs to whom the programs run as. */
export async function ownDirectory(path: string): Promise<string> {
  await mkdir(path, { mode: 0o700 });
  if (account !== undefined) await chown(path, account.uid, account.gid);
  return path;
}

/** Starts a PostgreSQL on a directory and waits until it answers. */
async function startPostgres(programs: string, home: string, directory: string): Promise<Postgres> {
  const port = await freePort();
  const program = await start(join(programs, 'postgres'), ['-D', directory, ...settings(home, port)], `${home}/${port}.log`, account);
  while (!(await answers(programs, port))) {
    if (program.child.exitCode !== null) throw new Error(`PostgreSQL did not start: see ${home}/${port}.log`);
    await sleep(100);
  }
  return { ...program, port, directory };
}

async function answers(programs: string, port: number): Promise<boolean> {
  return run(join(programs, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]).then(
    () => true,
    () => false,
  );
}

/** Makes a cluster with the database `app` and starts it. */
export async function startPrimary(programs: string, home: string): Promise<Postgres> {
  const directory = join(home, 'primary');
  await run(join(programs, 'initdb'), ['-D', directory, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8']);
  const postgres = await startPostgres(programs, home, directory);
  for (const sql of ['create role app login', 'create database app owner app']) await query(programs, postgres.port, sql, 'postgres');
  // What a session through a pooler cannot bring along.
  await query(programs, postgres.port, "alter role app set statement_timeout = '10s'", 'postgres');
  return postgres;
}

/** Makes a streaming replica of a primary and starts it. */
export async function startReplica(programs: string, home: string, primary: Postgres): Promise<Postgres> {
  const directory = join(home, 'replica');
  const from = ['-h', '127.0.0.1', '-p', String(primary.port), '-U', 'postgres'];
  await run(join(programs, 'pg_basebackup'), ['-D', directory, '-R', '-X', 'stream', '-c', 'fast', ...from]);
  return startPostgres(programs, home, directory);
}

/** One statement as the superuser; the text of its first column. */
export async function query(programs: string, port: number, sql: string, database = 'app'): Promise<string> {
  const to = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-d', database];
  return (await run(join(programs, 'psql'), ['-X', '-A', '-t', ...to, '-c', sql])).trim();
}

/** PgBouncer in transaction mode in front of whatever listens on a port. */
export async function startPgBouncer(home: string, target: number): Promise<Program & { port: number }> {
  const port = await freePort();
  const directory = await ownDirectory(join(home, 'pgbouncer'));
  const file = join(directory, 'pgbouncer.ini');
  const lines = [
    '[databases]',
    `app = host=127.0.0.1 port=${target} dbname=app user=app`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    'max_client_conn = 500',
    'default_pool_size = 20',
    // After a failover it looks for the new primary at once rather than after its 15 seconds.
    'server_login_retry = 1',
  ];
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o644 });
  const program = await start('pgbouncer', [file], join(directory, 'log'), account);
  return { ...program, port };
}

/**
 * What haproxy asks a PostgreSQL, in its own protocol, to find out that it is the primary: `select pg_is_in_recovery()`, which must answer `f`.
 * For a user who needs no password from there.
 */
function isPrimaryCheck(user: string): string[] {
  const text = (value: string) => Buffer.from(`${value}\0`).toString('hex');
  const length = (hex: string) => (hex.length / 2 + 4).toString(16).padStart(8, '0');
  const startup = `00030000${['user', user, 'database', user, ''].map(text).join('')}`;
  const statement = text('select pg_is_in_recovery()');
  return [
    'option tcp-check',
    'tcp-check connect',
    `tcp-check send-binary ${length(startup)}${startup}`,
    // Ready for a query.
    'tcp-check expect binary 5a0000000549',
    `tcp-check send-binary 51${length(statement)}${statement}`,
    // One row of one column of one byte, which is f.
    'tcp-check expect binary 440000000b00010000000166',
    'tcp-check send-binary 5800000004',
  ].map((line) => `  ${line}`);
}

/** haproxy in front of servers and, for whoever wants the primary, of databases. */
export async function startHaproxy(
  home: string,
  servers: readonly number[],
  databases: readonly number[],
): Promise<Program & { port: number; primaryPort: number }> {
  const [port, primaryPort] = [await freePort(), await freePort()];
  const directory = join(home, 'haproxy');
  await mkdir(directory);
  const file = join(directory, 'haproxy.cfg');
  const lines = [
    'defaults',
    '  timeout connect 2s',
    '  timeout client 75s',
    '  timeout server 75s',
    'frontend http',
    '  mode http',
    `  bind 127.0.0.1:${port}`,
    '  default_backend servers',
    'backend servers',
    '  mode http',
    '  balance roundrobin',
    '  option httpchk GET /readyz',
    '  timeout check 5s',
    '  option redispatch 1',
    '  retries 3',
    '  retry-on conn-failure',
    '  default-server check inter 500ms fall 1 rise 1',
    // gRPC is spoken over HTTP/2 alone, all the way. haproxy 2.6 takes check-proto of a server alone.
    ...servers.map((one, index) => `  server s${index} 127.0.0.1:${one} proto h2 check-proto h1`),
    'listen primary',
    '  mode tcp',
    `  bind 127.0.0.1:${primaryPort}`,
    ...isPrimaryCheck('app'),
    // A check may take longer than its interval on a busy machine.
    '  timeout check 5s',
    '  default-server check inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions',
    ...databases.map((one, index) => `  server d${index} 127.0.0.1:${one}`),
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const program = await start('haproxy', ['-f', file, '-db'], join(directory, 'log'));
  return { ...program, port, primaryPort };
}
