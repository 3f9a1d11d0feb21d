import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { isAbsolute } from 'node:path';
import { OrganizationService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/organizations/organizations_pb.js';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPool } from '../database/connection.ts';
import { startAnotherServer, useTestServer } from '../testing.ts';
import { messagesOf, refusal, scalekitOf, there } from './testing.ts';

const server = useTestServer();
const limited = useTestServer({ rateLimit: 1 });

async function newOrganization(displayName: string): Promise<string> {
  const { body } = await server.client.request('POST', '/api/v1/organizations', { display_name: displayName });
  return Object(body).organization.id;
}

/** Runs `work` while another transaction holds the record of an organization. */
async function whileLocked<Result>(id: string, work: () => Promise<Result>): Promise<Result> {
  const holder = await server.database.pool.connect();
  await holder.query('begin');
  await holder.query('select 1 from organizations where id = $1 for update', [id.slice('org_'.length)]);
  try {
    return await work();
  } finally {
    await holder.query('rollback');
    holder.release();
  }
}

describe('while the record is held by another', () => {
  const update = (id: string, displayName: string) => ({ identities: { case: 'id' as const, value: id }, organization: { displayName } });

  test("a call whose deadline passes ends in time, and Scalekit's client says so", async () => {
    const id = await newOrganization('Before');
    const scalekit = scalekitOf(server, server.client, { timeoutMs: 2_000 });
    await scalekit.organization.getOrganization(id);
    const refused = await whileLocked(id, () => refusal(scalekit.organization.updateOrganization(id, { displayName: 'After' })));
    expect(refused).toMatchObject({ exception: 'ScalekitGatewayTimeoutException', code: 'DeadlineExceeded' });
    // The deadline ended the waiting, not the work: the change is made as a whole when the record is free.
    await expect.poll(async () => (await scalekit.organization.getOrganization(id)).organization?.displayName).toBe('After');
  });

  test('a call without a deadline of its own is answered in time as unavailable, which says as little of the work', async () => {
    const hasty = await startAnotherServer(server, { patience: 1_500 });
    const id = await newOrganization('Before');
    const messages = messagesOf(OrganizationService, { url: `http://127.0.0.1:${hasty.port}` }, server.client.token);
    const refused = await whileLocked(id, () => refusal(messages.updateOrganization(update(id, 'After'))));
    expect(refused).toMatchObject({ code: 'Unavailable', errorCode: 'DATABASE_UNAVAILABLE' });
    const { organization } = scalekitOf(server, server.client);
    await expect.poll(async () => (await organization.getOrganization(id)).organization?.displayName).toBe('After');
    await hasty.close();
  });

  test('neither a deadline nor a cancellation harms the other calls of the connection', async () => {
    const id = await newOrganization('Before');
    const messages = messagesOf(OrganizationService, server, server.client.token);
    const get = async () => (await messages.getOrganization({ identities: { case: 'id', value: id } })).organization?.displayName;
    await get();
    await whileLocked(id, async () => {
      const late = refusal(messages.updateOrganization(update(id, 'Late'), { timeoutMs: 200 }));
      const controller = new AbortController();
      const cancelled = refusal(messages.updateOrganization(update(id, 'Cancelled'), { signal: controller.signal }));
      expect(await get()).toBe('Before');
      controller.abort();
      expect(await cancelled).toMatchObject({ code: 'Canceled' });
      expect(await late).toMatchObject({ code: 'DeadlineExceeded' });
      expect(await get()).toBe('Before');
    });
    expect(['Before', 'Late', 'Cancelled']).toContain(await get());
  });
});

describe('while the database is away', () => {
  let detour: Detour;
  let pool: pg.Pool;
  let cutOff: Awaited<ReturnType<typeof startAnotherServer>>;
  beforeAll(async () => {
    // The driver reads connections of either kind.
    const { host, port, user = '', password, database = '' } = new pg.Client(server.database.connection);
    detour = await openDetour(isAbsolute(host) ? { path: `${host}/.s.PGSQL.${port}` } : { host, port });
    const login = `${encodeURIComponent(user)}:${encodeURIComponent(String(password ?? ''))}`;
    pool = openPool({ connectionString: `postgresql://${login}@127.0.0.1:${detour.port}/${database}` });
    cutOff = await startAnotherServer(server, { pool });
  });
  afterAll(async () => {
    await cutOff.close();
    await pool.end();
    detour.cut();
  });

  test("calls are refused as unavailable; Scalekit's client tries again by itself and succeeds when it is back", async () => {
    const id = await newOrganization('There');
    const address = { url: `http://127.0.0.1:${cutOff.port}` };
    const scalekit = scalekitOf(address, server.client);
    const messages = messagesOf(OrganizationService, address, server.client.token);
    const get = () => messages.getOrganization({ identities: { case: 'id', value: id } });
    await Promise.all([get(), scalekit.organization.getOrganization(id)]);
    detour.cut();
    expect(await refusal(get())).toMatchObject({ code: 'Unavailable', errorCode: 'DATABASE_UNAVAILABLE' });
    const patient = scalekit.organization.getOrganization(id);
    expect(await refusal(get())).toMatchObject({ code: 'Unavailable' });
    await detour.restore();
    expect((await patient).organization?.displayName).toBe('There');
    expect((await get()).organization?.displayName).toBe('There');
  });
});

test('a client that makes too many calls is told at once, and does not repeat them', async () => {
  const { organization } = scalekitOf(limited, limited.client);
  const calls = async () => {
    for (let call = 0; call < 50; call += 1) await organization.listOrganization();
  };
  expect(await refusal(calls())).toMatchObject({
    exception: 'ScalekitTooManyRequestsException',
    code: 'ResourceExhausted',
    errorCode: 'RATE_LIMITED',
    message: expect.stringContaining('10 requests in 10 seconds'),
  });
});

/** A way to the database that can be cut: connections through it end, and no new ones are taken until it is restored. */
interface Detour {
  port: number;
  cut(): void;
  restore(): Promise<void>;
}

async function openDetour(target: NetConnectOpts): Promise<Detour> {
  const open = new Set<Socket>();
  const join = (near: Socket) => {
    const far = connect(target);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => {}).once('close', () => open.delete(socket));
    }
    near.pipe(far).pipe(near);
  };
  const listen = async (port: number): Promise<Server> => {
    const listener = createServer(join).listen(port, '127.0.0.1');
    await once(listener, 'listening');
    return listener;
  };
  let listener = await listen(0);
  const address = there(listener.address() ?? undefined);
  if (typeof address === 'string') throw new Error('a listener on a port has an address');
  const { port } = address;
  return {
    port,
    cut() {
      listener.close();
      for (const socket of open) socket.destroy();
    },
    async restore() {
      listener = await listen(port);
    },
  };
}
