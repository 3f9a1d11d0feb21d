import { beforeAll, expect, test, vi } from 'vitest';
import { imported } from '../imports/testing.ts';
import { useTestServer } from '../testing.ts';
import { createEndpoint, startReceiver } from '../webhooks/testing.ts';

const server = useTestServer({ webhooks: { allow: ['127.0.0.0/8'] } });
const today = () => new Date().toISOString().slice(0, 10);

async function overview(query = '') {
  const { status, body } = await server.client.request('GET', `/api/v1/overview${query}`);
  expect([status, body]).toEqual([200, expect.anything()]);
  return Object(body);
}

/** What the counters say, and what there is. */
async function bothCounts() {
  const { counts, systems } = await overview();
  const count = async (text: string) => Number((await server.database.pool.query(text)).rows[0].count);
  return {
    said: Object.fromEntries(Object.entries(counts).map(([kind, figure]) => [kind, Object(figure).value])),
    counted: {
      organizations: await count('select count(*) from organizations'),
      users: await count('select count(*) from users'),
      memberships: await count('select count(*) from memberships'),
      pending_invitations: await count("select count(*) from memberships where status = 'PENDING_INVITE'"),
    },
    systems: Object.fromEntries(
      systems.map((one: Record<string, unknown>) => [
        one.name,
        [one.organizations_with, one.organizations_without, one.users_with, one.users_without],
      ]),
    ),
  };
}

let acme: { id: string };
let other: { id: string };

beforeAll(async () => {
  server.startWork();
  const create = async (path: string, body: object) => Object((await server.client.request('POST', `/api/v1/${path}`, body)).body);
  ({ organization: acme } = await create('organizations', {
    display_name: 'A',
    external_id: 'A',
    external_ids: { stripe: 'cus_1', crm: '1' },
  }));
  ({ organization: other } = await create('organizations', { display_name: 'B', external_ids: { stripe: 'cus_2' } }));
  await create('users', { email: 'u@example.com', external_ids: { hr: '1' } });
  await create(`organizations/${acme.id}/users`, { email: 'invited@example.com' });
  await create(`organizations/${acme.id}/users`, { email: 'joined@example.com' });
  await imported(server, server.client, [
    { kind: 'organization', external_id: 'I', display_name: 'Imported', external_ids: { crm: '2' } },
    { kind: 'user', email: 'imported@example.com' },
    { kind: 'user', email: 'no address' },
  ]);
  // Neither a check nor what was undone is a failure that anybody has to look at.
  await imported(server, server.client, [{ kind: 'user', email: 'no address either' }], '?dry_run=true');
  const undone = await imported(server, server.client, [
    { kind: 'user', email: 'none' },
    { kind: 'user', email: 'undone@example.com' },
  ]);
  await server.client.request('POST', `/api/v1/imports/${undone.id}:undo`);
  await vi.waitFor(async () => {
    const { body } = await server.client.request('GET', `/api/v1/imports/${undone.id}`);
    expect(Object(body).import.undo.state).toBe('DONE');
  }, 20_000);
});

test('the figures are those of the records, through every sort of change', async () => {
  const change = (method: string, path: string, body?: unknown) => server.client.request(method, `/api/v1/${path}`, body);
  const first = await bothCounts();
  expect(first.said).toEqual(first.counted);
  expect(first.counted).toMatchObject({ organizations: 3, users: 4, memberships: 2 });
  expect(first.systems).toEqual({ crm: [2, 1, 0, 4], hr: [0, 3, 1, 3], stripe: [2, 1, 0, 4] });
  await change('PATCH', `organizations/${acme.id}`, { external_ids: { stripe: null, crm: '9' } });
  await change('POST', 'rekey', { kind: 'organization', system: 'stripe', pairs: [{ from: 'cus_2', to: 'cus_3' }] });
  await change('PUT', 'organizations:external/NEW', { display_name: 'New' });
  await change('PUT', 'systems/zendesk', {});
  const second = await bothCounts();
  expect(second.said).toEqual(second.counted);
  expect(second.systems).toEqual({ crm: [2, 2, 0, 4], hr: [0, 4, 1, 3], stripe: [1, 3, 0, 4], zendesk: [0, 4, 0, 4] });
  for (const { id } of [acme, other]) expect((await change('DELETE', `organizations/${id}`)).status).toBe(204);
  const third = await bothCounts();
  expect(third.said).toEqual(third.counted);
  expect(third.counted).toMatchObject({ organizations: 2, memberships: 0 });
  expect(third.systems.stripe).toBeUndefined();
});

