import { execFile, execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest';
import type { ConnectionOptions } from '../../packages/server/src/database/connection.ts';
import { startEmbeddedPostgres } from '../../packages/server/src/database/embedded/index.ts';
import { connectTo, runOn } from '../../packages/server/src/testing.ts';
import { credentialSettings, fetchToken } from '../../tools/programs/credentials.ts';
import { startInstalledPostgres } from '../installed-postgres.ts';
import { type ServerProcess, spawnServer, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary-directory.ts';
import { listExternalIds, send, startWriters } from './writers.ts';

const run = promisify(execFile);

// Programs take long to start on a busy machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 });

/** Records before the writers begin, all of whose webhooks have been sent and recorded when the backup is made. */
const quiet = inject('long') ? 500 : 40;
/** Records that are acknowledged before the backup begins, and after. */
const around = inject('long') ? 1_000 : 60;

let directory: TemporaryDirectory;
/** What is to be ended when the test has, in the reverse order. */
let closers: (() => Promise<unknown>)[];
beforeEach(async () => {
  directory = await temporaryDirectory('crosswalk-restore-');
  closers = [];
});
afterEach(async () => {
  for (const close of closers.toReversed()) await close();
  await directory.remove();
});

/** What has to go along with a database: see docs/operations.md. */
const kept = {
  CROSSWALK_SECRET_KEY: 'a secret key that is only for the tests',
  CROSSWALK_PUBLIC_URL: 'https://directory.example.com',
  CROSSWALK_WEBHOOK_ALLOW: '127.0.0.0/8',
};

function settingsOf(connection: ConnectionOptions): Record<string, string> {
  if ('connectionString' in connection) return { ...kept, DATABASE_URL: connection.connectionString };
  const { user, database, host, port } = connection;
  return { ...kept, DATABASE_URL: `postgres://${user}@/${database}?host=${encodeURIComponent(host)}&port=${port}` };
}

async function serverOn(connection: ConnectionOptions, more: Record<string, string> = {}): Promise<ServerProcess> {
  const server = await startServerProcess({ ...settingsOf(connection), ...more });
  closers.push(async () => server.child.exitCode ?? server.child.signalCode ?? (await server.end('SIGTERM')));
  return server;
}

/** A database that a drill starts with, is backed up from while it is written to, and restored to another. */
interface Drill {
  source: { connection: ConnectionOptions; stop(): Promise<void> };
  /** While the source runs and is written to. */
  backUp(): Promise<void>;
  /** When the source is gone. Resolves to the new database. */
  restore(): Promise<{ connection: ConnectionOptions; stop(): Promise<void> }>;
}

/** Backs up under load, restores, and starts a server on what was restored; checks what docs/operations.md promises of that. */
async function drill({ source, backUp, restore }: Drill): Promise<void> {
  const received: { id: string; headers: Record<string, string>; text: string }[] = [];
  const receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    received.push({ id: headers['webhook-id'] ?? '', headers, text: Buffer.concat(chunks).toString() });
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    receiver.closeAllConnections();
    receiver.close();
  });
  const address = receiver.address();
  const hook = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;

  const old = await serverOn(source.connection, credentialSettings);
  const token = await fetchToken(old.url);
  const create = (url: string, name: string, bearer = token) =>
    send(url, bearer, 'POST', '/api/v1/organizations', { display_name: name, external_id: name });
  const endpoint = Object(
    (await send(old.url, token, 'POST', '/api/v1/webhook_endpoints', { url: hook, event_types: ['organization'] })).body,
  );
  const pending = async (url: string) => {
    const path = `/api/v1/webhook_endpoints/${endpoint.webhook_endpoint.id}/deliveries?status=PENDING`;
    return Object((await send(url, token, 'GET', path)).body).total_size;
  };
  for (let number = 0; number < quiet; number += 1) expect((await create(old.url, `QUIET-${number}`)).status).toBe(201);
  await vi.waitFor(async () => expect([received.length, await pending(old.url)]).toEqual([quiet, 0]), { timeout: 60_000, interval: 50 });
  const settled = new Set(received.map(({ id }) => id));
  const keys = await (await fetch(`${old.url}/keys`)).text();

  const writers = startWriters([{ url: old.url, token }]);
  await writers.more(around);
  const acknowledged = [...writers.acknowledged];
  await backUp();
  await writers.more(around);
  await writers.stop();
  expect(writers.refused).toEqual([]);
  expect(await old.end('SIGTERM')).toBe(0);
  await source.stop();
  const before = new Set(received.splice(0).map(({ id }) => id));

  const target = await restore();
  closers.push(() => target.stop());
  const stranger = await spawnServer({
    ...settingsOf(target.connection),
    CROSSWALK_SECRET_KEY: 'another key of as many characters, or more',
  });
  expect([await stranger.ended, stranger.output()]).toEqual([1, expect.stringContaining('CROSSWALK_SECRET_KEY')]);

  const restored = await serverOn(target.connection);
  expect(restored.output()).not.toContain('Applied migration');
  expect(await (await fetch(`${restored.url}/keys`)).text()).toBe(keys);
  // The token of before is good, and the credentials it was had with.
  expect((await send(restored.url, token, 'GET', '/api/v1/organizations?page_size=1')).status).toBe(200);
  const found = await listExternalIds(restored.url, await fetchToken(restored.url));
  expect([...Array(quiet).keys()].filter((number) => !found.has(`QUIET-${number}`))).toEqual([]);
  expect(acknowledged.filter((externalId) => !found.has(externalId))).toEqual([]);
  // One moment of the source, not a bit of several: each record has its event, and each event its record.
  expect(await createdOnes(restored.url, token)).toEqual([...found].toSorted());

  const made = await create(restored.url, 'AFTER', await fetchToken(restored.url));
  expect(made.status).toBe(201);
  const last = () => received.find(({ text }) => Object(JSON.parse(text)).record_id === Object(made.body).organization.id);
  await vi.waitFor(async () => expect([last() !== undefined, await pending(restored.url)]).toEqual([true, 0]), {
    timeout: 60_000,
    interval: 50,
  });
  const { headers = {}, text = '' } = last() ?? {};
  new Webhook(endpoint.secret).verify(text, headers);
  expect(received.filter(({ id }) => settled.has(id))).toEqual([]);
  const repeated = received.filter(({ id }) => before.has(id)).length;
  console.info(
    `${acknowledged.length} organizations of writers acknowledged before the backup, ${found.size - quiet} of them in it; ` +
      `${settled.size} webhooks settled before it, none sent again; ${repeated} sent again of those under way, or later than the backup`,
  );
  expect(await restored.end('SIGTERM')).toBe(0);
}

