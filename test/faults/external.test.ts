import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { workPoolSize } from '../../packages/server/src/database/connection.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../packages/server/src/database/embedded/index.ts';
import { runOn } from '../../packages/server/src/testing.ts';
import { credentialSettings, fetchToken } from '../../tools/programs/credentials.ts';
import { type ServerProcess, spawnServer } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary-directory.ts';
import { listExternalIds, send, startWriters } from './writers.ts';

// Programs take long to start on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** A PostgreSQL that is not the servers' own, as DATABASE_URL names one. They come as a user without special rights. */
let directory: TemporaryDirectory;
let postgres: EmbeddedPostgres;
let servers: (ServerProcess & { token: string })[] = [];

beforeAll(async () => {
  directory = await temporaryDirectory('crosswalk-external-');
  postgres = await startEmbeddedPostgres({ dataDirectory: directory.path });
  await administer('create role app login');
  await administer('create database app owner app');
});
afterAll(async () => {
  for (const { child, end } of servers) if (child.exitCode === null && child.signalCode === null) await end('SIGTERM');
  await postgres.stop();
  await directory.remove();
});

const administer = (sql: string) => runOn(postgres.connection, sql);

const settings = () => ({
  DATABASE_URL: `postgres://app@/app?host=${encodeURIComponent(join(directory.path, 'socket'))}`,
  CROSSWALK_SECRET_KEY: 'a secret key that is only for the tests',
  CROSSWALK_PUBLIC_URL: 'https://directory.example.com',
  ...credentialSettings,
});

const organizations = '/api/v1/organizations';

test('servers that start together on an empty database set it up once, and make one client and one signing key', async () => {
  const started = await Promise.all(Array.from({ length: 3 }, () => spawnServer(settings())));
  for (const server of started) await server.printed('Crosswalk is listening');
  servers = await Promise.all(started.map(async (server) => ({ ...server, token: await fetchToken(server.url) })));
  const printed = (text: string) => servers.filter((server) => server.output().includes(text)).length;
  expect([printed('Applied migration 001_directory.sql'), printed('The first API client is skc_1001')]).toEqual([1, 1]);
  for (const { url, token, output } of servers) {
    expect(output()).not.toContain(credentialSettings.CROSSWALK_CLIENT_SECRET);
    const { body } = await send(url, token, 'GET', '/api/v1/clients');
    expect(Object(body).clients.map((client: { id: string }) => client.id)).toEqual([credentialSettings.CROSSWALK_CLIENT_ID]);
  }
  const keys = await Promise.all(servers.map(async ({ url }) => (await fetch(`${url}/keys`)).text()));
  expect(new Set(keys).size).toBe(1);
});

test('a token of one server is good at every other', async () => {
  for (const { url } of servers) {
    for (const { token } of servers) expect((await send(url, token, 'GET', `${organizations}?page_size=1`)).status).toBe(200);
  }
});

test('what was written through one server is read through another at once, and each has IDs of its own', async () => {
  const processes = new Map<string, Set<bigint>>();
  for (let round = 0; round < 60; round += 1) {
    const [writer, reader, changer] = [0, 1, 2].map((offset) => servers[(round + offset) % servers.length]);
    if (writer === undefined || reader === undefined || changer === undefined) throw new Error('there are three servers');
    const byExternalId = `${organizations}:external/SHARED-${round}`;
    const made = await send(writer.url, writer.token, 'POST', organizations, { display_name: 'One', external_id: `SHARED-${round}` });
    const id: string = Object(made.body).organization.id;
    expect(await send(reader.url, reader.token, 'GET', byExternalId)).toMatchObject({
      status: 200,
      body: { organization: { id, version: 1 } },
    });
    await send(changer.url, changer.token, 'PATCH', byExternalId, { metadata: { round } });
    expect((await send(writer.url, writer.token, 'GET', byExternalId)).body).toMatchObject({
      organization: { version: 2, metadata: { round } },
    });
    processes.set(writer.url, (processes.get(writer.url) ?? new Set()).add((BigInt(id.slice(4)) >> 12n) & 1023n));
  }
  const numbers = [...processes.values()].flatMap((found) => [...found]);
  expect([numbers.length, new Set(numbers).size]).toEqual([3, 3]);
});

test.each<[how: string, restart: () => Promise<unknown>]>([
  [
    'in order',
    async () => {
      await postgres.stop();
      postgres = await startEmbeddedPostgres({ dataDirectory: directory.path });
    },
  ],
  [
    'by a crash',
    async () => {
      const [pid] = (await readFile(join(directory.path, 'postgres', 'postmaster.pid'), 'utf8')).split('\n');
      process.kill(Number(pid), 'SIGKILL');
    },
  ],
  ['by a cut of every connection', () => administer("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'")],
])(
  'a database that restarts %s under load makes answers of 503 with Retry-After and no others, and loses nothing',
  async (_how, restart) => {
    const writers = startWriters(servers);
    await writers.more(60);
    await restart();
    await writers.more(60);
    await writers.stop();
    expect([...new Set(writers.refused)]).toEqual(['503 Retry-After 2']);
    for (const { url, token } of servers) {
      const found = await listExternalIds(url, token);
      expect(writers.acknowledged.filter((externalId) => !found.has(externalId))).toEqual([]);
    }
  },
);

test('fewer connections than the servers want make some answers 503 with Retry-After, and none wait for ever', async () => {
  // Two more than the work of three servers may hold, which comes first to none.
  await administer(`alter role app connection limit ${3 * workPoolSize + 2}`);
  await administer("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'");
  const writers = startWriters(servers);
  // Writers that arrive together share connections; readers of lists want one each.
  const refused: string[] = [];
  let isOver = false;
  const read = async ({ url, token }: (typeof servers)[number]) => {
    while (!isOver) {
      const { status, retryAfter } = await send(url, token, 'GET', `${organizations}?page_size=1`);
      if (status === 200) continue;
      refused.push(`${status} Retry-After ${retryAfter}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const readers = Promise.all(servers.flatMap((server) => Array.from({ length: 12 }, () => read(server))));
  await writers.more(100);
  isOver = true;
  await Promise.all([writers.stop(), readers]);
  expect([...new Set([...writers.refused, ...refused])]).toEqual(['503 Retry-After 2']);
  await administer('alter role app connection limit -1');
  for (const { url, token } of servers) {
    expect((await send(url, token, 'POST', organizations, { display_name: 'After' })).status).toBe(201);
  }
});

test('each server stops with status 0 and leaves the database to the others', async () => {
  for (const [index, server] of servers.entries()) {
    expect(await server.end('SIGTERM')).toBe(0);
    for (const { url, token } of servers.slice(index + 1)) {
      expect((await send(url, token, 'GET', `${organizations}:external/SHARED-1`)).status).toBe(200);
    }
  }
  await administer('select');
});
