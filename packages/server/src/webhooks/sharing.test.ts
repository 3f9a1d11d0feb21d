import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type App, buildApp } from '../app.ts';
import { openPool } from '../database/connection.ts';
import { testSettings, useTestServer } from '../testing.ts';
import { claimDeliveries } from './delivery-store.ts';
import { createEndpoint, deliveryOf, startReceiver } from './testing.ts';

const webhooks = { allow: ['127.0.0.0/8'], timeout: 2_000, lease: 5_000 };
const server = useTestServer({ webhooks });
const request: typeof server.client.request = (...call) => server.client.request(...call);
const create = async (name: string) => Object((await request('POST', '/api/v1/organizations', { display_name: name })).body).organization;

/** Two more servers on the same database, which do the work. */
let others: App[] = [];
const pools: { end(): Promise<void> }[] = [];
beforeAll(async () => {
  others = await Promise.all(
    [1, 2].map(() => {
      const pool = openPool(server.database.connection);
      pools.push(pool);
      return buildApp({ ...testSettings, webhooks, pool });
    }),
  );
});
afterAll(async () => {
  await Promise.all(others.map((other) => other.stopWork()));
  await Promise.all(pools.map((pool) => pool.end()));
});

describe('several servers', () => {
  test('take over what one had claimed and did not finish, when its lease is over, with the same webhook-id', async () => {
    const receiver = await startReceiver();
    const { id } = await createEndpoint(server.client, receiver.url, { event_types: ['organization'] });
    const { id: organizationId } = await create('Abandoned');
    await request('GET', '/api/v1/events?limit=1');
    // A worker that is killed just after its claim.
    const claims = await claimDeliveries(server.database.pool, [], 8, webhooks.lease);
    expect(claims).toHaveLength(1);
    const started = Date.now();
    for (const other of others) other.startWork();
    await request('PATCH', `/api/v1/organizations/${organizationId}`, { display_name: 'Waits behind' });
    const received = await receiver.waitFor(2, 20_000);
    expect(received.map(({ id: event, message }) => [event, message.record_version])).toEqual([
      [`evt_${claims[0]?.event_id}`, 1],
      [expect.any(String), 2],
    ]);
    expect((received[0]?.time ?? 0) - started).toBeGreaterThan(4_000);
    expect(await deliveryOf(server.client, id, received[0]?.id ?? '', ({ status }) => status === 'DELIVERED')).toMatchObject({
      attempts: 2,
    });
  });

  test('share the work: every event is sent once, in order per record', async () => {
    const receiver = await startReceiver((_received, response) => void setTimeout(() => response.writeHead(200).end(), 5));
    await createEndpoint(server.client, receiver.url, { event_types: ['organization'] });
    const organizations = await Promise.all(Array.from({ length: 20 }, (_, index) => create(`Shared ${index}`)));
    await Promise.all(
      organizations.map(async ({ id }) => {
        for (let count = 0; count < 10; count += 1)
          await request('PATCH', `/api/v1/organizations/${id}`, { display_name: `Changed ${count}` });
      }),
    );
    await receiver.waitFor(220, 20_000);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(new Set(receiver.received.map((one) => one.id)).size).toBe(220);
    expect(receiver.received).toHaveLength(220);
    for (const { id } of organizations) {
      const versions = receiver.received.filter(({ message }) => message.record_id === id).map(({ message }) => message.record_version);
      expect(versions).toEqual(Array.from({ length: 11 }, (_, index) => index + 1));
    }
  });
});
