import { join } from 'node:path';
import { Crosswalk } from '@crosswalk/sdk';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../packages/server/src/database/embedded/index.ts';
import { tokenIn, useSmtpSink } from '../../packages/server/src/mail/testing.ts';
import { onDatabase, runOn } from '../../packages/server/src/testing.ts';
import { credentialSettings, credentials } from '../../tools/programs/credentials.ts';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary-directory.ts';

// Programs take long to start on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const sink = useSmtpSink();
let directory: TemporaryDirectory;
let postgres: EmbeddedPostgres;
let server: ServerProcess;

beforeAll(async () => {
  directory = await temporaryDirectory('crosswalk-mail-');
  postgres = await startEmbeddedPostgres({ dataDirectory: directory.path });
  await runOn(postgres.connection, 'create role app login');
  await runOn(postgres.connection, 'create database app owner app');
});
afterAll(async () => {
  if (server.child.exitCode === null && server.child.signalCode === null) await server.end('SIGTERM');
  await postgres.stop();
  await directory.remove();
});

async function start(): Promise<Crosswalk> {
  const { host, port } = sink.settings().smtp;
  server = await startServerProcess({
    DATABASE_URL: `postgres://app@/app?host=${encodeURIComponent(join(directory.path, 'socket'))}`,
    CROSSWALK_SECRET_KEY: 'a secret key that is only for the tests',
    CROSSWALK_PUBLIC_URL: 'https://directory.example.com',
    ...credentialSettings,
    SMTP_URL: `smtp://${host}:${port}`,
    MAIL_FROM: 'Crosswalk <invitations@directory.example.com>',
  });
  return new Crosswalk(server.url, credentials.id, credentials.secret);
}

async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}

test('after kill -9 while mails are sent each invitation has its mail, and only those that were under way came twice, under one Message-ID', async () => {
  const count = 24;
  sink.script = Array(count).fill({ slow: 300 });
  const before = await start();
  const { id } = await before.organization.create({ displayName: 'Acme' });
  for (let index = 0; index < count; index += 1) await before.user.createUserAndMembership(id, { email: `u${index}@example.com` });
  await until(() => sink.received.length >= 10);
  await server.end('SIGKILL');

  const after = await start();
  // As if the two minutes of the leases were over.
  await runOn(onDatabase(postgres.connection, 'app'), "update messages set due_time = now() where state = 'QUEUED'");
  await until(async () => (await after.mailbox.list({ state: 'SENT' })).total_size === count);
  expect(new Set(sink.received.map(({ to }) => to?.[0]?.address)).size).toBe(count);
  expect(new Set(sink.received.map(({ messageId }) => messageId)).size).toBe(count);
  expect(sink.received.length).toBeLessThanOrEqual(count + 8);
});

test('the link of a mail accepts, at the page of the server; told to stop, it ends well', async () => {
  const crosswalk = new Crosswalk(server.url, credentials.id, credentials.secret);
  const [mail] = sink.received;
  const link = `${server.url}/invitations/${tokenIn(mail?.text)}`;
  expect([(await fetch(link)).status, (await fetch(link, { method: 'POST' })).status, (await fetch(link)).status]).toEqual([200, 200, 410]);
  const user = await crosswalk.user.getByEmail(mail?.to?.[0]?.address ?? '');
  expect(user?.memberships).toMatchObject([{ membership_status: 'ACTIVE' }]);
  expect(await server.end('SIGTERM')).toBe(0);
});

test('a stop ends requests and a mail under way beside each other: while the mail is taken, no request comes any more', async () => {
  const crosswalk = await start();
  const { id } = await crosswalk.organization.create({ displayName: 'Slow' });
  const sent = sink.received.length;
  sink.script = [{ slow: 5_000 }];
  await crosswalk.user.createUserAndMembership(id, { email: 'slow@example.com' });
  await until(() => sink.received.length > sent);

  const ended = server.end('SIGTERM');
  await until(async () => (await fetch(`${server.url}/healthz`).catch(() => undefined))?.status !== 200);
  expect(server.child.exitCode).toBeNull();
  expect(await ended).toBe(0);
  // That it was taken is noted: nobody sends it again.
  const after = await start();
  expect((await after.mailbox.list({ state: 'QUEUED' })).total_size).toBe(0);
  expect(sink.received.length).toBe(sent + 1);
});