/** The external IDs of all organizations whose making is in the feed, in the order of text. */
async function createdOnes(url: string, token: string): Promise<string[]> {
  const names: string[] = [];
  for (let after = ''; ; ) {
    const { body } = await send(url, token, 'GET', `/api/v1/events?types=organization.created&limit=1000${after}`);
    names.push(...Object(body).events.map((event: { external_id: string }) => event.external_id));
    after = `&after=${Object(body).next_cursor}`;
    if (Object(body).has_more !== true) return names.toSorted();
  }
}

test('a copy of the files of the embedded PostgreSQL, made while it is written to, is a whole directory again (T31)', async () => {
  const from = join(directory.path, 'from');
  const to = join(directory.path, 'to');
  await mkdir(from);
  await mkdir(to);
  const source = await startEmbeddedPostgres({ dataDirectory: from });
  closers.push(() => source.stop());
  await drill({
    source,
    async backUp() {
      // What docs/operations.md does with psql.
      const session = await connectTo(source.connection);
      await session.query("select pg_backup_start('copy', true)");
      await copy(join(from, 'postgres'), to);
      const { rows } = await session.query<{ labelfile: string }>('select labelfile from pg_backup_stop()');
      await session.end();
      await copy(join(from, 'postgres/pg_wal'), join(to, 'postgres'));
      await rm(join(to, 'postgres/postmaster.pid'));
      await writeFile(join(to, 'postgres/backup_label'), rows[0]?.labelfile ?? '');
      await giveTo(to);
    },
    async restore() {
      await rm(from, { recursive: true });
      return startEmbeddedPostgres({ dataDirectory: to });
    },
  });
});

/** Copies a folder into another. A file that vanishes meanwhile is no matter. */
async function copy(folder: string, into: string): Promise<void> {
  const { stderr } = await run('cp', ['-a', folder, into], { env: { ...process.env, LC_ALL: 'C' } }).catch(
    (error: { stderr: string }) => error,
  );
  const complaints = stderr.split('\n').filter((line) => line !== '' && !line.endsWith(': No such file or directory'));
  expect(complaints).toEqual([]);
}

/** As root, PostgreSQL's files are of the user that it runs as. */
async function giveTo(path: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  execFileSync('chown', ['-R', '65534:65534', join(path, 'postgres')]);
}

test.runIf(inject('long'))(
  'a dump by pg_dump, made under write load, is the directory of one moment in another database (T31)',
  async () => {
    const postgres = await startInstalledPostgres(join(directory.path, 'installed'));
    closers.push(() => postgres.stop());
    for (const name of ['old', 'new']) await runOn(postgres.connection, `create database ${name}`);
    const { host } = Object(postgres.connection);
    const dump = join(host, 'dump');
    const named = (database: string) => ['--host', host, '--username', 'crosswalk', '--dbname', database];
    await drill({
      source: { connection: { ...Object(postgres.connection), database: 'old' }, stop: async () => {} },
      backUp: async () => void (await postgres.tool('pg_dump', ...named('old'), '--format=custom', '--file', dump)),
      async restore() {
        await runOn(postgres.connection, 'drop database old with (force)');
        await postgres.tool('pg_restore', ...named('new'), '--no-owner', '--exit-on-error', dump);
        await runOn({ ...Object(postgres.connection), database: 'new' }, 'analyze');
        return { connection: { ...Object(postgres.connection), database: 'new' }, stop: async () => {} };
      },
    });
  },
);
