import pg from 'pg';
import { EmbeddedPostgresError } from './account.ts';
import { type Cluster, databaseUser } from './cluster.ts';
import { port } from './postmaster.ts';

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

/** What a PostgreSQL says of the servers around it. */
export interface Servers {
  /** the process that holds the lock of the owner */
  owner: string | undefined;
  /** the process that started it */
  starter: number | undefined;
}

/** Asks what answers in a socket directory; undefined when nothing does. */
export async function askServers(socketDirectory: string): Promise<Servers | undefined> {
  const client = await connect(socketDirectory);
  try {
    if (client === undefined) return undefined;
    const { rows } = await client.query<{ cluster_name: string }>('show cluster_name');
    const starter = /^crosswalk_(\d+)$/.exec(rows[0]?.cluster_name ?? '')?.[1];
    return { owner: await findOwner(client), starter: starter === undefined ? undefined : Number(starter) };
  } catch {
    return undefined;
  } finally {
    await client?.end().catch(() => {});
  }
}

/** The name of a cluster that we start: it tells others who did. */
export const clusterName = `crosswalk_${process.pid}`;

/** The refusal of a directory that another server owns. `pid` is undefined while that one is not known. */
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
