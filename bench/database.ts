import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { startEmbeddedPostgres } from '../packages/server/src/database/embedded/index.ts';
import { temporaryDirectory } from '../test/temporary-directory.ts';

/** An empty database that is made for one run. */
export interface BenchDatabase {
  url: string;
  /** of PostgreSQL, such as `18.4` */
  version: string;
  /** Makes another one on the same PostgreSQL, which goes with this one. */
  another(): Promise<BenchDatabase>;
  /** Removes the database, and the PostgreSQL if the bench started it. */
  remove(): Promise<void>;
}

/**
 * Makes a database of its own on the PostgreSQL at `serverUrl`, whose user must be allowed to; what else is there
 * is left alone. Without a URL on an embedded PostgreSQL in a temporary directory.
 */
export async function makeDatabase(serverUrl: string | undefined): Promise<BenchDatabase> {
  const server = serverUrl === undefined ? await startServer() : { url: serverUrl, stop: async () => {} };
  return makeOn(server, serverUrl !== undefined);
}

/** `lasting`: the PostgreSQL outlives the run. */
async function makeOn(server: Server, lasting: boolean): Promise<BenchDatabase> {
  const made: BenchDatabase[] = [];
  const name = `crosswalk_bench_${randomBytes(6).toString('hex')}`;
  try {
    const [row] = await query<{ server_version: string }>(server.url, 'show server_version');
    await query(server.url, `create database ${name}`);
    return {
      url: withDatabase(server.url, name),
      version: row?.server_version.split(' ')[0] ?? 'unknown',
      async another() {
        const other = await makeOn({ url: server.url, stop: async () => {} }, lasting);
        made.push(other);
        return other;
      },
      async remove() {
        for (const other of made) await other.remove();
        // The embedded one goes with its directory.
        if (lasting) await query(server.url, `drop database ${name} with (force)`);
        await server.stop();
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/**
 * Databases that outlive the run, by name, on an embedded PostgreSQL whose data directory is `directory`: each is made when it is asked for
 * the first time.
 */
export async function openKept(
  directory: string,
): Promise<{ version: string; database(name: string): Promise<string>; stop(): Promise<void> }> {
  const server = await startEmbedded(directory);
  const [row] = await query<{ server_version: string }>(server.url, 'show server_version');
  return {
    version: row?.server_version.split(' ')[0] ?? 'unknown',
    async database(name) {
      const there = await query(server.url, 'select from pg_database where datname = $1', [name]);
      if (there.length === 0) await query(server.url, `create database ${name}`);
      return withDatabase(server.url, name);
    },
    stop: server.stop,
  };
}

/** A PostgreSQL, by the URL of a database that is there. */
interface Server {
  url: string;
  stop(): Promise<void>;
}

async function startServer(): Promise<Server> {
  const directory = await temporaryDirectory('crosswalk-bench-');
  const { url, stop } = await startEmbedded(directory.path);
  return {
    url,
    async stop() {
      await stop();
      await directory.remove();
    },
  };
}

async function startEmbedded(dataDirectory: string): Promise<Server> {
  const postgres = await startEmbeddedPostgres({ dataDirectory });
  if (!('host' in postgres.connection)) throw new Error('the embedded PostgreSQL listens on a socket');
  const { host, port, user, database } = postgres.connection;
  return {
    // The host of the query wins: a URL cannot have a path as its host.
    url: `postgresql://${user}@localhost/${database}?host=${encodeURIComponent(host)}&port=${port}`,
    stop: () => postgres.stop(),
  };
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

/** Runs one statement on a connection of its own. */
export async function query<Row extends pg.QueryResultRow>(url: string, text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}
