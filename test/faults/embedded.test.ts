import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test, vi } from 'vitest';
import { connectTo } from '../../packages/server/src/testing.ts';
import { credentialSettings, fetchToken } from '../../tools/programs/credentials.ts';
import { freePort, type ServerProcess, spawnServer } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary-directory.ts';
import { listExternalIds, send, startWriters } from './writers.ts';

// Programs take long to start on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const directories: TemporaryDirectory[] = [];
const servers: ServerProcess[] = [];
afterAll(async () => {
  for (const server of servers) if (server.child.exitCode === null && server.child.signalCode === null) await server.end('SIGTERM');
  for (const directory of directories) await directory.remove();
});

async function dataDirectory(): Promise<string> {
  const directory = await temporaryDirectory('crosswalk-embedded-');
  directories.push(directory);
  return join(directory.path, 'data');
}

async function spawn(data: string, env: Record<string, string> = {}): Promise<ServerProcess> {
  const server = await spawnServer({ CROSSWALK_DATA_DIR: data, ...credentialSettings, ...env });
  servers.push(server);
  return server;
}

async function start(data: string): Promise<ServerProcess & { token: string }> {
  const server = await spawn(data);
  await server.printed('Crosswalk is listening');
  return { ...server, token: await fetchToken(server.url) };
}

const postmasterFile = (data: string) => join(data, 'postgres', 'postmaster.pid');

async function postmasterOf(data: string): Promise<number> {
  return Number((await readFile(postmasterFile(data), 'utf8')).split('\n')[0]);
}

/** The postmasters that run on a data directory. */
function postmasters(data: string): number[] {
  const list = execFileSync('ps', ['-A', '-o', 'pid=,args='], { encoding: 'utf8' });
  return list
    .split('\n')
    .filter((line) => line.includes(`bin/postgres -D ${join(data, 'postgres')} `))
    .map((line) => Number.parseInt(line, 10));
}

