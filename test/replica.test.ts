import { OrganizationService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/organizations/organizations_pb.js';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Crosswalk } from '../packages/sdk/src/index.ts';
import { type App, buildApp } from '../packages/server/src/app.ts';
import { openPool } from '../packages/server/src/database/connection.ts';
import { migrate } from '../packages/server/src/database/migrate.ts';
import { Replica } from '../packages/server/src/database/replica.ts';
import { messagesOf } from '../packages/server/src/scalekit/testing.ts';
import { makeEnvironment, onDatabase, runOn, testSettings } from '../packages/server/src/testing.ts';
import { type ReplicatedPostgres, startReplicatedPostgres } from './streaming-replica.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const header = 'crosswalk-consistency-token';
const organizations = '/api/v1/organizations';

let postgres: ReplicatedPostgres;
let pools: pg.Pool[] = [];
let app: App;
let url = '';
let token = '';
let credentials = { id: '', secret: '' };
const warnings: string[] = [];

beforeAll(async () => {
  postgres = await startReplicatedPostgres();
  const pool = openPool(postgres.primary);
  const replicaPool = openPool(postgres.replica);
  pools = [pool, replicaPool];
  await migrate(pool);
  const replica = new Replica({ pool: replicaPool, primary: pool, warn: (error) => warnings.push(String(error)) });
  await replica.requireReplica();
  app = await buildApp({ ...testSettings, pool, replica });
  url = await app.server.listen({ port: 0, host: '127.0.0.1' });
  const client = await app.clients.createFirst(await makeEnvironment(pool, 'test'));
  if (client === undefined) throw new Error('a new environment has no client');
  credentials = { id: client.client.id, secret: client.plain_secret };
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: credentials.id, client_secret: credentials.secret });
  token = Object(await (await fetch(`${url}/oauth/token`, { method: 'POST', body: form })).json()).access_token;
});
afterAll(async () => {
  await app.server.close();
  for (const pool of pools) await pool.end();
  await postgres.stop();
});

async function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, token: response.headers.get(header), body: Object(await response.json()) };
}
const create = (externalId: string) => send('POST', organizations, { display_name: 'Acme', external_id: externalId });
/** The status of a look-up, with a header or without. */
const look = async (externalId: string, from?: string | null) =>
  (await send('GET', `${organizations}:external/${externalId}`, undefined, from == null ? {} : { [header]: from })).status;
/** While the replica does not apply what it gets. */
async function paused(work: () => Promise<void>): Promise<void> {
  await runOn(postgres.replica, 'select pg_wal_replay_pause()');
  // It takes effect at the next record.
  await create(`PAUSE-${Math.random()}`);
  await vi.waitFor(
    async () => {
      const [pool] = pools.slice(1);
      const { rows } = (await pool?.query('select pg_get_wal_replay_pause_state() as state')) ?? { rows: [] };
      expect(rows).toEqual([{ state: 'paused' }]);
    },
    { timeout: 30_000 },
  );
  await work().finally(() => runOn(postgres.replica, 'select pg_wal_replay_resume()'));
}
const caughtUp = (externalId: string) =>
  vi.waitFor(async () => expect(await look(externalId, 'any')).toBe(200), { timeout: 60_000, interval: 50 });

test('a read without a token never misses a change; with the token of the change neither, however far the replica is behind', async () => {
  await paused(async () => {
    const { token: position } = await create('BEHIND');
    expect(position).toMatch(/^[0-9a-f]{16}$/);
    // What the replica would say: it has not got there.
    expect(await look('BEHIND', 'any')).toBe(404);
    expect([await look('BEHIND'), await look('BEHIND', position), await look('BEHIND', 'primary')]).toEqual([200, 200, 200]);
    // Those of one moment share statements, and each still gets what it may not miss.
    const mixed = ['primary', 'any', position, 'primary', 'any', position];
    const answers = await Promise.all(mixed.map((from) => look('BEHIND', from)));
    expect(answers.filter((_status, index) => mixed[index] !== 'any')).toEqual([200, 200, 200, 200]);
  });
  await caughtUp('BEHIND');
});

test('lists and searches go there too; the first page, which begins a feed, does not', async () => {
  await create('LIST-1');
  await caughtUp('LIST-1');
  const any = { [header]: 'any' };
  await paused(async () => {
    for (const name of ['LIST-2', 'LIST-3', 'LIST-4']) await create(name);
    const names = ({ body }: { body: { organizations: { external_id: string }[] } }) => body.organizations.map((one) => one.external_id);
    const first = await send('GET', `${organizations}?page_size=1`, undefined, any);
    expect([names(first), typeof first.body.events_cursor]).toEqual([['LIST-4'], 'string']);
    const page = `${organizations}?page_size=1&page_token=${first.body.next_page_token}`;
    expect(names(await send('GET', page))).toEqual(['LIST-3']);
    expect(names(await send('GET', page, undefined, any))).not.toEqual(['LIST-3']);
    expect(names(await send('GET', `${organizations}:search?query=LIST-`))).toHaveLength(4);
    expect(names(await send('GET', `${organizations}:search?query=LIST-`, undefined, any))).toEqual(['LIST-1']);
  });
  await caughtUp('LIST-4');
});

