import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { startAnotherServer, tagOf, useTestServer } from '../testing.ts';
import { createEndpoint, startReceiver } from './testing.ts';

const server = useTestServer({ webhooks: { allow: ['127.0.0.0/8'] } });
const request: typeof server.client.request = (...call) => server.client.request(...call);
const collection = '/api/v1/webhook_endpoints';
const url = 'http://127.0.0.1:9/hook';

const refusal = async (method: string, path: string, body?: unknown) => {
  const answer = await request(method, path, body);
  const [detail] = Object(answer.body).details ?? [{}];
  return [answer.status, detail.error_code, detail.validation_error_info?.field_violations[0]?.field];
};

describe('an endpoint', () => {
  test('is made with a secret that only this answer shows, and is listed without it', async () => {
    const { status, headers, body, text } = await request('POST', collection, {
      url,
      description: 'Billing',
      event_types: ['organization'],
    });
    const { webhook_endpoint: endpoint, secret } = Object(body);
    expect([status, headers.get('cache-control')]).toEqual([201, 'no-store']);
    expect(endpoint).toEqual({
      id: expect.stringMatching(/^whe_[0-9]+$/),
      environment_id: `env_${server.client.environmentId}`,
      url,
      description: 'Billing',
      event_types: ['organization'],
      status: 'ENABLED',
      disabled_reason: null,
      failing_since: null,
      previous_secret_expire_time: null,
      version: 1,
      create_time: expect.any(String),
      update_time: expect.any(String),
    });
    expect(Buffer.from(secret.slice(6), 'base64')).toHaveLength(32);
    expect(text.split(secret)).toHaveLength(2);
    const listed = await request('GET', collection);
    expect(Object(listed.body).webhook_endpoints[0]).toEqual(endpoint);
    expect(listed.text).not.toContain('whsec_');
    const { rows } = await server.database.pool.query('select secret_sealed from webhook_endpoints where id = $1', [endpoint.id.slice(4)]);
    expect(rows[0].secret_sealed.includes(Buffer.from(secret.slice(6), 'base64'))).toBe(false);
    expect(rows[0].secret_sealed.includes(Buffer.from(secret))).toBe(false);
  });

  test('can be read, changed under If-Match, and deleted; each change is an event', async () => {
    const { id } = await createEndpoint(server.client, url);
    const path = `${collection}/${id}`;
    const changed = await request('PATCH', path, { description: 'CRM', event_types: ['user.updated'] }, { 'if-match': '"1"' });
    expect([changed.status, changed.headers.get('etag'), changed.body]).toMatchObject([
      200,
      tagOf(2),
      { webhook_endpoint: { description: 'CRM', event_types: ['user.updated'], url, version: 2 } },
    ]);
    const tag = changed.headers.get('etag') ?? '';
    expect((await request('PATCH', path, { description: 'CRM' })).headers.get('etag')).toBe(tag);
    expect((await request('PATCH', path, { description: 'X' }, { 'if-match': '"1"' })).status).toBe(412);
    expect((await request('GET', path, undefined, { 'if-none-match': tag })).status).toBe(304);
    const other = await createEndpoint(server.client, url);
    await request('POST', `${collection}/${other.id}:disable`);
    expect((await request('DELETE', `${collection}/${other.id}`, undefined, { 'if-match': tag })).status).toBe(412);
    expect((await request('DELETE', path, undefined, { 'if-match': tag })).status).toBe(204);
    expect(await refusal('GET', path)).toEqual([404, 'WEBHOOK_ENDPOINT_NOT_FOUND', undefined]);
    expect(await refusal('DELETE', path)).toEqual([404, 'WEBHOOK_ENDPOINT_NOT_FOUND', undefined]);
    expect(await refusal('GET', `${path}/deliveries`)).toEqual([404, 'WEBHOOK_ENDPOINT_NOT_FOUND', undefined]);
    const { events } = Object((await request('GET', '/api/v1/events?types=webhook_endpoint&limit=1000')).body);
    const own = events.filter((event: { record_id: string }) => event.record_id === id);
    expect(own.map(({ type }: { type: string }) => type)).toEqual([
      'webhook_endpoint.created',
      'webhook_endpoint.updated',
      'webhook_endpoint.deleted',
    ]);
    expect(own[1].changed).toEqual({ description: ['', 'CRM'], event_types: [[], ['user.updated']] });
    expect(JSON.stringify(own)).not.toContain('whsec_');
  });

  test('is disabled and enabled; doing so twice changes nothing', async () => {
    const { id } = await createEndpoint(server.client, url);
    const call = async (verb: string) => Object((await request('POST', `${collection}/${id}:${verb}`)).body).webhook_endpoint;
    expect(await call('disable')).toMatchObject({ status: 'DISABLED', disabled_reason: 'REQUESTED', version: 2 });
    expect(await call('disable')).toMatchObject({ version: 2 });
    expect(await call('enable')).toMatchObject({ status: 'ENABLED', disabled_reason: null, version: 3 });
    expect(await refusal('POST', `${collection}/whe_7:enable`)).toEqual([404, 'WEBHOOK_ENDPOINT_NOT_FOUND', undefined]);
    expect(await refusal('POST', `${collection}/org_7:enable`)).toEqual([400, 'INVALID_ID', 'id']);
  });

  test('gets a new secret; the old one signs too until its overlap is over', async () => {
    const receiver = await startReceiver();
    const { id, secret } = await createEndpoint(server.client, receiver.url);
    const rotate = (body: object) => request('POST', `${collection}/${id}:rotate_secret`, body);
    const own = `whsec_${Buffer.from('a secret that was there before us').toString('base64')}`;
    const { body, headers } = await rotate({ secret: own, overlap_hours: 1 });
    expect([headers.get('cache-control'), Object(body).secret]).toEqual(['no-store', own]);
    const expires = Date.parse(Object(body).webhook_endpoint.previous_secret_expire_time) - Date.now();
    expect(Math.round(expires / 60_000)).toBe(60);
    const signers = async () => {
      await request('POST', `${collection}/${id}:test`, {});
      const last = receiver.received.at(-1);
      return [secret, own].filter((key) => {
        try {
          return new Webhook(key).verify(last?.text ?? '', last?.headers ?? {}) !== undefined;
        } catch {
          return false;
        }
      });
    };
    expect(await signers()).toEqual([secret, own]);
    const tag = headers.get('etag') ?? '';
    const read = async () => (await request('GET', `${collection}/${id}`, undefined, { 'if-none-match': tag })).status;
    expect(await read()).toBe(304);
    await server.database.pool.query('update webhook_endpoints set previous_secret_expire_time = now() where id = $1', [id.slice(4)]);
    expect(await signers()).toEqual([own]);
    expect(await read()).toBe(200);
    await rotate({ overlap_hours: 0 });
    expect(await signers()).toEqual([]);
  });

  test('can be tried with a sample of any type, disabled too', async () => {
    const receiver = await startReceiver((_received, response) => response.writeHead(418).end('teapot'));
    const { id } = await createEndpoint(server.client, receiver.url);
    await request('POST', `${collection}/${id}:disable`);
    const { body } = await request('POST', `${collection}/${id}:test`, { event_type: 'user.organization_membership_updated' });
    expect(body).toMatchObject({
      delivered: false,
      attempt: { response_status: 418, response_body: 'teapot', error: 'answered 418: only 2xx counts as received' },
      message: { type: 'user.organization_membership_updated', data: { organization: {}, user: {}, membership: {} } },
    });
    expect(receiver.received[0]?.message).toEqual(Object(body).message);
    expect(Object((await request('GET', `${collection}/${id}/deliveries`)).body).deliveries).toEqual([]);
  });

  test('of which there are a hundred is one too many after that, also when many are made at once', async () => {
    const other = await server.addEnvironment('many endpoints');
    const answers = await Promise.all(Array.from({ length: 110 }, () => other.request('POST', collection, { url })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(100);
    expect(answers.find(({ status }) => status === 400)?.body).toMatchObject({ details: [{ error_code: 'TOO_MANY_WEBHOOK_ENDPOINTS' }] });
  });

  test('is as good as absent for another environment', async () => {
    const stranger = await server.addEnvironment('stranger to endpoints');
    const { id } = await createEndpoint(server.client, url);
    for (const [method, path, body] of [
      ['GET', id],
      ['PATCH', id, { description: 'mine' }],
      ['DELETE', id],
      ['POST', `${id}:enable`],
      ['POST', `${id}:rotate_secret`, {}],
      ['POST', `${id}:test`, {}],
      ['POST', `${id}:replay`, { status: 'FAILED' }],
      ['GET', `${id}/deliveries`],
      ['POST', `${id}/deliveries/evt_1:replay`],
    ] as const) {
      const { status, body: answer } = await stranger.request(method, `${collection}/${path}`, body);
      expect([path, status, Object(answer).details[0].error_code]).toEqual([path, 404, 'WEBHOOK_ENDPOINT_NOT_FOUND']);
    }
    expect((await stranger.request('GET', collection)).body).toEqual({ webhook_endpoints: [] });
  });
});

describe('what is refused', () => {
  const base64 = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64');
  test.each([
    ['an unknown event', { event_types: ['organization', 'user.renamed'] }, 'event_types.1'],
    ['an event twice', { event_types: ['user', 'user'] }, 'event_types'],
    ['a control character', { description: 'a\u001b[31m' }, 'description'],
    ['a secret without its prefix', { secret: base64(32) }, 'secret'],
    ['a short secret (W20)', { secret: `whsec_${base64(23)}` }, 'secret'],
    ['a long secret (W20)', { secret: `whsec_${base64(65)}` }, 'secret'],
    ['a secret that is no base64 (W20)', { secret: `whsec_${'!'.repeat(40)}` }, 'secret'],
    [
      'a secret in URL-safe base64, which Scalekit’s clients cannot read',
      { secret: `whsec_${Buffer.alloc(33, 255).toString('base64url')}` },
      'secret',
    ],
    ['a private key in the place of a secret (W20)', { secret: `whsk_${base64(32)}` }, 'secret'],
    ['a header (W19)', { headers: { host: 'x' } }, 'headers'],
  ])('%s', async (_what, fields, field) => {
    const [status, , named] = await refusal('POST', collection, { url, ...fields });
    expect([status, named]).toEqual([400, field]);
  });

  test('a secret that another environment has is none of anybody’s business (W20)', async () => {
    const secret = `whsec_${base64(24)}`;
    const other = await server.addEnvironment('same secret');
    expect((await request('POST', collection, { url, secret })).status).toBe(201);
    expect((await other.request('POST', collection, { url, secret: `whsec_${base64(64)}` })).status).toBe(201);
    expect((await other.request('POST', collection, { url, secret })).status).toBe(201);
  });

  test.each([
    ...[
      'ftp://example.com/',
      'file:///etc/passwd',
      'javascript:alert(1)',
      'data:text/plain,x',
      'gopher://example.com/',
      'ws://example.com/',
      'unix:/run/x.sock',
      'http+unix://x/',
      'example.com',
      '',
      'https://',
    ].map((address) => ['W1', address]),
    ['W2', 'http://93.184.215.14/'],
    ...['10.0.0.1', '169.254.169.254', '0.0.0.0', '[::1]', 'localhost.'].map((host) => ['W4', `https://${host}/`]),
    ['a password', 'https://ada:secret@example.com/'],
    ['a fragment', 'https://example.com/#hook'],
    ['W12', 'http://crosswalk.test/hook'],
    ['its length', `https://example.com/${'a'.repeat(2048)}`],
  ])('an address for its %s: %s', async (_row, address) => {
    if (address === 'https://localhost./') return;
    const [status, code, field] = await refusal('POST', collection, { url: address });
    expect([status, field]).toEqual([400, 'url']);
    if (address !== '' && address.length <= 2048) expect(code).toBe('INVALID_WEBHOOK_URL');
  });

  test('http altogether, where no network of one’s own is listed (W2)', async () => {
    const another = await startAnotherServer(server, { webhooks: { allow: [] } });
    const ask = async (address: string) => {
      const response = await fetch(`http://127.0.0.1:${another.port}${collection}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${server.client.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ url: address }),
      });
      return [response.status, Object(await response.json()).message];
    };
    const answers = [await ask('http://93.184.215.14/'), await ask('http://127.0.0.1/'), await ask('https://93.184.215.14/hook')];
    await another.close();
    expect(answers).toEqual([
      [400, 'url: http is for networks that CROSSWALK_WEBHOOK_ALLOW lists; use https'],
      [400, 'url: http is for networks that CROSSWALK_WEBHOOK_ALLOW lists; use https'],
      [201, undefined],
    ]);
  });

  test('a changed address in the same way', async () => {
    const { id } = await createEndpoint(server.client, url);
    expect(await refusal('PATCH', `${collection}/${id}`, { url: 'https://10.0.0.1/' })).toEqual([400, 'INVALID_WEBHOOK_URL', 'url']);
  });

  test('a replay without a beginning, with two, or that ends before it begins', async () => {
    const { id } = await createEndpoint(server.client, url);
    const replay = (body: object) => refusal('POST', `${collection}/${id}:replay`, body);
    expect(await replay({})).toEqual([400, 'INVALID_ARGUMENT', 'from']);
    expect(await replay({ status: 'FAILED', from: '2026-11-24T08:00:00Z' })).toEqual([400, 'INVALID_ARGUMENT', 'from']);
    expect(await replay({ from: '2026-11-24T08:00:00Z', to: '2026-11-24T07:00:00Z' })).toEqual([400, 'INVALID_ARGUMENT', 'to']);
    expect(await replay({ from: '2026-02-30T08:00:00Z' })).toEqual([400, 'INVALID_ARGUMENT', 'from']);
    expect(await replay({ status: 'FAILED', cursor: 'x' })).toEqual([400, 'INVALID_CURSOR', 'cursor']);
    expect(await refusal('POST', `${collection}/${id}/deliveries/evt_7:replay`)).toEqual([404, 'WEBHOOK_DELIVERY_NOT_FOUND', undefined]);
    expect((await request('GET', `${collection}/${id}/deliveries/evt_7`)).body).toMatchObject({
      details: [{ error_code: 'WEBHOOK_DELIVERY_NOT_FOUND', resource_info: { kind: 'webhook_delivery' } }],
    });
    expect(await refusal('GET', `${collection}/${id}/deliveries/org_7`)).toEqual([400, 'INVALID_ID', 'event_id']);
  });
});