/** Sends what a page of the dashboard does before anybody is signed in; resolves to the status. */
async function post(url: string, path: string, body: object): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  return (await fetch(`${url}/api/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })).status;
}

/** Nothing is left of PostgreSQL, and it stopped in order. */
async function expectStopped(data: string): Promise<void> {
  expect(postmasters(data)).toEqual([]);
  await expect(stat(postmasterFile(data))).rejects.toThrow('ENOENT');
  expect(await readFile(join(data, 'postgres.log'), 'utf8')).toMatch(/database system is shut down\s*$/);
}

/** Locks an organization past the server, so that a request that changes it waits. */
async function lock(data: string, externalId: string) {
  const client = await connectTo({ host: join(data, 'socket'), port: 5432, user: 'crosswalk', database: 'crosswalk', ssl: false });
  await client.query('begin');
  await client.query('select from organizations where external_id = $1 for update', [externalId]);
  return client;
}

/** Waits until a request waits for the lock. */
async function waiting(client: Awaited<ReturnType<typeof lock>>): Promise<void> {
  for (;;) {
    const { rows } = await client.query("select from pg_stat_activity where wait_event_type = 'Lock'");
    if (rows.length > 0) return;
  }
}

test('a start that is killed -9 in the middle of its set-up leaves nothing in the way of the next', async () => {
  const data = await dataDirectory();
  const killed = await spawn(data);
  await killed.printed('Setting up PostgreSQL');
  await killed.end('SIGKILL');
  const server = await start(data);
  expect((await send(server.url, server.token, 'POST', '/api/v1/organizations', { display_name: 'First' })).status).toBe(201);
  expect(await server.end('SIGTERM')).toBe(0);
  await expectStopped(data);
});

test('a start that is told to stop in the middle of its set-up ends with status 0 and leaves nothing running', async () => {
  const data = await dataDirectory();
  const server = await spawn(data);
  await server.printed('Setting up PostgreSQL');
  expect(await server.end('SIGINT')).toBe(0);
  expect(postmasters(data)).toEqual([]);
});

test('of two servers that start on a fresh directory at the same moment one serves, the other refuses with the way out and status 1', async () => {
  const data = await dataDirectory();
  const admin = { ADMIN_EMAIL: 'admin@example.com', ADMIN_PASSWORD: 'correct horse battery staple' };
  const pair = await Promise.all([spawn(data, admin), spawn(data, admin)]);
  const loser = await Promise.race(pair.map((server) => server.ended.then(() => server)));
  const winner = pair.find((server) => server !== loser);
  if (winner === undefined) throw new Error('there are two');
  expect(await loser.ended).toBe(1);
  expect(loser.output()).toMatch(
    /Another Crosswalk server .*uses the data directory .*data\. Stop it, or give this one its own CROSSWALK_DATA_DIR/,
  );
  await winner.printed('Crosswalk is listening');
  expect(postmasters(data)).toEqual([await postmasterOf(data)]);
  const token = await fetchToken(winner.url);
  expect((await send(winner.url, token, 'POST', '/api/v1/organizations', { display_name: 'Kept' })).status).toBe(201);
  // The given operator is there, so there is no link.
  expect(winner.output()).not.toContain('setup#token');
  expect(await post(winner.url, 'session', { email: admin.ADMIN_EMAIL, password: admin.ADMIN_PASSWORD })).toBe(200);
  expect(await winner.end('SIGTERM')).toBe(0);
  await expectStopped(data);
});

test('a data directory that cannot be used is told with the way out, and status 1', async () => {
  const data = await dataDirectory();
  await writeFile(data, 'a file');
  const server = await spawn(data);
  expect(await server.ended).toBe(1);
  expect(server.output()).toMatch(
    /^The data directory .*data cannot be used: it is not a directory .*set CROSSWALK_DATA_DIR to another directory\.\n$/,
  );
});

const life = await temporaryDirectory('crosswalk-life-');
directories.push(life);
const data = join(life.path, 'data');
let server: Awaited<ReturnType<typeof start>>;

test('a second server on the directory refuses, names the first and the way out, and the first goes on', async () => {
  server = await start(data);
  const second = await spawn(data);
  expect(await second.ended).toBe(1);
  expect(second.output()).toBe(
    `Another Crosswalk server (process ${server.child.pid}) uses the data directory ${data}. Stop it, or give this one its own ` +
      'CROSSWALK_DATA_DIR. To run several servers side by side, give them one PostgreSQL by DATABASE_URL.\n',
  );
  const made = await send(server.url, server.token, 'POST', '/api/v1/organizations', { display_name: 'Held', external_id: 'HELD' });
  expect(made.status).toBe(201);
});

test('while a postmaster that was killed -9 is started again writes are 503 with Retry-After, and no acknowledged one is lost', async () => {
  const writers = startWriters([server]);
  await writers.more(50);
  process.kill(await postmasterOf(data), 'SIGKILL');
  // Those that were under way may still be acknowledged: more of them than there are writers is after the restart.
  await writers.more(50);
  await writers.stop();
  expect(new Set(writers.refused)).toEqual(new Set(['503 Retry-After 2']));
  const found = await listExternalIds(server.url, server.token);
  expect(writers.acknowledged.filter((externalId) => !found.has(externalId))).toEqual([]);
  expect(postmasters(data)).toEqual([await postmasterOf(data)]);
  expect(server.output()).toMatch(/PostgreSQL ended unexpectedly \(SIGKILL\); starting it again[\s\S]*PostgreSQL runs again/);
});

test('a server that was killed -9 is followed by one that ends its postmaster, never has two, and has all data', async () => {
  const left = await postmasterOf(data);
  await server.end('SIGKILL');
  expect(postmasters(data)).toEqual([left]);
  server = await start(data);
  expect(server.output()).toContain(`Ending the PostgreSQL that an earlier server left running (process ${left})`);
  expect(postmasters(data)).toEqual([await postmasterOf(data)]);
  expect(await postmasterOf(data)).not.toBe(left);
  expect((await send(server.url, server.token, 'GET', '/api/v1/organizations:external/HELD')).status).toBe(200);
});

test('a server that was killed -9 with its postmaster, in the middle of a statement of minutes, is followed by one that does not wait for that', async () => {
  const client = await connectTo({ host: join(data, 'socket'), port: 5432, user: 'crosswalk', database: 'crosswalk', ssl: false });
  client.on('error', () => {});
  client.query('select count(*) from generate_series(1, 10000000000)').catch(() => {});
  await sleep(500);
  const left = await postmasterOf(data);
  server.child.kill('SIGKILL');
  process.kill(left, 'SIGKILL');
  await server.ended;
  server = await start(data);
  expect((await send(server.url, server.token, 'GET', '/api/v1/organizations:external/HELD')).status).toBe(200);
});

test('the set-up link that a start prints makes the first operator; the next start prints none', async () => {
  const [, token] = /^http:.*\/dashboard\/setup#token=(cws_\S+)$/m.exec(server.output()) ?? [];
  expect(await post(server.url, 'setup', { token, email: 'first@example.com', password: 'correct horse battery staple' })).toBe(200);
});

test('a taken PORT is told with the way out and status 1, and PostgreSQL is stopped', async () => {
  const taken = createServer();
  const port = await freePort();
  taken.listen(port, '127.0.0.1');
  await once(taken, 'listening');
  expect(await server.end('SIGINT')).toBe(0);
  await expectStopped(data);
  const refused = await spawn(data, { PORT: String(port) });
  expect(await refused.ended).toBe(1);
  expect(refused.output()).toBe(
    `listen EADDRINUSE: address already in use 127.0.0.1:${port}. Another program listens there: stop it, or set PORT to another port.\n`,
  );
  await expectStopped(data);
  taken.close();
});

test('a secret key that was cut short is told and never replaced: what it encrypts would be lost', async () => {
  const path = join(data, 'secret.key');
  const key = await readFile(path);
  await writeFile(path, '');
  const refused = await spawn(data);
  expect(await refused.ended).toBe(1);
  expect(refused.output()).toBe(
    `${path} has no secret key: it is empty or was cut short. Restore it from a backup: it encrypts the signing keys and webhook secrets in the database.\n`,
  );
  expect(await readFile(path, 'utf8')).toBe('');
  await writeFile(path, key);
});

test('SIGTERM answers the requests under way, is not held up by idle connections, and ends with status 0 and no PostgreSQL', async () => {
  server = await start(data);
  expect(server.output()).not.toContain('setup#token');
  const { hostname, port } = new URL(server.url);
  // One connection that made a request and stays, one that never says anything.
  const keptAlive = connect(Number(port), hostname);
  keptAlive.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(keptAlive, 'data');
  const silent = connect(Number(port), hostname);
  await once(silent, 'connect');
  const holder = await lock(data, 'HELD');
  const patch = send(server.url, server.token, 'PATCH', '/api/v1/organizations:external/HELD', { display_name: 'Changed' });
  await waiting(holder);
  const ended = server.end('SIGTERM');
  await server.printed('Stopping (SIGTERM)');
  await holder.query('rollback');
  await holder.end();
  expect(await patch).toMatchObject({ status: 200, body: { organization: { display_name: 'Changed' } } });
  expect(await ended).toBe(0);
  // None of the three connections had to be cut when the time for the requests under way was over.
  expect(server.output()).not.toContain('cut off');
  await expectStopped(data);
});

test('a second signal while it stops ends it at once, and PostgreSQL still stops in order', async () => {
  server = await start(data);
  const holder = await lock(data, 'HELD');
  const patch = send(server.url, server.token, 'PATCH', '/api/v1/organizations:external/HELD', { display_name: 'Never' });
  patch.catch(() => {});
  await waiting(holder);
  server.child.kill('SIGINT');
  await server.printed('Stopping (SIGINT)');
  expect(await server.end('SIGINT')).toBe(130);
  await expect(patch).rejects.toThrow('fetch failed');
  while (postmasters(data).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await expectStopped(data);
  await holder.end();
  await rm(data, { recursive: true });
});