test('a replica that has come to the token answers: the primary need not be asked', async () => {
  const { token: position } = await create('THERE');
  await caughtUp('THERE');
  const [primary] = pools;
  // Locked on the primary, the look-up would wait there; the lock comes to the replica with a later record only.
  const holder = await primary?.connect();
  await holder?.query('begin; lock table external_ids in access exclusive mode');
  try {
    const answered = await Promise.race([look('THERE', position), new Promise((resolve) => setTimeout(resolve, 4_000, 'waited'))]);
    expect(answered).toBe(200);
  } finally {
    await holder?.query('rollback');
    holder?.release();
  }
});

test('gRPC tells and takes the token in metadata of the same name', async () => {
  const client = messagesOf(OrganizationService, { url }, token);
  await paused(async () => {
    let position = '';
    await client.createOrganization(
      { organization: { displayName: 'Remote', externalId: 'GRPC' } },
      { onHeader: (headers) => (position = headers.get(header) ?? '') },
    );
    expect(position).toMatch(/^[0-9a-f]{16}$/);
    const get = (headers: Record<string, string>) =>
      client.getOrganizationByExternalId({ identities: { case: 'externalId', value: 'GRPC' } }, { headers }).then(
        ({ organization }) => organization?.displayName,
        () => 'missing',
      );
    expect([await get({}), await get({ [header]: position }), await get({ [header]: 'any' })]).toEqual(['Remote', 'Remote', 'missing']);
  });
  await caughtUp('GRPC');
});

test('the SDK sees its own changes with reads from the replica, those of another client when it is told, and all by default', async () => {
  const open = (reads?: 'replica') => new Crosswalk(url, credentials.id, credentials.secret, reads === undefined ? {} : { reads });
  const [writer, other, plain] = [open('replica'), open('replica'), open()];
  await other.organization.create({ display_name: 'Other', external_id: 'SDK-OTHER' });
  await caughtUp('SDK-OTHER');
  await paused(async () => {
    await writer.organization.create({ display_name: 'Acme', external_id: 'SDK' });
    const names = async (client: Crosswalk) => client.organization.getByExternalId('SDK').then((found) => found?.display_name ?? 'missing');
    expect([await names(writer), await names(plain), await names(other)]).toEqual(['Acme', 'Acme', 'missing']);
    other.seen(writer.consistencyToken ?? '');
    expect(await names(other)).toBe('Acme');
  });
  await caughtUp('SDK');
});

test.each(['', 'x', '0123456789ABCDEF', '0/16B3748', 'any, any'])('the token %j is refused with its name', async (sent) => {
  const { status, body } = await send('GET', `${organizations}:external/SDK`, undefined, { [header]: sent });
  expect([status, body.message]).toEqual([400, expect.stringContaining(header)]);
});

test('a replica that goes away, for a while, fails no read', async () => {
  let stopped = false;
  const statuses = new Set<number>();
  const readers = Array.from({ length: 8 }, async () => {
    while (!stopped) statuses.add(await look('SDK', 'any'));
  });
  await postgres.stopReplica();
  await new Promise((resolve) => setTimeout(resolve, 500));
  await postgres.startReplica();
  stopped = true;
  await Promise.all(readers);
  expect([...statuses]).toEqual([200]);
  expect(warnings.length).toBeGreaterThan(0);
});

test('a primary, or another database, is refused for a replica', async () => {
  const [primary, replica] = pools;
  if (primary === undefined || replica === undefined) throw new Error('the pools are open');
  const warn = () => {};
  await expect(new Replica({ pool: primary, primary, warn }).requireReplica()).rejects.toThrow('leads to a primary, not to a replica');
  const other = openPool(onDatabase(postgres.replica, 'postgres'));
  await expect(new Replica({ pool: other, primary, warn }).requireReplica()).rejects.toThrow('leads to another database');
  await other.end();
});

test('a replica that is made a primary is not read any more', async () => {
  await runOn(postgres.replica, 'select pg_promote()');
  await create('PROMOTED');
  await vi.waitFor(async () => expect(await look('PROMOTED', 'any')).toBe(200), { timeout: 30_000, interval: 100 });
});
