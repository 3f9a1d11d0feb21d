import { randomBytes } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject } from 'vitest';
import { type App, type AppOptions, buildApp, type WebhookOptions } from './app.ts';
import { insertClient } from './clients/client-store.ts';
import { insertSecret } from './clients/secret-store.ts';
import { type ConnectionOptions, openPool, type PoolOptions } from './database/connection.ts';
import { newEnvironment } from './environments/environment.ts';
import { insertEnvironment } from './environments/environment-store.ts';
import { formatId, IdGenerator } from './lib/id.ts';
import { hashSecret, hintOf, newSecret } from './lib/secret.ts';
import { createLogger } from './logger.ts';

/** A database of a test file's own: a copy of the migrated template. */
export interface TestDatabase {
  pool: pg.Pool;
  connection: ConnectionOptions;
  drop(): Promise<void>;
}

/** What a test has to wait for on a busy machine is none of its promises. */
const patient: PoolOptions = { connectionTimeout: 300_000, connectTimeout: 300_000 };

/** Makes a database for one test file: a copy of the migrated one, or empty. */
export async function createTestDatabase(options: PoolOptions = patient, kind: 'migrated' | 'empty' = 'migrated'): Promise<TestDatabase> {
  const { server, template } = inject('postgres');
  const database = `test_${randomBytes(8).toString('hex')}`;
  await runOn(server, `create database ${database} template ${kind === 'empty' ? 'template0' : template}`);
  const connection = onDatabase(server, database);
  const pool = openPool(connection, options);
  return {
    pool,
    connection,
    async drop() {
      await pool.end();
      await runOn(server, `drop database ${database} with (force)`);
    },
  };
}

/** Another database of the same server. */
export function onDatabase(server: ConnectionOptions, database: string): ConnectionOptions {
  if (!('connectionString' in server)) return { ...server, database };
  // The path of the URL: user, password and every parameter stay as they are.
  return { connectionString: server.connectionString.replace(/^([a-z]+:\/\/[^/?]*)(\/[^?]*)?/, `$1/${database}`) };
}

/** The same database as another user. The embedded PostgreSQL asks for no password. */
export function asUser(server: ConnectionOptions, user: string, password: string): ConnectionOptions {
  if (!('connectionString' in server)) return { ...server, user };
  return { connectionString: server.connectionString.replace(/^([a-z]+:\/\/)([^@/?]*@)?/, `$1${user}:${encodeURIComponent(password)}@`) };
}