/** Figures of hours together: a new one may begin in the middle of a test. */
function sumOf(hours: Record<string, number>[], figure: (hour: Record<string, number>) => number | undefined): number {
  return hours.reduce((sum, hour) => sum + (figure(hour) ?? 0), 0);
}

test('growth has each day once, today last; hours have the events by type', async () => {
  const { growth, events, counts } = await overview('?days=7');
  expect(growth).toHaveLength(7);
  expect(growth.slice(-2)).toMatchObject([
    { organizations: 0, users: 0 },
    { day: today(), organizations: counts.organizations.value, users: counts.users.value },
  ]);
  const total = events.reduce((sum: number, hour: { total: number }) => sum + hour.total, 0);
  const { rows } = await server.database.pool.query('select count(*) from events');
  expect(total).toBe(Number(rows[0].count));
  expect(sumOf(events, (hour) => Object(hour).by_type['organization.created'] ?? 0)).toBeGreaterThan(0);
  for (const days of ['0', '401', 'x']) expect((await server.client.request('GET', `/api/v1/overview?days=${days}`)).status).toBe(400);
});

test('attempts are counted by the hour for each endpoint, and what fails is told', async () => {
  const good = await startReceiver();
  const bad = await startReceiver((_received, response) => response.writeHead(410).end());
  const [goodId, badId] = [(await createEndpoint(server.client, good.url)).id, (await createEndpoint(server.client, bad.url)).id];
  await server.client.request('POST', '/api/v1/organizations', { display_name: 'Sent' });
  await good.waitFor(1);
  await bad.waitFor(1);
  const stats = async (id: string) => Object((await server.client.request('GET', `/api/v1/webhook_endpoints/${id}/stats?hours=2`)).body);
  await expect.poll(async () => (await stats(badId)).failed).toBeGreaterThan(0);
  await expect.poll(async () => (await stats(goodId)).delivered).toBeGreaterThan(0);
  const { hours, ...figures } = await stats(goodId);
  expect(figures).toMatchObject({ failed: 0, p50_ms: expect.any(Number), p95_ms: expect.any(Number) });
  expect(sumOf(hours, ({ failed }) => failed)).toBe(0);
  expect(hours).toContainEqual(expect.objectContaining({ p50_ms: expect.any(Number) }));
  expect((await server.client.request('GET', '/api/v1/webhook_endpoints/whe_7/stats')).status).toBe(404);

  // Events of the endpoints themselves are on their way, too.
  await vi.waitFor(async () => {
    const { deliveries } = await overview();
    expect([sumOf(deliveries, ({ delivered }) => delivered), sumOf(deliveries, ({ failed }) => failed)]).toEqual([
      (await stats(goodId)).delivered,
      (await stats(badId)).failed,
    ]);
  }, 20_000);
  const { failures } = await overview();
  expect(failures.filter(({ kind }: { kind: string }) => kind === 'import')).toHaveLength(1);
  expect(failures.map(({ kind, title, detail }: Record<string, unknown>) => [kind, title, detail])).toEqual(
    expect.arrayContaining([
      ['webhook_endpoint', bad.url, 'Disabled: it answered that it is gone.'],
      ['dead_letters', bad.url, expect.stringMatching(/given up/)],
      ['import', 'Import rejected rows', '1 row was rejected.'],
    ]),
  );
});

test('figures that nobody is shown any more are removed', async () => {
  const { pool } = server.database;
  const environment = server.client.environmentId;
  await pool.query(`insert into growth_days values ($1, 'user', current_date - 500, 1)`, [environment]);
  await pool.query(`insert into event_hours values ($1, now() - interval '16 days', 'user.created', 1)`, [environment]);
  await server.purge();
  const { rows } = await pool.query(
    `select (select count(*) from growth_days where day < current_date - 401) as days,
       (select count(*) from event_hours where hour < now() - interval '15 days') as hours`,
  );
  expect(rows).toEqual([{ days: '0', hours: '0' }]);
});
