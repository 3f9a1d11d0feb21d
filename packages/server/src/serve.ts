import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientSecretAnswer } from '@crosswalk/contract';
import type { FastifyBaseLogger } from 'fastify';
import type pg from 'pg';
import { type App, buildApp } from './app.ts';
import type { Config } from './config.ts';
import {
  buildPoolSize,
  type ConnectionOptions,
  openPool,
  requireConnection,
  unlimited,
  workIdleTimeout,
  workPoolSize,
} from './database/connection.ts';
import { startEmbeddedPostgres } from './database/embedded/index.ts';
import { migrate } from './database/migrate.ts';
import { Replica } from './database/replica.ts';
import { SecretKeyError } from './lib/seal.ts';
import { minSecretLength } from './lib/settings-reader.ts';
import { writeOnce } from './lib/write-once.ts';
import { createLogger } from './logger.ts';
import { readCertificate, watchCertificate } from './transport/certificate.ts';

/** A service that listens. */
export interface RunningServer {
  /** where it listens, such as `http://127.0.0.1:8080` */
  address: string;
  /** The credentials of the first client, if this start made it: shown once, stored nowhere. */
  firstClient: ClientSecretAnswer | undefined;
  /** The token of the link that makes the first operator, if there is none yet. The link of an earlier start does not work any more. */
  setupToken: string | undefined;
  /** Answers what is under way, then ends everything. */
  stop(): Promise<void>;
}

/** Name of the environment that the first start makes. */
const firstEnvironment = 'development';

/** How often expired rows are removed. Milliseconds. */
const purgeInterval = 10 * 60 * 1000;

/** A request may still run for this long when the server is told to stop. Milliseconds. */
const drainTimeout = 15_000;

/** How long statements whose requests were cut off may still run then. Milliseconds. */
const poolTimeout = 5_000;

/** How long a read waits for a connection to the replica before the primary does it. Milliseconds. */
const replicaTimeout = 1_000;

export interface ServeOptions {
  /** hears of what a start does, a line each */
  onProgress?: (line: string) => void;
  /** Gives up a start that is under way: nothing of it is left running. */
  signal?: AbortSignal;
}

/**
 * Starts the service: the database (the embedded one unless `databaseUrl` is set), migrations, the first
 * environment, client and operator, the listener. Throws errors whose messages say what to do: `EmbeddedPostgresError`,
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
    const workPool = openPool(connection, { size: workPoolSize, idleTimeout: workIdleTimeout });
    const buildPool = openPool(connection, { size: buildPoolSize, idleTimeout: workIdleTimeout, ...unlimited });
    closers.push(() =>
      Promise.race([Promise.all([pool.end(), workPool.end(), buildPool.end()]), sleep(poolTimeout, undefined, { ref: false })]),
    );
    if (config.databaseUrl !== undefined) await requireConnection(pool);
    const replica = config.databaseReadUrl === undefined ? undefined : await openReplica(config.databaseReadUrl, pool, { logger, closers });
    for (const name of await migrate(pool)) onProgress(`Applied migration ${name}`);
    const certificate = config.tls === undefined ? undefined : await readCertificate(config.tls);
    const app = await buildApp({
      pool,
      workPool,
      buildPool,
      replica,
      publicUrl: config.publicUrl,
      trustedProxies: config.trustedProxies,
      secretKeys: [
        config.secretKey ?? (await secretKeyFile(config.dataDirectory)),
        ...(config.otherSecretKey === undefined ? [] : [config.otherSecretKey]),
      ],
      cacheSize: config.cacheSize,
      aliasDays: config.aliasDays,
      eventDays: config.eventDays,
      rateLimit: config.rateLimit,
      tokens: config.tokens,
      webhooks: { allow: config.webhookAllow },
      mail: config.mail,
      certificate,
      metricsToken: config.metricsToken,
      logger,
    });
    closers.push(() => endUnderWay(app, logger));
    if (config.tls !== undefined && certificate !== undefined) {
      closers.push(
        watchCertificate(config.tls, {
          current: certificate,
          onRenewal: app.renewCertificate,
          onError: (error) => logger.warn({ err: error }, 'the renewed certificate is not used'),
        }),
      );
    }
    // Each looks whether it was done: a start that was killed on the way is completed by the next one.
    const environmentId = await app.environments.makeFirst(firstEnvironment);
    await app.signingKeys.makeFirst(environmentId);
    const firstClient = await app.clients.createFirst(environmentId, config.firstClient);
    const setupToken = await app.firstOperator.prepare(config.firstOperator);
    const purging = setInterval(() => app.purge().catch((error: unknown) => logger.warn({ err: error }, 'purge failed')), purgeInterval);
    closers.push(async () => clearInterval(purging));
    app.startWork();
    signal.throwIfAborted();
    const listening = await app.server.listen({
      // Connections that wait to be accepted: those beyond it seem open to their clients, and are not. The kernel has a limit of its own.
      backlog: 4_096,
      port: config.port,
      host: config.host,
      listenTextResolver: (address) => `listening on ${address}`,
    });
    closers.push(async () => {
      app.announceStop();
      await sleep(config.drainSeconds * 1000);
    });
    const address = config.tls === undefined ? listening : listening.replace(/^http:/, 'https:');
    return { address, firstClient, setupToken, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The PostgreSQL of DATABASE_URL, or one of our own, which is ended by a closer. */
async function openDatabase(
  { databaseUrl, databasePooler, dataDirectory }: Config,
  options: ServeOptions,
  closers: (() => Promise<unknown>)[],
): Promise<ConnectionOptions> {
  if (databaseUrl !== undefined) return { connectionString: databaseUrl, pooler: databasePooler };
  const postgres = await startEmbeddedPostgres({ dataDirectory, ...options });
  closers.push(() => postgres.stop());
  return postgres.connection;
}

/** The replica of DATABASE_READ_URL. One that is away now may come; one that is none is refused by a `ConnectionError`. */
async function openReplica(
  connectionString: string,
  primary: pg.Pool,
  { logger, closers }: { logger: FastifyBaseLogger; closers: (() => Promise<unknown>)[] },
): Promise<Replica> {
  const pool = openPool({ connectionString }, { connectionTimeout: replicaTimeout });
  closers.push(() => Promise.race([pool.end(), sleep(poolTimeout, undefined, { ref: false })]));
  const warn = (error: unknown) => logger.warn({ err: error }, 'the replica is not read for a while');
  const replica = new Replica({ pool, primary, warn });
  await replica.requireReplica();
  return replica;
}

/** Ends the work in the background and the requests under way, beside each other: a mail may take half a minute, which nobody else waits for. */
async function endUnderWay(app: App, logger: FastifyBaseLogger): Promise<void> {
  const ends = await Promise.allSettled([app.stopWork(), closeListener(app, logger)]);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
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
  if (key.length >= minSecretLength) return key;
  throw new SecretKeyError(
    `${path} has no secret key: it is empty or was cut short. Restore it from a backup: it encrypts the signing keys and webhook secrets in the database.`,
  );
}
