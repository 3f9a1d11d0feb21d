import { beforeAll, describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { createEndpoint, deliveryOf, startReceiver } from './testing.ts';

const server = useTestServer({ webhooks: { allow: ['127.0.0.0/8'], timeout: 1_000 } });
const request: typeof server.client.request = (...call) => server.client.request(...call);
beforeAll(() => server.startWork());

const create = async (name: string) => Object((await request('POST', '/api/v1/organizations', { display_name: name })).body).organization;
const replay = async (id: string, body: object) => Object((await request('POST', `/api/v1/webhook_endpoints/${id}:replay`, body)).body);
const place = () => request('GET', '/api/v1/events?limit=1');

describe('a replay', () => {
  test('of one event sends it again, with the same webhook-id', async () => {
    const receiver = await startReceiver();
    const { id } = await createEndpoint(server.client, receiver.url, { event_types: ['organization.created'] });
    await create('One');
    const [received] = await receiver.waitFor(1);
    const eventId = received?.id ?? '';
    await deliveryOf(server.client, id, eventId, ({ status }) => status === 'DELIVERED');
    const details = await request('GET', `/api/v1/webhook_endpoints/${id}/deliveries/${eventId}`);
    expect(Object(details.body).delivery.message).toEqual(JSON.parse(received?.text ?? ''));
    const again = `/api/v1/webhook_endpoints/${id}/deliveries/${eventId}:replay`;
    const { status, body } = await request('POST', again, undefined, { 'idempotency-key': 'replay-one' });
    expect([status, body]).toMatchObject([200, { delivery: { event_id: eventId, status: 'PENDING', attempts: 0 } }]);
    expect((await request('POST', again, undefined, { 'idempotency-key': 'replay-one' })).headers.get('idempotent-replayed')).toBe('true');
    const [first, second] = await receiver.waitFor(2);
    expect([second?.id, second?.text]).toEqual([first?.id, first?.text]);
    const delivery = await deliveryOf(server.client, id, eventId, (one) => one.status === 'DELIVERED');
    expect(delivery).toMatchObject({ attempts: 1, log: [{ error: null }, { error: null }] });
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(receiver.received).toHaveLength(2);
  });

  test('of one event that waits for its next attempt sends it now, and not those that wait behind it', async () => {
    const receiver = await startReceiver((_received, response) => response.writeHead(500).end());
    const { id } = await createEndpoint(server.client, receiver.url, { event_types: ['organization'] });
    const made = await create('Waits');
    await request('PATCH', `/api/v1/organizations/${made.id}`, { display_name: 'Waits behind' });
    const [received] = await receiver.waitFor(1);
    await deliveryOf(server.client, id, received?.id ?? '', ({ attempts, log }) => attempts === 1 && log.length === 1);
    await place();
    await server.database.pool.query(
      "update webhook_deliveries set due_time = now() + interval '1 hour' where endpoint_id = $1 and due_time is not null",
      [id.slice(4)],
    );
    receiver.answer((_received, response) => response.writeHead(204).end());
    const { deliveries } = Object((await request('GET', `/api/v1/webhook_endpoints/${id}/deliveries`)).body);
    const replayOf = (eventId: string) => request('POST', `/api/v1/webhook_endpoints/${id}/deliveries/${eventId}:replay`);
    expect((await replayOf(deliveries[0].event_id)).body).toMatchObject({ delivery: { status: 'PENDING', next_attempt_time: null } });
    expect((await replayOf(deliveries[1].event_id)).body).toMatchObject({ delivery: { status: 'PENDING', attempts: 1 } });
    const all = await receiver.waitFor(3);
    expect(all.map(({ message }) => message.record_version)).toEqual([1, 1, 2]);
  });

  test('of a span of time sends what happened then, also while the endpoint was disabled, in order per record', async () => {
    const receiver = await startReceiver();
    const { id } = await createEndpoint(server.client, receiver.url, { event_types: ['organization'] });
    await request('POST', `/api/v1/webhook_endpoints/${id}:disable`);
    const [a, b] = [await create('Span a'), await create('Span b')];
    await place();
    const from = new Date();
    await new Promise((resolve) => setTimeout(resolve, 5));
    for (let count = 0; count < 5; count += 1)
      for (const one of [a, b]) await request('PATCH', `/api/v1/organizations/${one.id}`, { display_name: `Span ${count}` });
    await new Promise((resolve) => setTimeout(resolve, 5));
    const to = new Date();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await request('PATCH', `/api/v1/organizations/${a.id}`, { display_name: 'After' });
    await place();
    await request('POST', `/api/v1/webhook_endpoints/${id}:enable`);
    expect(await replay(id, { from, to })).toEqual({ scheduled: 10, next_cursor: '' });
    await receiver.waitFor(10);
    await new Promise((resolve) => setTimeout(resolve, 700));
    for (const one of [a, b]) {
      const own = receiver.received.filter(({ message }) => message.record_id === one.id);
      expect(own.map(({ message }) => message.record_version)).toEqual([2, 3, 4, 5, 6]);
    }
    expect(await replay(id, { from: to })).toMatchObject({ scheduled: 1 });
    await receiver.waitFor(11);
    expect(await replay(id, { from: '2020-01-01T00:00:00Z', to: '2020-01-02T00:00:00Z' })).toEqual({ scheduled: 0, next_cursor: '' });
  });

  test('of a span of time finds what a long transaction has put behind its time in the feed', async () => {
    const other = await server.addEnvironment('long transactions');
    // In the order of the feed, minutes ago: each event has the time at which its transaction began.
    const minutes = [100, 92, 99, 91, 98, 80, 75, 70, 79, 60];
    await server.database.pool.query(
      `insert into events (environment_id, id, type, record_kind, record_id, record_version, external_ids, changed, data, actor_type, request_id,
         occurred_time)
       select $1, 70000 + nth, 'role.updated', 'role', nth, 1, '{}', '{}', '{}', 'system', 'late', now() - make_interval(mins => minutes)
       from unnest($2::int[]) with ordinality as t (minutes, nth) order by nth`,
      [other.environmentId, minutes],
    );
    await place();
    const { id } = await createEndpoint(other, 'http://127.0.0.1:9/', { event_types: ['role'] });
    const spans = [
      [100.5, 99.5],
      [99.5, 97.5],
      [92.5, 90.5],
      [79.5, 78.5],
      [78, 76],
      [76, -1],
    ];
    const scheduled = [];
    for (const [from = 0, to = 0] of spans) {
      const ago = (some: number) => new Date(Date.now() - some * 60_000);
      const { body } = await other.request('POST', `/api/v1/webhook_endpoints/${id}:replay`, { from: ago(from), to: ago(to) });
      scheduled.push(Object(body).scheduled);
    }
    expect(scheduled).toEqual([1, 2, 2, 1, 0, 3]);
  });

  test('of more than one request takes goes on by its cursor, and sends everything once', async () => {
    const receiver = await startReceiver();
    const { id } = await createEndpoint(server.client, receiver.url, { event_types: ['role'] });
    await request('POST', `/api/v1/webhook_endpoints/${id}:disable`);
    const from = new Date();
    await server.database.pool.query(
      `insert into events (environment_id, id, type, record_kind, record_id, record_version, external_ids, changed, data, actor_type, request_id)
       select $1, 1000000 + n, 'role.updated', 'role', n % 500, n, '{}', '{}', '{}', 'system', 'many' from generate_series(1, 12000) n`,
      [server.client.environmentId],
    );
    await place();
    const to = new Date(Date.now() + 1000);
    const first = await replay(id, { from, to });
    expect(first).toEqual({ scheduled: 10_000, next_cursor: expect.stringMatching(/./) });
    const second = await replay(id, { from, to, cursor: first.next_cursor });
    expect(second).toEqual({ scheduled: 2_000, next_cursor: '' });
    const { rows } = await server.database.pool.query(
      'select count(*)::int as all, count(due_time)::int as due from webhook_deliveries where endpoint_id = $1',
      [id.slice(4)],
    );
    expect(rows).toEqual([{ all: 12_000, due: 500 }]);
    expect(await replay(id, { from, to })).toMatchObject({ scheduled: 0 });
  });

  test('of all that was given up sends just that', async () => {
    const receiver = await startReceiver((_received, response) => response.writeHead(500).end());
    const { id } = await createEndpoint(server.client, receiver.url, { event_types: ['organization.created'] });
    for (let count = 0; count < 20; count += 1) await create(`Failed ${count}`);
    await place();
    await server.database.pool.query("update webhook_deliveries set status = 'FAILED', due_time = null where endpoint_id = $1", [
      id.slice(4),
    ]);
    receiver.answer((_received, response) => response.writeHead(200).end());
    const before = receiver.received.length;
    expect(await replay(id, { status: 'FAILED' })).toEqual({ scheduled: 20, next_cursor: '' });
    const wanted = () => new Set(receiver.received.slice(before).map((one) => one.id)).size;
    for (const deadline = Date.now() + 10_000; wanted() < 20 && Date.now() < deadline; )
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(wanted()).toBe(20);
    expect(await replay(id, { status: 'FAILED' })).toEqual({ scheduled: 0, next_cursor: '' });
  });
});

test('deliveries that ended more than two weeks ago are removed, however old their events are; pending ones are not', async () => {
  const { pool } = server.database;
  const { id } = await createEndpoint(server.client, 'http://127.0.0.1:9/', { event_types: ['role'] });
  const old = ((BigInt(Date.now() - Date.UTC(2020, 0, 1)) - 60n * 86_400_000n) << 22n).toString();
  await pool.query(
    `insert into webhook_deliveries (environment_id, endpoint_id, event_id, event_sequence, event_type, record_kind, record_id, place, status, due_time,
       expire_time)
     select $1, $2, $3::bigint + n, n, 'role.updated', 'role', n, n, case when n > 10 then 'DELIVERED' else 'PENDING' end,
       case when n <= 10 then now() + interval '1 day' end, now() - interval '1 day' * case when n <= 2510 then 14.01 else 13.99 end
     from generate_series(1, 2530) n`,
    [server.client.environmentId, id.slice(4), old],
  );
  await server.purge();
  const { rows } = await pool.query(
    'select status, count(*)::int as count from webhook_deliveries where endpoint_id = $1 group by status order by status',
    [id.slice(4)],
  );
  expect(rows).toEqual([
    { status: 'DELIVERED', count: 20 },
    { status: 'PENDING', count: 10 },
  ]);
});

test('what ends today of an event of long ago is among the dead letters until two weeks from now', async () => {
  const receiver = await startReceiver((_received, response) => response.writeHead(410).end());
  const other = await server.addEnvironment('old events');
  const old = ((BigInt(Date.now() - Date.UTC(2020, 0, 1)) - 20n * 86_400_000n) << 22n).toString();
  await server.database.pool.query(
    `insert into events (environment_id, id, type, record_kind, record_id, record_version, external_ids, changed, data, actor_type, request_id,
       occurred_time)
     values ($1, $2, 'role.updated', 'role', 77, 1, '{}', '{}', '{}', 'system', 'old', now() - interval '20 days')`,
    [other.environmentId, old],
  );
  await place();
  const { id } = await createEndpoint(other, receiver.url, { event_types: ['role'] });
  const from = new Date(Date.now() - 21 * 86_400_000);
  const { body } = await other.request('POST', `/api/v1/webhook_endpoints/${id}:replay`, { from });
  expect(body).toMatchObject({ scheduled: 1 });
  await deliveryOf(other, id, `evt_${old}`, ({ status }) => status === 'FAILED');
  await server.purge();
  const kept = async () => Object((await other.request('GET', `/api/v1/webhook_endpoints/${id}/deliveries?status=FAILED`)).body).total_size;
  expect(await kept()).toBe(1);
  await server.database.pool.query(`update webhook_deliveries set expire_time = expire_time - interval '14 days' where endpoint_id = $1`, [
    id.slice(4),
  ]);
  await server.purge();
  expect(await kept()).toBe(0);
});
