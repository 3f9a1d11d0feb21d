import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { OrganizationService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/organizations/organizations_pb.js';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openPool } from '../database/connection.ts';
import { plansDuring } from '../database/testing.ts';
import { readFeedBacklog } from '../feed/index.ts';
import { readImportBacklog } from '../imports/index.ts';
import { readMailBacklog } from '../mail/index.ts';
import { startAnotherServer, useTestServer } from '../testing.ts';
import { readDeliveryBacklog } from '../webhooks/index.ts';
import { createEndpoint, startReceiver } from '../webhooks/testing.ts';
import { backlogReader, Metrics } from './index.ts';

const metricsToken = 'a token that opens the metrics of tests';
const server = useTestServer({ metricsToken, webhooks: { allow: ['127.0.0.0/8'] } });
const organizations = '/api/v1/organizations';

/** A second server on the same database, which lets a client ask ten times in ten seconds. */
let limited: Awaited<ReturnType<typeof startAnotherServer>>;
beforeAll(async () => {
  limited = await startAnotherServer(server, { metricsToken, rateLimit: 1 });
});
afterAll(() => limited.close());

/** The figures as Prometheus reads them, each under its name with its labels. */
async function figures(url = server.url): Promise<Map<string, number>> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${metricsToken}` } });
  expect([response.status, response.headers.get('content-type')?.split(';')[0]]).toEqual([200, 'text/plain']);
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}

/** Waits until the figures are so: what waits in the database is read every three seconds. */
const eventually = (look: (found: Map<string, number>) => void, url = server.url) =>
  vi.waitFor(async () => look(await figures(url)), { timeout: 25_000, interval: 100 });

test('the metrics are for whoever has their token: 401 without it, 404 where none is set', async () => {
  const status = async (url: string, authorization?: string) =>
    (await fetch(`${url}/metrics`, { headers: authorization === undefined ? {} : { authorization } })).status;
  expect(await status(server.url)).toBe(401);
  expect(await status(server.url, `Bearer ${metricsToken} `)).toBe(200);
  expect(await status(server.url, `Bearer ${metricsToken}!`)).toBe(401);
  expect(await status(server.url, `Bearer ${server.client.token}`)).toBe(401);
  const without = await startAnotherServer(server, {});
  expect(await status(`http://127.0.0.1:${without.port}`, `Bearer ${metricsToken}`)).toBe(404);
  await without.close();
});

test('requests of both protocols are counted by route, method and status, with their duration and error', async () => {
  const headers = { authorization: `Bearer ${server.client.token}` };
  const made = await server.client.request('POST', organizations, { display_name: 'Counted' });
  await server.client.request('GET', `${organizations}/org_1`);
  const scalekit = createClient(OrganizationService, createGrpcTransport({ baseUrl: server.url }));
  const get = (value: string) => scalekit.getOrganization({ identities: { case: 'id', value } }, { headers });
  await get(Object(made.body).organization.id);
  await expect(get('org_1')).rejects.toThrow();
  await server.client.request('POST', '/api/v1/imports/imp_1:undo');
  const found = await figures();
  const grpc = '/scalekit.v1.organizations.OrganizationService/GetOrganization';
  for (const [name, count] of [
    ['crosswalk_requests_total{protocol="rest",method="POST",route="/api/v1/organizations",status="201"}', 1],
    ['crosswalk_requests_total{protocol="rest",method="GET",route="/api/v1/organizations/:id",status="404"}', 1],
    ['crosswalk_requests_total{protocol="rest",method="POST",route="/api/v1/imports/:id:undo",status="404"}', 1],
    [`crosswalk_requests_total{protocol="grpc",method="POST",route="${grpc}",status="OK"}`, 1],
    [`crosswalk_requests_total{protocol="grpc",method="POST",route="${grpc}",status="NOT_FOUND"}`, 1],
    ['crosswalk_request_errors_total{protocol="rest",error_code="ORGANIZATION_NOT_FOUND"}', 1],
    ['crosswalk_request_errors_total{protocol="grpc",error_code="ORGANIZATION_NOT_FOUND"}', 1],
    [`crosswalk_request_duration_seconds_count{protocol="grpc",method="POST",route="${grpc}"}`, 2],
    ['crosswalk_request_duration_seconds_bucket{le="+Inf",protocol="rest",method="POST",route="/api/v1/organizations"}', 1],
    ['crosswalk_requests_in_flight{protocol="grpc"}', 0],
    // The one that asks.
    ['crosswalk_requests_in_flight{protocol="rest"}', 1],
  ] as const)
    expect([name, found.get(name)]).toEqual([name, count]);
});