/** A connection of a test's own, past the server and without its time limits. It may be cut. */
export async function connectTo(server: ConnectionOptions): Promise<pg.Client> {
  const client = new pg.Client(server);
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** Runs one statement outside any transaction. */
export async function runOn(server: ConnectionOptions, sql: string): Promise<void> {
  const client = await connectTo(server);
  await client.query(sql).finally(() => client.end());
}

/** The answer of a test request: what went over the wire. */
export interface TestAnswer {
  status: number;
  headers: Headers;
  /** the body as JSON; undefined without one */
  body: unknown;
  text: string;
}

/** A client of a running test server. */
export interface TestClient {
  clientId: string;
  clientSecret: string;
  token: string;
  environmentId: string;
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<TestAnswer>;
}

/** The whole service over HTTP, on a database of its own. */
export interface TestServer extends App {
  url: string;
  database: TestDatabase;
  /** a client of the environment `test` */
  client: TestClient;
  /** Makes an environment and a client of it. */
  addEnvironment(name: string): Promise<TestClient>;
}

/** Settings that a test may change. */
export interface TestServerOptions {
  cacheSize?: number;
  aliasDays?: number;
  eventDays?: number;
  rateLimit?: number;
  tokens?: AppOptions['tokens'];
  webhooks?: WebhookOptions;
  pool?: PoolOptions;
  nameServers?: readonly string[];
  publicUrl?: string;
  mail?: AppOptions['mail'];
  imports?: AppOptions['imports'];
  requestTimeout?: number;
  answers?: AppOptions['answers'];
  patience?: AppOptions['patience'];
  exportPatience?: number;
  metricsToken?: string;
  logger?: FastifyBaseLogger;
}

/** Starts the service for a test file, and ends it after the last test. Use the members inside tests only. */
export function useTestServer(options: TestServerOptions = {}): TestServer {
  const target: Partial<TestServer> = {};
  beforeAll(async () => {
    Object.assign(target, await startTestServer(options));
  });
  afterAll(async () => {
    await target.stopWork?.();
    await target.server?.close();
    await target.database?.drop();
  });
  return new Proxy({} as TestServer, {
    get(_target, name) {
      const value: unknown = Reflect.get(target, name);
      if (value === undefined) throw new Error(`the test server has no ${String(name)} yet: use it inside a test`);
      return value;
    },
  });
}

/** What the server of a test is like where the test says nothing else. Several on one database take each other's tokens. */
export const testSettings = {
  publicUrl: 'http://crosswalk.test',
  secretKeys: ['a secret key that is only for tests'] as const,
  cacheSize: 32 * 1024 * 1024,
  aliasDays: 30,
  eventDays: 90,
  rateLimit: 0,
  tokens: { lifetime: 3_600, keyDays: 0, keyLead: 900 },
  // A tenth of a second less for each sign-in of a test, and still far more than a look-up takes.
  passwordCost: { N: 2 ** 13, r: 8, p: 1 },
  // What a test has to wait for on a busy machine is none of its promises.
  patience: 300_000,
  webhooks: { allow: [] },
  logger: createLogger('silent'),
};

/** Another server on the database of a test server, with settings of its own, on a port of 127.0.0.1. Close it before the test server ends. */
export async function startAnotherServer(
  { database }: TestServer,
  options: Partial<AppOptions>,
): Promise<Pick<App, 'mailWorker' | 'announceStop' | 'purge'> & { port: number; close(): Promise<void> }> {
  const { server, mailWorker, announceStop, purge } = await buildApp({ ...testSettings, pool: database.pool, ...options });
  const url = await server.listen({ port: 0, host: '127.0.0.1' });
  return { port: Number(new URL(url).port), mailWorker, announceStop, purge, close: () => server.close() };
}

async function startTestServer({ pool, ...options }: TestServerOptions): Promise<TestServer> {
  const database = await createTestDatabase(pool);
  const app = await buildApp({ ...testSettings, pool: database.pool, ...options });
  const url = await app.server.listen({ port: 0, host: '127.0.0.1' });
  const addEnvironment = async (name: string): Promise<TestClient> => {
    const environmentId = await makeEnvironment(database.pool, name);
    const [clientId, secret] = [ids.next(), newSecret('cwk')];
    await insertClient(database.pool, environmentId, clientId, 'First client', ['read', 'write']);
    await insertSecret(database.pool, environmentId, 'skc', clientId, ids.next(), hashSecret(secret), hintOf(secret));
    return testClient(url, environmentId, formatId('skc', clientId), secret);
  };
  return { ...app, url, database, addEnvironment, client: await addEnvironment('test') };
}

const ids = new IdGenerator(1023);

/** Makes an environment past the services, so that its feed is empty. Returns its database ID. */
export async function makeEnvironment(pool: pg.Pool, name: string): Promise<string> {
  const created = newEnvironment(ids, name);
  await insertEnvironment(pool, created);
  return created.id;
}

async function testClient(url: string, environmentId: string, clientId: string, clientSecret: string): Promise<TestClient> {
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret });
  const { access_token: token }: { access_token: string } = await (
    await fetch(`${url}/oauth/token`, { method: 'POST', body: form })
  ).json();
  return {
    clientId,
    clientSecret,
    token,
    environmentId,
    async request(method, path, body, headers = {}) {
      const response = await fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, body: text === '' ? undefined : JSON.parse(text) };
    },
  };
}

/** An ETag of a version, of whatever record and whatever its answer shows beside. */
export function tagOf(version: number): unknown {
  return expect.stringMatching(new RegExp(`^"${version}-[1-9][0-9]*(-[0-9a-f]{16})?"$`));
}
