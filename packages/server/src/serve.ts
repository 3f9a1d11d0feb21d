import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientSecretAnswer } from '@crosswalk/contract';
import type { FastifyBaseLogger } from 'fastify';
import { type App, buildApp } from './app.ts';
import { SecretKeyError } from './clients/index.ts';
import { type Config, minSecretKey } from './config.ts';
import { type ConnectionOptions, openPool, requireConnection } from './database/connection.ts';
import { startEmbeddedPostgres } from './database/embedded/index.ts';
import { migrate } from './database/migrate.ts';
import { ensureEnvironment } from './environments/index.ts';
import { IdGenerator } from './lib/id.ts';
import { writeOnce } from './lib/write-once.ts';
import { createLogger } from './logger.ts';
import { readCertificate, watchCertificate } from './transport/certificate.ts';

/** A service that listens. */
export interface RunningServer {
  /** where it listens, such as `http://127.0.0.1:8080` */
  address: string;
  /** The credentials of the first client, if this start made it: shown once, stored nowhere. */
  firstClient: ClientSecretAnswer | undefined;
  /** Answers what is under way, then ends everything. */
  stop(): Promise<void>;
}

/** Name of the environment that the first start makes. */
const firstEnvironment = 'development';

/** How often expired rows are removed. Milliseconds. */
const purgeInterval = 10 * 60 * 1000;

/** How often events get their place in the feed. Milliseconds. */
const placeInterval = 1_000;

/** A request may still run for this long when the server is told to stop. Milliseconds. */
const drainTimeout = 15_000;

/** How long statements whose requests were cut off may still run then. Milliseconds. */
const poolTimeout = 5_000;

export interface ServeOptions {
  /** hears of what a start does, a line each */
  onProgress?: (line: string) => void;
  /** Gives up a start that is under way: nothing of it is left running. */
  signal?: AbortSignal;
}

/**
 * Starts the service: the database (the embedded one unless `databaseUrl` is set), migrations, the first
 * environment and client, the listener. Throws errors whose messages say what to do: `EmbeddedPostgresError`,
 * `ConnectionError`, `MigrationError`, `SecretKeyError`, `CertificateError`, or the system's when the port is taken.
 */
export async function serve(
  config: Config,
  { onProgress = () => {}, signal = new AbortController().signal }: ServeOptions = {},
): Promise<RunningServer> {
  const logger = createLogger(config.logLevel);
  const closers: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    // A step that fails must not keep the others from being taken.
    for (const step of closers.toReversed()) await step().catch((error: unknown) => logger.error({ err: error }, 'stopping failed'));
  };
  try {
    const connection = await openDatabase(config, { onProgress, signal }, closers);
    const pool = openPool(connection);
    closers.push(() => Promise.race([pool.end(), sleep(poolTimeout, undefined, { ref: false })]));
    if (config.databaseUrl !== undefined) await requireConnection(pool);
    for (const name of await migrate(pool)) onProgress(`Applied migration ${name}`);
    const app = await buildApp({
      pool,
      publicUrl: config.publicUrl,
      secretKey: config.secretKey ?? (await secretKeyFile(config.dataDirectory)),
      aliasDays: config.aliasDays,
      eventDays: config.eventDays,
      rateLimit: config.rateLimit,
      certificate: config.tls === undefined ? undefined : await readCertificate(config.tls),
      logger,
    });
    closers.push(() => closeListener(app, logger));
    if (config.tls !== undefined) {
      const stopWatching = watchCertificate(config.tls, app.renewCertificate, (error) =>
        logger.warn({ err: error }, 'the renewed certificate is not used'),
      );
      closers.push(async () => stopWatching());
    }
    const ids = new IdGenerator(0);
    const environment = await ensureEnvironment(pool, ids.next(), firstEnvironment);
    const firstClient = await app.clients.createFirst(environment.id, config.firstClient);
    const purging = setInterval(() => app.purge().catch((error: unknown) => logger.warn({ err: error }, 'purge failed')), purgeInterval);
    closers.push(async () => clearInterval(purging));
    // Readers of the feed do this themselves; a feed that nobody reads must not have it all to do at once.
    const placing = setInterval(
      () => app.feed.place().catch((error: unknown) => logger.warn({ err: error }, 'placing events failed')),
      placeInterval,
    );
    closers.push(async () => clearInterval(placing));
    signal.throwIfAborted();
    const listening = await app.server.listen({
      port: config.port,
      host: config.host,
      listenTextResolver: (address) => `listening on ${address}`,
    });
    const address = config.tls === undefined ? listening : listening.replace(/^http:/, 'https:');
    return { address, firstClient, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The PostgreSQL of DATABASE_URL, or one of our own, which is ended by a closer. */
async function openDatabase(
  { databaseUrl, dataDirectory }: Config,
  options: ServeOptions,
  closers: (() => Promise<unknown>)[],
): Promise<ConnectionOptions> {
  if (databaseUrl !== undefined) return { connectionString: databaseUrl };
  const postgres = await startEmbeddedPostgres({ dataDirectory, ...options });
  closers.push(() => postgres.stop());
  return postgres.connection;
}

/** Waits for the requests under way. Those that do not end in time are cut off, so that a stop always ends. */
async function closeListener({ server, cutOff }: App, logger: FastifyBaseLogger): Promise<void> {
  const timer = setTimeout(() => {
    logger.warn(`requests were cut off: they took longer than ${drainTimeout / 1000} seconds`);
    cutOff();
  }, drainTimeout);
  await server.close();
  clearTimeout(timer);
}

/** The secret key of a single-node set-up: made once, kept beside the data. Of servers that start together, one makes it. */
async function secretKeyFile(dataDirectory: string): Promise<string> {
  const path = join(dataDirectory, 'secret.key');
  const key = await writeOnce(path, randomBytes(32).toString('base64'), 0o600).catch((error: Error) => {
    throw new SecretKeyError(`The secret key in ${path} cannot be used: ${error.message}`);
  });
  if (key.length >= minSecretKey) return key;
  throw new SecretKeyError(
    `${path} has no secret key: it is empty or was cut short. Restore it from a backup: it encrypts the signing keys in the database.`,
  );
}