test('no ID, path or other text of a request becomes a label, so their number does not grow with the requests', async () => {
  const one = async (name: string) => {
    for (const path of [`${organizations}/${name}`, `${organizations}:external/${name}?system=${name}`, `/${name}`, `/dashboard/${name}`]) {
      await server.client.request('DELETE', path);
      await server.client.request('PUT', path, {});
    }
  };
  await one('first');
  const before = await figures();
  for (let number = 0; number < 20; number += 1) await one(`secret-name-${number}`);
  const after = await figures();
  // The process's own come as they happen, as the first collection of a kind does, and have no text of a request.
  expect([...after.keys()].filter((name) => name.startsWith('crosswalk_') && !before.has(name))).toEqual([]);
  expect([...after.keys()].join('\n')).not.toMatch(/secret-name|first/);
  expect(after.get('crosswalk_requests_total{protocol="rest",method="PUT",route="unmatched",status="404"}')).toBeGreaterThan(20);
});

test('the pools, the event loop and the process are told', async () => {
  const found = await figures();
  expect(found.get('crosswalk_database_connections{pool="requests",state="total"}')).toBeGreaterThan(0);
  for (const pool of ['work', 'builds']) {
    expect(found.get(`crosswalk_database_connections{pool="${pool}",state="total"}`)).toBeGreaterThanOrEqual(0);
    expect(found.get(`crosswalk_database_waiting{pool="${pool}"}`)).toBe(0);
  }
  expect(found.get('process_resident_memory_bytes')).toBeGreaterThan(1e7);
  expect(found.has('nodejs_eventloop_lag_p99_seconds')).toBe(true);
});

test('what waits is told while it waits: events without a place, webhooks, mails, imports; and attempts by what became of them', async () => {
  const receiver = await startReceiver((_received, response) => response.writeHead(500).end());
  await createEndpoint(server.client, receiver.url, { event_types: ['organization'] });
  await server.client.request('POST', organizations, { display_name: 'Waiting' });
  await server.database.pool.query("update events set occurred_time = now() - interval '1 hour' where place is null");
  const head = { 'content-type': 'application/x-ndjson' };
  const line = JSON.stringify({ kind: 'organization', display_name: 'Imported' });
  expect((await server.client.request('POST', '/api/v1/imports?kind=organization', line, head)).status).toBe(202);
  await eventually((found) => {
    expect(found.get('crosswalk_feed_unplaced_events')).toBeGreaterThan(0);
    expect(found.get('crosswalk_feed_lag_seconds')).toBeGreaterThan(3_500);
    expect([found.get('crosswalk_imports_waiting'), found.get('crosswalk_imports_running')]).toEqual([1, 0]);
  });
  server.startWork();
  await eventually((found) => {
    expect(found.get('crosswalk_feed_unplaced_events')).toBe(0);
    expect(found.get('crosswalk_feed_lag_seconds')).toBe(0);
    expect(found.get('crosswalk_imports_waiting')).toBe(0);
    expect(found.get('crosswalk_webhook_attempts_total{result="retried"}')).toBeGreaterThan(0);
  });
  await server.stopWork();
  await server.database.pool.query("update webhook_deliveries set due_time = now() - interval '2 hours' where due_time is not null");
  await eventually((found) => {
    expect(found.get('crosswalk_webhook_deliveries_due')).toBeGreaterThan(0);
    expect(found.get('crosswalk_webhook_oldest_due_seconds')).toBeGreaterThan(7_000);
    expect([found.get('crosswalk_mails_due'), found.get('crosswalk_mail_oldest_due_seconds')]).toEqual([0, 0]);
  });
}, 120_000);

