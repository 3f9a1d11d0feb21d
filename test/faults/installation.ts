import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../packages/server/src/database/embedded/index.ts';
import { credentialSettings, fetchToken } from '../../tools/programs/credentials.ts';
import { freePort, type ServerProcess, startServerProcess } from '../server-process.ts';
import type { Target } from './client.ts';

/** Server processes and the PostgreSQL they are on, as an experiment breaks them. */
export interface Installation {
  /** the servers' addresses, which stay the same, and tokens */
  targets: Target[];
  servers: ServerProcess[];
  /** Starts a server that has ended again, at its address. */
  start(index?: number): Promise<void>;
  /** Process ID of the postmaster. */
  postmaster(): Promise<number>;
  /** Runs SQL past the servers, as the superuser. */
  sql(text: string): Promise<void>;
  /** A connection as the servers have them, to be used up. */
  connect(): Promise<pg.Client>;
  stop(): Promise<void>;
}

export interface InstallationOptions {
  /** of its own, and reachable by every user */
  directory: string;
  /** embedded: PostgreSQL is a child of the one server; external: they are given DATABASE_URL */
  engine: 'embedded' | 'external';
  /** default 1 */
  servers?: number;
  /** What the servers come to an external PostgreSQL by, instead of its Unix socket: gives the host and port that lead to it. */
  network?: (socket: string) => Promise<string>;
  /** what the shell does that becomes a server */
  shell?: string;
  /** of every server, or of each by its index */
  settings?: Record<string, string> | ((index: number) => Record<string, string>);
}

/** The role of the servers on an external PostgreSQL: one without special rights. */
export const role = 'app';

/** Starts an installation: real processes on a real PostgreSQL, which waits for the disk as it does in production. */
export async function install({
  directory,
  engine,
  servers: wanted = 1,
  network,
  shell,
  settings = {},
}: InstallationOptions): Promise<Installation> {
  const data = join(directory, 'data');
  const postgres = engine === 'external' ? await startExternal(data) : undefined;
  const database = { host: join(data, 'socket'), port: 5432, ssl: false };
  const way = await network?.(join(database.host, `.s.PGSQL.${database.port}`));
  const place = way === undefined ? `/${role}?host=${encodeURIComponent(database.host)}` : `${way}/${role}`;
  const environment = {
    ...credentialSettings,
    CROSSWALK_RATE_LIMIT: '0',
    ...(engine === 'embedded'
      ? { CROSSWALK_DATA_DIR: data }
      : {
          DATABASE_URL: `postgres://${role}@${place}`,
          CROSSWALK_SECRET_KEY: 'a secret key that is only for the tests',
          CROSSWALK_PUBLIC_URL: 'https://directory.example.com',
        }),
  };
  const [targets, servers, ports]: [Target[], ServerProcess[], string[]] = [[], [], []];
  const start = async (index: number) => {
    const port = ports[index] ?? String(await freePort());
    const own = typeof settings === 'function' ? settings(index) : settings;
    const server = await startServerProcess({ ...environment, ...own, PORT: port }, shell);
    [ports[index], servers[index]] = [port, server];
    const token = await fetchToken(server.url);
    const target = targets[index];
    if (target === undefined) targets[index] = { url: server.url, token };
    else target.token = token;
  };
  const name = engine === 'embedded' ? 'crosswalk' : role;
  const connect = async (user: string) => {
    const client = new pg.Client({ ...database, user, database: name });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  const installation: Installation = {
    targets,
    servers,
    start: (index = 0) => start(index),
    async postmaster() {
      const [pid] = (await readFile(join(data, 'postgres', 'postmaster.pid'), 'utf8')).split('\n');
      return Number(pid);
    },
    async sql(text) {
      const client = await connect('crosswalk');
      await client.query(text).finally(() => client.end());
    },
    connect: () => connect(name),
    async stop() {
      for (const { child, end } of servers) if (child.exitCode === null && child.signalCode === null) await end('SIGTERM');
      await postgres?.stop();
    },
  };
  try {
    // At once, as servers that are deployed together do: one of them makes the schema.
    await Promise.all(Array.from({ length: wanted }, (_, index) => start(index)));
  } catch (error) {
    await installation.stop();
    throw error;
  }
  return installation;
}

async function startExternal(dataDirectory: string): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dataDirectory });
  const client = new pg.Client(postgres.connection);
  await client.connect();
  await client.query(`create role ${role} login`);
  await client.query(`create database ${role} owner ${role}`);
  await client.end();
  return postgres;
}
