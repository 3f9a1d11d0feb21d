import pg from 'pg';
import { EmbeddedPostgresError } from './account.ts';
import { type Cluster, databaseUser } from './cluster.ts';

/** PostgreSQL listens on no network; the number is part of the name of its Unix socket. */
export const port = 5432;

/** The advisory lock that says "a Crosswalk server owns this cluster"; it goes with the connection that holds it. */
const ownerLock = 7_165_065;

/** How long a PostgreSQL may take to answer on its socket. Milliseconds. */
const answerTimeout = 5_000;

/**
 * A connection that holds the lock of the owner, or undefined when nothing answers in the socket directory.
 * Throws an `EmbeddedPostgresError` that names the other server when one has it.
 */
export async function takeOwnership(cluster: Cluster, socketDirectory: string): Promise<pg.Client | undefined> {
  const client = await connect(socketDirectory);
  if (client === undefined) return undefined;
  try {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [ownerLock]);
    if (rows[0]?.taken === true) return client;
    throw ownedByAnother(cluster, await findOwner(client));
  } catch (error) {
    await client.end().catch(() => {});
    if (error instanceof EmbeddedPostgresError) throw error;
    // The connection broke: what answered is no more.
    return undefined;
  }
}

/** The process that owns what answers in the socket directory; undefined when nothing answers or nobody owns it yet. */
export async function whoOwns(socketDirectory: string): Promise<string | undefined> {
  const client = await connect(socketDirectory);
  try {
    return client === undefined ? undefined : await findOwner(client);
  } catch {
    return undefined;
  } finally {
    await client?.end().catch(() => {});
  }
}

export function ownedByAnother({ dataDirectory }: Cluster, pid: string | undefined): EmbeddedPostgresError {
  const other = pid === undefined ? 'Another Crosswalk server, which is just starting,' : `Another Crosswalk server (process ${pid})`;
  return new EmbeddedPostgresError(
    `${other} uses the data directory ${dataDirectory}. Stop it, or give this one its own CROSSWALK_DATA_DIR. ` +
      'To run several servers side by side, give them one PostgreSQL by DATABASE_URL.',
  );
}

async function connect(socketDirectory: string): Promise<pg.Client | undefined> {
  const client = new pg.Client({
    host: socketDirectory,
    port,
    database: 'postgres',
    user: databaseUser,
    ssl: false,
    application_name: `crosswalk owner ${process.pid}`,
    connectionTimeoutMillis: answerTimeout,
    query_timeout: answerTimeout,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch {
    await client.end().catch(() => {});
    return undefined;
  }
}

async function findOwner(client: pg.Client): Promise<string | undefined> {
  const { rows } = await client.query<{ application_name: string }>(
    `select a.application_name from pg_locks l join pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'advisory' and l.classid = 0 and l.objid = $1 and l.objsubid = 1 and l.granted`,
    [ownerLock],
  );
  return rows[0]?.application_name.replace('crosswalk owner ', '');
}
