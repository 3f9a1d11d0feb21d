import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientSecretAnswer } from '@crosswalk/contract';
import { type App, buildApp } from './app.ts';
import type { Config } from './config.ts';
import { openPool } from './database/connection.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './database/embedded/index.ts';
import { migrate } from './database/migrate.ts';
import { ensureEnvironment } from './environments/index.ts';
import { IdGenerator } from './lib/id.ts';
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

/**
 * Starts the service: the database (the embedded one unless `databaseUrl` is set), migrations, the first
 * environment and client, the listener. Throws errors whose messages say what to do: `EmbeddedPostgresError`,
 * `MigrationError`, `SecretKeyError`, `CertificateError`, or the system's when the port is taken.
 */
export async function serve(config: Config, onProgress: (line: string) => void = () => {}): Promise<RunningServer> {
  const logger = createLogger(config.logLevel);
  const database = await openDatabase(config, onProgress);
  const pool = openPool(database?.connection ?? { connectionString: config.databaseUrl ?? '' });
  const closers = [async () => database?.stop(), () => pool.end()];
  const close = async () => {
    for (const step of closers.toReversed()) await step();
  };
  try {
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
    closers.push(() => closeListener(app));
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
    const listening = await app.server.listen({
      port: config.port,
      host: config.host,
      listenTextResolver: (address) => `listening on ${address}`,
    });
    const address = config.tls === undefined ? listening : listening.replace(/^http:/, 'https:');
    return { address, firstClient, stop: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openDatabase(config: Config, onProgress: (line: string) => void): Promise<EmbeddedPostgres | undefined> {
  return config.databaseUrl === undefined ? startEmbeddedPostgres({ dataDirectory: config.dataDirectory, onProgress }) : undefined;
}

/** Requests that do not end in time are cut off, so that a stop always ends. */
async function closeListener({ server, cutOff }: App): Promise<void> {
  const timer = setTimeout(cutOff, drainTimeout);
  await server.close();
  clearTimeout(timer);
}

/** The secret key of a single-node set-up: made once, kept beside the data. Of servers that start together, one makes it. */
async function secretKeyFile(dataDirectory: string): Promise<string> {
  const path = join(dataDirectory, 'secret.key');
  const read = async () => (await readFile(path, 'utf8').catch(() => '')).trim();
  const existing = await read();
  if (existing !== '') return existing;
  await mkdir(dataDirectory, { recursive: true });
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flush: true });
  // A link is made whole or not at all, and never over what is there.
  await link(draft, path).catch(() => {});
  await rm(draft);
  return read();
}
