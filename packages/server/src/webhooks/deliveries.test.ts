import { beforeAll, describe, expect, test } from 'vitest';
import { deriveKeys, seal } from '../lib/seal.ts';
import { connectTo, useTestServer } from '../testing.ts';
import { createEndpoint, deliveryOf, makeDue, type Received, startReceiver } from './testing.ts';

const server = useTestServer({ webhooks: { allow: ['127.0.0.0/8'], timeout: 1_000, lease: 3_000 } });
const request: typeof server.client.request = (...call) => server.client.request(...call);
beforeAll(() => server.startWork());

const create = async (name: string, more: object = {}) =>
  Object((await request('POST', '/api/v1/organizations', { display_name: name, ...more })).body).organization;
const retryNow = () => makeDue(server.database.pool);
const rename = (id: string, name: string) => request('PATCH', `/api/v1/organizations/${id}`, { display_name: name });
const typesOf = (received: readonly Received[]) => received.map(({ message }) => message.type);

describe('delivery', () => {
  test('goes to each enabled endpoint of the environment whose filter lets the event through, and never to its own', async () => {
    const [all, users, off] = [await startReceiver(), await startReceiver(), await startReceiver()];
    await createEndpoint(server.client, all.url);
    await createEndpoint(server.client, users.url, { event_types: ['user'] });
    const { id } = await createEndpoint(server.client, off.url);
    await request('POST', `/api/v1/webhook_endpoints/${id}:disable`);
    const stranger = await server.addEnvironment('elsewhere');
    await stranger.request('POST', '/api/v1/organizations', { display_name: 'Elsewhere' });
    const organization = await create('Here');
    await request('POST', '/api/v1/users', { email: 'filter@example.com' });
    await all.waitFor(5);
    await users.waitFor(1);
    // The creations of the later endpoints and the end of one are events too.
    expect(typesOf(all.received).sort()).toEqual([
      'organization.created',
      'user.created',
      'webhook_endpoint.created',
      'webhook_endpoint.created',
      'webhook_endpoint.updated',
    ]);
    expect(all.received.find(({ message }) => message.type === 'organization.created')?.message.record_id).toBe(organization.id);
    expect(typesOf(users.received)).toEqual(['user.created']);
    expect(off.received).toEqual([]);
  });

  test('tells what its record was called then and whom the event names, while the event is kept', async () => {
    const receiver = await startReceiver();
    const { id: endpoint } = await createEndpoint(server.client, receiver.url, { event_types: ['organization', 'user'] });
    const organization = await create('Before', { external_id: 'NAMED-1' });
    await rename(organization.id, 'After');
    const { body } = await request('POST', `/api/v1/organizations/${organization.id}/users?send_invitation_email=false`, {
      email: 'named@example.com',
    });
    const { id: user } = Object(body).user;
    await receiver.waitFor(4);
    const path = `/api/v1/webhook_endpoints/${endpoint}/deliveries`;
    const subjects = async () => {
      const { deliveries } = Object((await request('GET', path)).body);
      return deliveries.map(({ event_type, record_name, organization_id, user_id }: Record<string, unknown>) => [
        ...[event_type, record_name, organization_id, user_id],
      ]);
    };
    expect(await subjects()).toEqual([
      ['user.organization_membership_created', null, organization.id, user],
      ['user.created', 'named@example.com', null, null],
      ['organization.updated', 'After', organization.id, null],
      ['organization.created', 'Before', organization.id, null],
    ]);
    const [{ event_id: newest }] = Object((await request('GET', path)).body).deliveries;
    expect(Object((await request('GET', `${path}/${newest}`)).body).delivery).toMatchObject({ record_name: null, user_id: user });
    await server.database.pool.query('delete from events where record_id = $1', [organization.id.slice(4)]);
    expect((await subjects()).slice(2)).toEqual([
      ['organization.updated', null, null, null],
      ['organization.created', null, null, null],
    ]);
  });

  test('is tried again with the same webhook-id until it succeeds; the log tells each attempt', async () => {
    const answers = [500, 301, 429, 200];
    const receiver = await startReceiver((_received, response, nth) =>
      response.writeHead(answers[nth - 1] ?? 200, nth === 2 ? { location: 'http://127.0.0.1:1/' } : {}).end(`answer ${nth}\0`),
    );
    const { id } = await createEndpoint(server.client, receiver.url, { event_types: ['organization.created'] });
    await create('Again');
    for (let nth = 1; nth <= 4; nth += 1) {
      const [first] = await receiver.waitFor(nth);
      const eventId = first?.id ?? '';
      const delivery = await deliveryOf(server.client, id, eventId, ({ log }) => log.length === nth);
      const seconds = (Date.parse(delivery.next_attempt_time ?? '') - Date.now()) / 1000;
      if (nth === 1) expect(seconds).toBeGreaterThan(0);
      if (nth === 1) expect(seconds).toBeLessThan(6.1);
      if (nth < 4) expect(delivery).toMatchObject({ status: 'PENDING', attempts: nth });
      if (nth === 4) {
        expect(delivery).toMatchObject({
          status: 'DELIVERED',
          next_attempt_time: null,
          log: [
            { response_status: 200, error: null, response_body: 'answer 4\ufffd' },
            { response_status: 429, error: 'answered 429: only 2xx counts as received' },
            { response_status: 301, error: 'answered 301: redirects are not followed' },
            { response_status: 500, error: 'answered 500: only 2xx counts as received' },
          ],
        });
      }
      await retryNow();
    }
    expect(new Set(receiver.received.map((one) => one.id)).size).toBe(1);
  });

  test('is in order per record: what follows waits for what failed, other records do not', async () => {
    const [slow, fast] = [await create('Slow'), await create('Fast')];
    let refused = 0;
    const receiver = await startReceiver((received, response) => {
      const fails = received.message.record_id === slow.id && received.message.record_version === 2 && refused < 2;
      if (fails) refused += 1;
      response.writeHead(fails ? 400 : 200).end();
    });
    await createEndpoint(server.client, receiver.url, { event_types: ['organization.updated'] });
    for (let version = 2; version <= 6; version += 1)
      await Promise.all([rename(slow.id, `Slow ${version}`), rename(fast.id, `Fast ${version}`)]);
    await receiver.waitFor(6);
    const versions = (id: string) =>
      receiver.received.filter(({ message }) => message.record_id === id).map(({ message }) => message.record_version);
    expect([versions(slow.id), versions(fast.id)]).toEqual([[2], [2, 3, 4, 5, 6]]);
    for (let attempts = 1; receiver.received.length < 12 && attempts < 500; attempts += 1) {
      await retryNow();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(versions(slow.id)).toEqual([2, 2, 2, 3, 4, 5, 6]);
  });

  test('to an endpoint that hangs never delays another (T18 in small)', async () => {
    const hanging = [];
    for (let count = 0; count < 5; count += 1) hanging.push(await startReceiver(() => {}));
    for (const { url } of hanging) await createEndpoint(server.client, url, { event_types: ['organization.created'] });
    const healthy = await startReceiver();
    await createEndpoint(server.client, healthy.url, { event_types: ['organization.created'] });
    for (let count = 0; count < 60; count += 1) await create(`Beside ${count}`);
    await healthy.waitFor(60);
    // None of the others is through: each has had a few attempts, which it kept waiting.
    for (const { received } of hanging) expect(new Set(received.map(({ id }) => id)).size).toBeLessThan(60);
  });

  test('that is answered with 410 ends there: the endpoint is disabled, with an event', async () => {
    const receiver = await startReceiver((_received, response) => response.writeHead(410).end());
    const { id } = await createEndpoint(server.client, receiver.url, { event_types: ['organization.created'] });
    await create('Gone');
    const [received] = await receiver.waitFor(1);
    expect((await deliveryOf(server.client, id, received?.id ?? '', ({ status }) => status !== 'PENDING')).status).toBe('FAILED');
    expect((await request('GET', `/api/v1/webhook_endpoints/${id}`)).body).toMatchObject({
      webhook_endpoint: { status: 'DISABLED', disabled_reason: 'GONE', version: 2 },
    });
    const { events } = Object((await request('GET', '/api/v1/events?types=webhook_endpoint.updated&limit=1000')).body);
    expect(events.at(-1)).toMatchObject({ record_id: id, actor: { type: 'system' }, changed: { status: ['ENABLED', 'DISABLED'] } });
    await create('Nobody listens');
    await request('GET', '/api/v1/events?limit=1');
    expect(receiver.received).toHaveLength(1);
  });

  test('that has failed for five days without a success disables the endpoint; one success begins anew', async () => {
    const receiver = await startReceiver((_received, response) => response.writeHead(500).end());
    const { id } = await createEndpoint(server.client, receiver.url, { event_types: ['organization.created'] });
    const failingSince = async () => Object((await request('GET', `/api/v1/webhook_endpoints/${id}`)).body).webhook_endpoint.failing_since;
    const fiveDaysPass = () =>
      server.database.pool.query("update webhook_endpoints set failing_since = failing_since - interval '5 days' where id = $1", [
        id.slice(4),
      ]);
    await create('Day one');
    const [received] = await receiver.waitFor(1);
    await deliveryOf(server.client, id, received?.id ?? '', ({ log }) => log.length === 1);
    expect(await failingSince()).toEqual(expect.any(String));
    await fiveDaysPass();
    receiver.answer((_received, response) => response.writeHead(200).end());
    await retryNow();
    await deliveryOf(server.client, id, received?.id ?? '', ({ status }) => status === 'DELIVERED');
    expect(await failingSince()).toBeNull();
    receiver.answer((_received, response) => response.writeHead(500).end());
    await create('Day six');
    const [, , other] = await receiver.waitFor(3);
    await deliveryOf(server.client, id, other?.id ?? '', ({ log }) => log.length === 1);
    await fiveDaysPass();
    await retryNow();
    await deliveryOf(server.client, id, other?.id ?? '', ({ log }) => log.length === 2);
    expect((await request('GET', `/api/v1/webhook_endpoints/${id}`)).body).toMatchObject({
      webhook_endpoint: { status: 'DISABLED', disabled_reason: 'FAILING' },
    });
  });

  test('that fails changes the ETag of the endpoint, which shows it, and not its version', async () => {
    const receiver = await startReceiver((_received, response) => response.writeHead(500).end());
    const { id } = await createEndpoint(server.client, receiver.url, { event_types: ['organization.created'] });
    const path = `/api/v1/webhook_endpoints/${id}`;
    const tag = (await request('GET', path)).headers.get('etag') ?? '';
    await create('Shown');
    const [received] = await receiver.waitFor(1);
    await deliveryOf(server.client, id, received?.id ?? '', ({ log }) => log.length === 1);
    const { status, body, headers } = await request('GET', path, undefined, { 'if-none-match': tag });
    expect([status, body]).toMatchObject([200, { webhook_endpoint: { failing_since: expect.any(String), version: 1 } }]);
    expect((await request('GET', path, undefined, { 'if-none-match': headers.get('etag') ?? '' })).status).toBe(304);
    expect((await request('POST', `${path}:disable`, undefined, { 'if-match': tag })).status).toBe(200);
  });

  test('is not begun by a server whose lease may end before the attempt', async () => {
    const receiver = await startReceiver((_received, response, nth) => response.writeHead(nth === 1 ? 500 : 204).end());
    const { id } = await createEndpoint(server.client, receiver.url, { event_types: ['organization.created'] });
    await create('Read slowly');
    const [received] = await receiver.waitFor(1);
    await deliveryOf(server.client, id, received?.id ?? '', ({ log }) => log.length === 1);
    const holder = await connectTo(server.database.connection);
    try {
      // What is claimed from now on cannot be read.
      await holder.query('begin; lock table events');
      await retryNow();
      const claims = 'select attempts from webhook_deliveries where endpoint_id = $1';
      await expect.poll(async () => (await server.database.pool.query(claims, [id.slice(4)])).rows[0].attempts).toBe(2);
      // Of the lease of 3 seconds less is left than the second that an attempt may take.
      await new Promise((resolve) => setTimeout(resolve, 2_300));
    } finally {
      await holder.end();
    }
    const delivery = await deliveryOf(server.client, id, received?.id ?? '', ({ status }) => status === 'DELIVERED');
    // The second of three was claimed for nothing.
    expect([delivery.attempts, delivery.log.length, receiver.received.length]).toEqual([3, 2, 2]);
  });

  test('of an event that is not kept any more is given up, says why, and tells nothing of the endpoint', async () => {
    const receiver = await startReceiver();
    const { id } = await createEndpoint(server.client, receiver.url, { event_types: ['organization'] });
    await server.database.pool.query(
      `insert into webhook_deliveries (environment_id, endpoint_id, event_id, event_sequence, event_type, record_kind, record_id, place, due_time,
         expire_time)
       select $1, $2, 5000 + n, 9000000 + n, 'organization.updated', 'organization', 500 + n, n, now() - interval '1 day', now() + interval '1 day'
       from generate_series(1, 60) n`,
      [server.client.environmentId, id.slice(4)],
    );
    await create('Fresh');
    const [fresh] = await receiver.waitFor(1);
    await deliveryOf(server.client, id, fresh?.id ?? '', ({ status }) => status === 'DELIVERED');
    const gone = await deliveryOf(server.client, id, 'evt_5060', ({ status }) => status !== 'PENDING');
    expect(gone).toMatchObject({
      status: 'FAILED',
      log: [{ response_status: null, error: expect.stringContaining('CROSSWALK_EVENT_DAYS') }],
    });
    expect((await request('GET', `/api/v1/webhook_endpoints/${id}/stats`)).body).toMatchObject({ delivered: 1, failed: 0 });
    expect((await request('GET', `/api/v1/webhook_endpoints/${id}`)).body).toMatchObject({ webhook_endpoint: { failing_since: null } });
  });

  test('with a secret that this server cannot open has failed, says what to do, and arrives once that is done', async () => {
    const receiver = await startReceiver();
    const { id } = await createEndpoint(server.client, receiver.url, { event_types: ['organization'] });
    await server.database.pool.query('update webhook_endpoints set secret_sealed = $2 where id = $1', [
      id.slice(4),
      seal(deriveKeys(['the key of another server'], 'webhook secrets'), Buffer.from('whsec_c2VjcmV0')),
    ]);
    const wayOut = expect.stringContaining('CROSSWALK_OTHER_SECRET_KEY');
    expect(await request('POST', `/api/v1/webhook_endpoints/${id}:test`, {})).toMatchObject({
      status: 200,
      body: { delivered: false, attempt: { response_status: null, error: wayOut } },
    });
    const { id: recordId } = await create('Sealed');
    const { body } = await request('GET', `/api/v1/organizations/${recordId}/history`);
    const [event] = Object(body).events;
    const failed = await deliveryOf(server.client, id, event.id, ({ log }) => log.length === 1);
    expect(failed).toMatchObject({ status: 'PENDING', log: [{ error: wayOut }] });
    // Nothing arrives there, so the endpoint is seen to fail.
    expect((await request('GET', `/api/v1/webhook_endpoints/${id}`)).body).toMatchObject({
      webhook_endpoint: { failing_since: expect.any(String) },
    });
    expect((await request('POST', `/api/v1/webhook_endpoints/${id}:rotate_secret`, {})).status).toBe(200);
    await retryNow();
    await deliveryOf(server.client, id, event.id, ({ status }) => status === 'DELIVERED');
  });

  test('is given up after three days, and is then among the dead letters', async () => {
    const receiver = await startReceiver((_received, response) => response.writeHead(500).end());
    const { id } = await createEndpoint(server.client, receiver.url, { event_types: ['organization.created'] });
    const organization = await create('Dead');
    const [received] = await receiver.waitFor(1);
    await deliveryOf(server.client, id, received?.id ?? '', ({ log }) => log.length === 1);
    await server.database.pool.query('update webhook_deliveries set expire_time = now() where endpoint_id = $1', [id.slice(4)]);
    await retryNow();
    await deliveryOf(server.client, id, received?.id ?? '', ({ status }) => status === 'FAILED');
    const { body } = await request('GET', `/api/v1/webhook_endpoints/${id}/deliveries?status=FAILED`);
    expect(body).toMatchObject({
      deliveries: [{ event_id: received?.id, record_id: organization.id, attempts: 2, expire_time: null }],
      total_size: 1,
    });
  });

  test('does not go on at an endpoint that is disabled or deleted with much pending (W22)', async () => {
    const receiver = await startReceiver((_received, response) => void setTimeout(() => response.writeHead(503).end(), 50));
    const endpoints = [
      await createEndpoint(server.client, receiver.url, { event_types: ['organization.created'] }),
      await createEndpoint(server.client, receiver.url, { event_types: ['organization.created'] }),
    ];
    await Promise.all(Array.from({ length: 100 }, (_, index) => create(`Pending ${index}`)));
    await request('GET', '/api/v1/events?limit=1');
    await receiver.waitFor(1);
    await request('POST', `/api/v1/webhook_endpoints/${endpoints[0]?.id}:disable`);
    await request('DELETE', `/api/v1/webhook_endpoints/${endpoints[1]?.id}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = receiver.received.length;
    await retryNow();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(receiver.received.length).toBe(before);
    await server.purge();
    const { rows } = await server.database.pool.query('select count(*)::int as count from webhook_deliveries where endpoint_id = $1', [
      endpoints[1]?.id.slice(4),
    ]);
    expect(rows).toEqual([{ count: 0 }]);
    receiver.answer((_received, response) => response.writeHead(200).end());
    await request('POST', `/api/v1/webhook_endpoints/${endpoints[0]?.id}:enable`);
    await retryNow();
    const ids = () => new Set(receiver.received.slice(before).map((one) => one.id)).size;
    for (const deadline = Date.now() + 20_000; ids() < 100 && Date.now() < deadline; )
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(ids()).toBe(100);
  });
});
