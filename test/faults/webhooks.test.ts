import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { credentialSettings, fetchToken } from '../../tools/programs/credentials.ts';
import { freePort, type ServerProcess, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary-directory.ts';
import { send } from './writers.ts';

/** How often the server is killed; fifty times in `npm run test:long`. */
const rounds = inject('long') ? 50 : 5;

vi.setConfig({ testTimeout: 300_000 + rounds * 20_000, hookTimeout: 180_000 });

let directory: TemporaryDirectory;
let server: ServerProcess;
beforeAll(async () => {
  directory = await temporaryDirectory('crosswalk-webhooks-');
});
afterAll(async () => {
  for (const { http } of receivers) http.closeAllConnections();
  for (const { http } of receivers) http.close();
  if (server.child.exitCode === null && server.child.signalCode === null) await server.end('SIGTERM');
  await directory.remove();
});

/** A receiver that keeps which events came to it, in the order of their first coming; `fails` says which requests it refuses. */
function startReceiver(fails: () => boolean) {
  const seen = new Map<string, { record: string; version: number }>();
  let requests = 0;
  const http = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    requests += 1;
    if (fails()) {
      response.writeHead(500).end();
      return;
    }
    const { id, record_id: record, record_version: version } = JSON.parse(Buffer.concat(chunks).toString());
    expect(request.headers['webhook-id']).toBe(id);
    if (!seen.has(id)) seen.set(id, { record, version });
    response.writeHead(204).end();
  });
  return { http, seen, requests: () => requests };
}

/** The second refuses some, while the server is killed: each refusal takes longer than the one before until it is made good. */
let unreliable = true;
const receivers = [startReceiver(() => false), startReceiver(() => unreliable && Math.random() < 0.05)];

interface Event {
  id: string;
  record_id: string;
  record_version: number;
}

async function allEvents(token: string): Promise<Event[]> {
  const events: Event[] = [];
  for (let after = ''; ; ) {
    const { body } = await send(server.url, token, 'GET', `/api/v1/events?types=organization&limit=1000${after}`);
    events.push(...Object(body).events);
    after = `&after=${Object(body).next_cursor}`;
    if (Object(body).has_more !== true) return events;
  }
}

test(`after kill -9 at ${rounds} random moments of writing and sending, each change has one event, and each event reached each endpoint (T2)`, async () => {
  const env = {
    ...credentialSettings,
    CROSSWALK_DATA_DIR: directory.path,
    CROSSWALK_WEBHOOK_ALLOW: '127.0.0.0/8',
    PORT: String(await freePort()),
  };
  server = await startServerProcess(env);
  let token = await fetchToken(server.url);
  for (const { http } of receivers) {
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const address = http.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;
    expect((await send(server.url, token, 'POST', '/api/v1/webhook_endpoints', { url, event_types: ['organization'] })).status).toBe(201);
  }

  const acknowledged = new Map<string, number>();
  const write = async (writer: number, round: number, isKilled: () => boolean) => {
    for (let number = 0; !isKilled(); number += 1) {
      try {
        const made = await send(server.url, token, 'POST', '/api/v1/organizations', { display_name: `W${writer}-${round}-${number}` });
        const { id } = Object(made.body).organization;
        acknowledged.set(id, 1);
        for (let version = 2; version <= 4; version += 1) {
          await send(server.url, token, 'PATCH', `/api/v1/organizations/${id}`, { metadata: { version } });
          acknowledged.set(id, version);
        }
      } catch (error) {
        if (!isKilled()) throw error;
      }
    }
  };
  for (let round = 1; round <= rounds; round += 1) {
    let killed = false;
    const writers = Promise.all(Array.from({ length: 6 }, (_, writer) => write(writer, round, () => killed)));
    await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 1_300));
    killed = true;
    await server.end('SIGKILL');
    await writers;
    server = await startServerProcess(env);
    token = await fetchToken(server.url);
  }

  unreliable = false;
  const events = await allEvents(token);
  const versions = new Map<string, number[]>();
  for (const { record_id, record_version } of events) versions.set(record_id, [...(versions.get(record_id) ?? []), record_version]);
  for (const [id, version] of acknowledged) {
    const { body } = await send(server.url, token, 'GET', `/api/v1/organizations/${id}`);
    expect(Object(body).organization.version).toBeGreaterThanOrEqual(version);
    expect(versions.get(id)).toEqual(Array.from({ length: Object(body).organization.version }, (_, index) => index + 1));
  }

  // What the last kill left is claimed again within half a minute; what was refused three times is tried again within two and a half.
  const missing = () => receivers.map(({ seen }) => events.filter(({ id }) => !seen.has(id)).length);
  for (const deadline = Date.now() + 180_000; missing().some((count) => count > 0) && Date.now() < deadline; )
    await new Promise((resolve) => setTimeout(resolve, 100));
  expect(missing()).toEqual([0, 0]);
  const { body } = await send(server.url, token, 'GET', '/api/v1/webhook_endpoints');
  for (const { id } of Object(body).webhook_endpoints) {
    const pending = async () =>
      Object((await send(server.url, token, 'GET', `/api/v1/webhook_endpoints/${id}/deliveries?status=PENDING`)).body).total_size;
    for (const deadline = Date.now() + 60_000; (await pending()) > 0 && Date.now() < deadline; )
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await pending()).toBe(0);
  }
  for (const { seen } of receivers) {
    const order = new Map<string, number[]>();
    for (const { record, version } of seen.values()) order.set(record, [...(order.get(record) ?? []), version]);
    for (const own of order.values()) expect(own).toEqual(own.toSorted((a, b) => a - b));
  }
  const repeated = receivers.map(({ seen, requests }) => requests() - seen.size);
  console.info(
    `${rounds} kills, ${events.length} events, ${acknowledged.size} organizations acknowledged, requests beyond one each: ${repeated.join(' and ')}`,
  );
  expect(await server.end('SIGTERM')).toBe(0);
});
