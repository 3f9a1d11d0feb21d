import { beforeAll, expect, test } from 'vitest';
import { plansDuring } from '../database/testing.ts';
import { connectTo, useTestServer } from '../testing.ts';
import { claimDeliveries, purgeDeliveries, recordResults, scheduleEvents } from './delivery-store.ts';
import { holdEndpoints, setFailing } from './endpoint-store.ts';
import { loadParcels } from './parcel-store.ts';
import { createEndpoint } from './testing.ts';

/** The plans of what is sent, with 100,000 deliveries of ten endpoints, most of them pending: a backlog must not cost more than none. */
const server = useTestServer({ webhooks: { allow: ['127.0.0.0/8'] } });
const size = 100_000;
const endpoints: string[] = [];

beforeAll(async () => {
  for (let count = 0; count < 10; count += 1) endpoints.push((await createEndpoint(server.client, 'http://127.0.0.1:9/')).id.slice(4));
  const environment = server.client.environmentId;
  const fill = await connectTo(server.database.connection);
  await fill.query(
    `insert into events (environment_id, id, type, organization_id, record_kind, record_id, record_version, external_ids, changed, data, actor_type,
       request_id, place, occurred_time)
     select $1, 9000000 + n, 'organization.updated', 1000000 + n % 5000, 'organization', 1000000 + n % 5000, 1 + n / 5000, '{}', '{}', '{}', 'system', 'req',
       1000 + n, now() - interval '80 days' * (${size} - n) / ${size}
     from generate_series(1, ${size}) n`,
    [environment],
  );
  // Of each endpoint and record the first pending one is due, the others wait behind it.
  await fill.query(
    `insert into webhook_deliveries (environment_id, endpoint_id, event_id, event_sequence, event_type, record_kind, record_id, place, status, due_time,
       expire_time)
     select environment_id, w.id, e.id, e.sequence, e.type, e.record_kind, e.record_id, e.place,
       case when e.record_version < 4 then 'DELIVERED' when e.record_version = 4 then 'FAILED' else 'PENDING' end,
       case when e.record_version = 5 then now() end, now() + interval '1 day'
     from events e join webhook_endpoints w using (environment_id)
     where environment_id = $1 and e.record_kind = 'organization' and w.id = ($2::bigint[])[1 + e.id % 10]`,
    [environment, endpoints],
  );
  await fill.query(`update event_feed set last_place = ${size + 1000}`);
  await fill.query('vacuum analyze');
  await fill.end();
}, 120_000);

async function expectNoScan(work: () => Promise<unknown>): Promise<void> {
  const { plans } = await plansDuring(server.database.pool, work);
  expect(plans.length).toBeGreaterThan(0);
  for (const plan of plans) expect(plan).not.toMatch(/Seq Scan on (webhook_deliveries|events)/);
}

const path = () => `/api/v1/webhook_endpoints/whe_${endpoints[0]}`;

test.each([
  ['the deliveries of an endpoint', 'GET', () => `${path()}/deliveries`],
  ['the dead letters of an endpoint', 'GET', () => `${path()}/deliveries?status=FAILED`],
  ['a delivery', 'GET', () => `${path()}/deliveries/evt_9000010`],
  ['the replay of a delivery', 'POST', () => `${path()}/deliveries/evt_9000010:replay`],
  ['the end of an endpoint', 'DELETE', path],
])('%s never scan a table', async (_name, method, url) => {
  await expectNoScan(async () => expect((await server.client.request(method, url())).status).toBeLessThan(300));
});

test('neither does a claim, what it sends, what came of it, what follows, a new event, nor what clears up', async () => {
  const { pool } = server.database;
  const environment_id = server.client.environmentId;
  await expectNoScan(async () => {
    const claims = await claimDeliveries(pool, [{ endpointId: endpoints[1] ?? '', slots: 3 }], 8, 45_000);
    expect(claims).toHaveLength(8 * 8 + 3);
    expect(await loadParcels(pool, claims)).toHaveLength(67);
    const attempt = { time: new Date().toISOString(), duration_ms: 1, response_status: 200, response_body: '', error: null };
    await recordResults(
      pool,
      claims.map((claim) => ({ ...claim, status: 'DELIVERED', pause: 0, attempt })),
    );
    await setFailing(pool, await holdEndpoints(pool, claims), true);
    await scheduleEvents(pool, [{ environment_id, sequence: '5000', type: 'organization.updated' }]);
  });
  const { plans } = await plansDuring(pool, () => purgeDeliveries(pool));
  for (const plan of plans) expect(plan).toContain('Index Scan using webhook_deliveries_ended_idx');
});

