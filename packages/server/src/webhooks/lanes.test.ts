import { readFile } from 'node:fs/promises';
import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import { inTransaction } from '../database/transaction.ts';
import { connectTo, useTestServer } from '../testing.ts';
import { claimDeliveries, recordResults, scheduleEvents } from './delivery-store.ts';
import { holdEndpoints } from './endpoint-store.ts';
import { createEndpoint } from './testing.ts';

/** Lanes without a worker: what stands in them is what was written, and each step is taken by the test. */
const server = useTestServer({ webhooks: { allow: ['127.0.0.0/8'] } });
const request: typeof server.client.request = (...call) => server.client.request(...call);
const place = () => request('GET', '/api/v1/events?limit=1');
const nowhere = 'http://127.0.0.1:9/';

const create = async (name: string): Promise<string> =>
  Object((await request('POST', '/api/v1/organizations', { display_name: name })).body).organization.id;
const rename = (id: string, name: string) => request('PATCH', `/api/v1/organizations/${id}`, { display_name: name });

/** The deliveries of an endpoint in the order of its lanes. */
async function lanesOf(endpointId: string): Promise<{ type: string; status: string; due: boolean }[]> {
  const { rows } = await server.database.pool.query(
    `select event_type as type, status, due_time is not null as due from webhook_deliveries where endpoint_id = $1 order by record_id, place`,
    [endpointId.slice(4)],
  );
  return rows;
}

/** Takes all that is due and notes that it was received. */
async function deliverDue(pool: pg.Pool): Promise<number> {
  const claims = await claimDeliveries(pool, [], 8, 5_000);
  const attempt = { time: new Date().toISOString(), duration_ms: 1, response_status: 200, response_body: '', error: null };
  const results = claims.map((claim) => ({ ...claim, status: 'DELIVERED' as const, pause: 0, attempt }));
  await inTransaction(pool, async (tx) => {
    await holdEndpoints(tx, results);
    await recordResults(tx, results);
  });
  return claims.length;
}

describe('a lane', () => {
  test('of an endpoint that is enabled while events are scheduled gets none of them, which nothing would make due', async () => {
    const { pool, connection } = server.database;
    const other = await createEndpoint(server.client, nowhere, { event_types: ['role'] });
    const { id } = await createEndpoint(server.client, nowhere, { event_types: ['organization'] });
    const organization = await create('Enabled meanwhile');
    await place();
    await request('POST', `/api/v1/webhook_endpoints/${id}:disable`);
    await rename(organization, 'Changed meanwhile');
    await place();
    const { rows: events } = await pool.query(
      `select environment_id, sequence, type from events where record_id = $1 and record_version = 2`,
      [organization.slice(4)],
    );
    expect(events).toHaveLength(1);

    // Scheduling has looked which endpoints are enabled, and waits for one of them ...
    const holder = await connectTo(connection);
    await holder.query('begin');
    await holder.query('select from webhook_endpoints where id = $1 for no key update', [other.id.slice(4)]);
    await inTransaction(pool, async (tx) => {
      const scheduled = scheduleEvents(tx, events);
      const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      while ((await pool.query(waiting)).rowCount === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      // ... when this one is enabled, and what was pending for it ends before the new ones are there to be seen.
      expect((await request('POST', `/api/v1/webhook_endpoints/${id}:enable`)).status).toBe(200);
      await holder.query('rollback');
      await scheduled;
      expect(await deliverDue(pool)).toBe(1);
    });
    await holder.end();
    expect(await lanesOf(id)).toEqual([{ type: 'organization.created', status: 'DELIVERED', due: false }]);
    await rename(organization, 'Goes on');
    await place();
    expect(await deliverDue(pool)).toBe(1);
    await request('DELETE', `/api/v1/webhook_endpoints/${id}`);
  });

  test('where an earlier version left nothing due goes on after the upgrade, and only such a one is touched', async () => {
    const { pool } = server.database;
    const { id } = await createEndpoint(server.client, nowhere, { event_types: ['organization'] });
    const [stuck, waiting, replayed] = [await create('Stuck'), await create('Waiting'), await create('Replayed')];
    await place();
    await deliverDue(pool);
    for (const organization of [stuck, waiting, replayed]) {
      await rename(organization, 'First');
      await rename(organization, 'Second');
    }
    await place();
    await pool.query('update webhook_deliveries set due_time = null where endpoint_id = $1 and record_id = $2', [
      id.slice(4),
      stuck.slice(4),
    ]);
    // Its first waits for what was due when it was asked for again.
    const { body } = await request('GET', `/api/v1/organizations/${replayed}/history`);
    const created = Object(body).events.find(({ type }: { type: string }) => type === 'organization.created');
    await request('POST', `/api/v1/webhook_endpoints/${id}/deliveries/${created.id}:replay`);
    await pool.query(await readFile(new URL('../database/migrations/031_lanes_without_a_due_delivery.sql', import.meta.url), 'utf8'));
    expect(await lanesOf(id)).toEqual([
      { type: 'organization.created', status: 'DELIVERED', due: false },
      { type: 'organization.updated', status: 'PENDING', due: true },
      { type: 'organization.updated', status: 'PENDING', due: false },
      { type: 'organization.created', status: 'DELIVERED', due: false },
      { type: 'organization.updated', status: 'PENDING', due: true },
      { type: 'organization.updated', status: 'PENDING', due: false },
      { type: 'organization.created', status: 'PENDING', due: false },
      { type: 'organization.updated', status: 'PENDING', due: true },
      { type: 'organization.updated', status: 'PENDING', due: false },
    ]);
    // All of them in three turns: two of each lane, and then what was asked for again.
    expect([await deliverDue(pool), await deliverDue(pool), await deliverDue(pool), await deliverDue(pool)]).toEqual([3, 3, 1, 0]);
  });
});
