import type { ClientSecretAnswer } from '@crosswalk/contract';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readConfig } from './config.ts';
import { type RunningServer, serve } from './serve.ts';
import { createTestDatabase, type TestDatabase } from './testing.ts';

// Starts take long on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

let database: TestDatabase;
const running: RunningServer[] = [];
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  await database.drop();
});

const credentials = { CROSSWALK_CLIENT_ID: 'skc_1001', CROSSWALK_CLIENT_SECRET: 'a secret of a client that is only for tests' };

/** A start of a server on the database. */
async function start(settings: Record<string, string> = {}): Promise<RunningServer> {
  const config = readConfig({
    DATABASE_URL: urlOf(database),
    CROSSWALK_SECRET_KEY: 'a secret key that is only for tests',
    LOG_LEVEL: 'silent',
    PORT: '0',
    ...settings,
  });
  const server = await serve(config);
  running.push(server);
  return server;
}

/** A test database as DATABASE_URL names one. */
function urlOf({ connection }: TestDatabase): string {
  if ('connectionString' in connection) return connection.connectionString;
  const { user, host, port, database: name } = connection;
  return `postgres://${user}@/${name}?host=${encodeURIComponent(String(host))}&port=${port}`;
}

async function rowsOf(sql: string): Promise<unknown[]> {
  return (await database.pool.query(sql)).rows;
}

/** A request of a client that a start made. */
async function send({ address }: RunningServer, { client, plain_secret }: ClientSecretAnswer, method: string, path: string, body?: object) {
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: client.id, client_secret: plain_secret });
  const { access_token: token } = Object(await (await fetch(`${address}/oauth/token`, { method: 'POST', body: form })).json());
  const response = await fetch(`${address}/api/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: Object(await response.json()) };
}

/** The client that one of several starts made. */
function madeBy(servers: readonly RunningServer[]): ClientSecretAnswer {
  const [made, ...others] = servers.flatMap(({ firstClient }) => firstClient ?? []);
  if (made === undefined || others.length > 0) throw new Error('one start makes the first client');
  return made;
}

test('servers that start together for the first time make one environment and one client, which the feed tells', async () => {
  const servers = await Promise.all([start(), start()]);
  const made = madeBy(servers);
  expect(await rowsOf('select name from environments')).toEqual([{ name: 'development' }]);
  expect((await rowsOf('select kid from token_keys')).length).toBe(1);
  for (const server of servers) {
    const { body } = await send(server, made, 'GET', 'events');
    const start = { actor: { type: 'system', id: null }, request_id: 'first-start' };
    expect(body.events).toMatchObject([
      { type: 'environment.created', record_id: made.client.environment_id, changed: { name: [null, 'development'] }, ...start },
      { type: 'client.created', record_id: made.client.id, ...start },
    ]);
    expect(JSON.stringify(body)).not.toContain(made.plain_secret);
  }
});

test.each<[string, Record<string, string>]>([
  ['generated', {}],
  ['given', credentials],
])('a start after the first environment got another name makes nothing; its first client was %s', async (_how, settings) => {
  const first = await start(settings);
  const made = madeBy([first]);
  const path = `environments/${made.client.environment_id}`;
  expect((await send(first, made, 'PATCH', path, { name: 'production' })).status).toBe(200);
  const again = await start(settings);
  expect(again.firstClient).toBeUndefined();
  expect(await rowsOf('select name from environments')).toEqual([{ name: 'production' }]);
  expect((await send(again, made, 'GET', 'clients')).body.clients).toMatchObject([{ id: made.client.id }]);
});

test('what a start that was killed on its way has left out is made by the next one, in the oldest environment', async () => {
  const before = madeBy([await start()]);
  await database.pool.query('delete from clients');
  await database.pool.query('delete from token_keys');
  await database.pool.query("update environments set name = 'production'");
  const next = await start(credentials);
  expect(madeBy([next]).client).toMatchObject({ id: credentials.CROSSWALK_CLIENT_ID, environment_id: before.client.environment_id });
  expect((await send(next, madeBy([next]), 'GET', 'clients')).status).toBe(200);
});

test('a client that has the given ID in another environment is left alone', async () => {
  await start();
  await database.pool.query('delete from clients');
  const id = '70000000000000010';
  await database.pool.query(
    `with made as (
       insert into environments (id, name, default_creator_role_id, default_member_role_id, create_time)
       values ($1, 'another', $1, $1, now() + interval '1 second') returning id)
     insert into roles (environment_id, id, name, display_name) select id, id, 'admin', 'Admin' from made`,
    [id],
  );
  await database.pool.query("insert into clients (environment_id, id, name, scopes) values ($1, 1001, 'Theirs', '{read}')", [id]);
  expect((await start(credentials)).firstClient).toBeUndefined();
  expect(await rowsOf('select name, environment_id from clients')).toEqual([{ name: 'Theirs', environment_id: id }]);
});