test('whatever the planner has last heard of what is pending, nothing reads all of it', async () => {
  const { pool } = server.database;
  const environment_id = server.client.environmentId;
  // As after a quiet hour: statistics that know of nothing pending, and then a backlog.
  const changes = await connectTo(server.database.connection);
  await changes.query(`alter table webhook_deliveries set (autovacuum_enabled = off)`);
  await changes.query(`create temporary table pending as select * from webhook_deliveries where status = 'PENDING'`);
  await changes.query(`delete from webhook_deliveries where status = 'PENDING'`);
  await changes.query('vacuum analyze webhook_deliveries');
  await changes.query('insert into webhook_deliveries select * from pending');
  await changes.end();
  const { plans } = await plansDuring(pool, async () => {
    const claims = await claimDeliveries(pool, [], 8, 45_000);
    expect(claims).toHaveLength(9 * 8);
    const attempt = { time: new Date().toISOString(), duration_ms: 1, response_status: 200, response_body: '', error: null };
    await recordResults(
      pool,
      claims.map((claim) => ({ ...claim, status: 'DELIVERED', pause: 0, attempt })),
    );
    await scheduleEvents(
      pool,
      Array.from({ length: 1000 }, (_, index) => ({
        environment_id,
        sequence: String(5000 + index),
        type: 'organization.updated' as const,
      })),
    );
  });
  expect(plans.filter((plan) => plan.includes('webhook_deliveries_lane_idx')).length).toBeGreaterThanOrEqual(2);
  for (const plan of plans) {
    expect(plan).not.toMatch(/Seq Scan on (webhook_deliveries|events)/);
    for (const [, condition] of plan.matchAll(/using webhook_deliveries_lane_idx .*\n *(.*)/g))
      expect(condition).toMatch(/^Index Cond: .*record_id/);
  }
});

test('a claim reads what it takes, where half of all deliveries are of one endpoint and due', async () => {
  const { pool } = server.database;
  const fill = await connectTo(server.database.connection);
  await fill.query(
    `insert into webhook_deliveries (environment_id, endpoint_id, event_id, event_sequence, event_type, record_kind, record_id, place, due_time, expire_time)
     select environment_id, endpoint_id, id + ${size}, id + ${size}, event_type, record_kind, id + ${size}, id + ${size}, now(), expire_time
     from (select d.*, d.event_id * 10 + w.n as id from webhook_deliveries d cross join generate_series(0, 9) as w (n) where endpoint_id = $1) d`,
    [endpoints[1]],
  );
  await fill.query('analyze webhook_deliveries');
  await fill.end();
  await expectNoScan(async () => expect(await claimDeliveries(pool, [], 8, 45_000)).toHaveLength(9 * 8));
});

test('neither does a replay of a span of time, which finds its ends in the feed before it holds the endpoint', async () => {
  const daysAgo = (days: number) => new Date(Date.now() - days * 24 * 3_600_000);
  const replay = (from: Date, to: Date) =>
    server.client.request('POST', `/api/v1/webhook_endpoints/whe_${endpoints[1]}:replay`, { from, to });
  const { result, plans } = await plansDuring(server.database.pool, () => replay(daysAgo(40.01), daysAgo(40)));
  expect(result.status).toBe(200);
  expect(Object(result.body).scheduled).toBeGreaterThan(0);
  const held = plans.findIndex((plan) => /webhook_endpoints.* for no key update/.test(plan));
  const found = plans.findIndex((plan) => plan.includes('min(place)'));
  expect([found !== -1, held > found]).toEqual([true, true]);
  for (const plan of plans) {
    expect(plan).not.toMatch(/Seq Scan on (webhook_deliveries|events)/);
    // Bounded at both ends rather than walked from one end of the feed.
    for (const [condition] of plan.matchAll(/Index Cond:.*\bplace IS NOT NULL.*/g)) expect(condition).toMatch(/place > .*place <= /);
  }
});