// After what waits: a reader that waits for events has them placed.
test('a client that is held to its rate is seen, and a caller that goes away leaves nothing under way', async () => {
  const url = `http://127.0.0.1:${limited.port}`;
  const ask = (path: string, signal?: AbortSignal) =>
    fetch(url + path, { headers: { authorization: `Bearer ${server.client.token}` }, ...(signal === undefined ? {} : { signal }) });
  const waits = new AbortController();
  const events = Object((await server.client.request('GET', '/api/v1/events')).body);
  const waiting = ask(`/api/v1/events?after=${events.next_cursor}&wait=20`, waits.signal).catch((error: Error) => error.name);
  await eventually((found) => expect(found.get('crosswalk_requests_in_flight{protocol="rest"}')).toBe(2), url);
  waits.abort();
  expect(await waiting).toBe('AbortError');
  await eventually((found) => {
    expect(found.get('crosswalk_requests_total{protocol="rest",method="GET",route="/api/v1/events",status="aborted"}')).toBe(1);
    expect(found.get('crosswalk_requests_in_flight{protocol="rest"}')).toBe(1);
  }, url);
  for (let number = 0; number < 12; number += 1) await (await ask(`${organizations}?page_size=1`)).text();
  expect((await figures(url)).get('crosswalk_request_errors_total{protocol="rest",error_code="RATE_LIMITED"}')).toBeGreaterThan(0);
});

const readers = { readFeedBacklog, readDeliveryBacklog, readMailBacklog, readImportBacklog };

test('what waits is read from indexes alone, and once in three seconds however often it is asked for', async () => {
  // One connection, which would rather do anything than scan: what it still scans has no index.
  const pool = openPool(server.database.connection, { size: 1 });
  await pool.query('set enable_seqscan = off');
  let time = 0;
  const read = backlogReader(pool, readers, () => time);
  const { plans } = await plansDuring(pool, async () => {
    await Promise.all([read(), read(), read()]);
    time = 2_999;
    await read();
  });
  expect(plans).toHaveLength(4);
  const later = await plansDuring(pool, () => {
    time = 3_000;
    return read();
  });
  expect(later.plans).toHaveLength(4);
  for (const index of [
    'events_unplaced_idx',
    'webhook_deliveries_due_idx',
    'messages_due_idx',
    'imports_open_idx',
    'imports_open_undo_idx',
  ])
    expect(plans.join('\n')).toContain(index);
  await pool.end();
});

test('while the database is away the figures of the process are answered, and what waits is not a number', async () => {
  const metrics = new Metrics({ pools: {}, readBacklog: backlogReader(server.database.pool, { ...readers, readMailBacklog: gone }) });
  const text = await metrics.text();
  expect(text).toMatch(/^crosswalk_feed_lag_seconds nan$/im);
  expect(text).toMatch(/^process_cpu_seconds_total [\d.]+$/m);
});

/** A statement of a table that is not there fails as every statement does while the database is away. */
async function gone(): Promise<never> {
  await server.database.pool.query('select from gone');
  throw new Error('a table that is not there was read');
}

test('a server that is about to stop says so where readiness is asked for, and answers everything else', async () => {
  const url = `http://127.0.0.1:${limited.port}`;
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  limited.announceStop();
  const ready = await fetch(`${url}/readyz`);
  expect([ready.status, ready.headers.get('retry-after')]).toEqual([503, '1']);
  expect(Object(await ready.json()).details[0].error_code).toBe('SERVER_STOPPING');
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});
