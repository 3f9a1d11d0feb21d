import { expect, test } from 'vitest';
import { connectTo, tagOf, useTestServer } from '../testing.ts';
import { systemFields } from './system.ts';

const server = useTestServer();
const stripe = { label: 'Stripe', url_pattern: 'https://dashboard.stripe.com/customers/{id}', id_pattern: 'cus_*' };

function request(method: string, name: string, body?: unknown, headers?: Record<string, string>) {
  return server.client.request(method, `/api/v1/systems${name === '' ? '' : `/${name}`}`, body, headers);
}

async function list(): Promise<Record<string, unknown>[]> {
  return Object((await request('GET', '')).body).systems;
}

test('a system is described, changed and forgotten; each change has its event', async () => {
  const made = await request('PUT', 'stripe', stripe);
  expect([made.status, made.body]).toMatchObject([201, { created: true, system: { name: 'stripe', ...stripe, version: 1 } }]);
  expect((await request('PUT', 'stripe', stripe)).body).toMatchObject({ created: false, system: { version: 1 } });
  const changed = await request('PUT', 'stripe', { label: 'Billing' });
  expect([changed.status, changed.body]).toMatchObject([
    200,
    { created: false, system: { label: 'Billing', url_pattern: null, id_pattern: null, version: 2 } },
  ]);
  expect([(await request('GET', 'stripe')).headers.get('etag'), (await request('DELETE', 'stripe')).status]).toEqual([tagOf(2), 204]);
  expect(Object((await request('GET', 'stripe')).body).details[0].error_code).toBe('SYSTEM_NOT_FOUND');
  const { events } = Object((await server.client.request('GET', '/api/v1/events?types=system')).body);
  expect(
    events.map(({ type, record_version: version, changed }: Record<string, unknown>) => [
      type,
      version,
      Object.keys(Object(changed)).sort(),
    ]),
  ).toEqual([
    ['system.created', 1, ['id_pattern', 'label', 'name', 'url_pattern']],
    ['system.updated', 2, ['id_pattern', 'label', 'url_pattern']],
    ['system.deleted', 3, ['label', 'name']],
  ]);
});

test('conditions and repetitions hold as for every record', async () => {
  expect((await request('PUT', 'crm', {}, { 'if-match': '*' })).status).toBe(412);
  const key = { 'idempotency-key': 'put-crm' };
  expect([(await request('PUT', 'crm', {}, key)).status, (await request('PUT', 'crm', {}, key)).status]).toEqual([201, 201]);
  expect((await request('PUT', 'crm', {}, { 'if-none-match': '*' })).status).toBe(412);
  expect((await request('PUT', 'crm', { label: 'x' }, { 'if-match': '"7"' })).status).toBe(412);
  expect((await request('DELETE', 'crm', undefined, { 'if-match': '"1"' })).status).toBe(204);
});

test('of many that describe one system at once, one makes it', async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => request('PUT', 'raced', { label: `Label ${n}` })));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(Object((await request('GET', 'raced')).body).system.version).toBe(8);
});

test('the list has what is described and what is only in use, by name', async () => {
  await request('PUT', 'stripe', stripe);
  await server.client.request('POST', '/api/v1/organizations', {
    display_name: 'A',
    external_id: 'A',
    external_ids: { stripe: 'cus_1', netsuite: '1' },
  });
  await server.client.request('POST', '/api/v1/users', { email: 'a@example.com', external_ids: { workday: 'W1', netsuite: '9' } });
  const systems = await list();
  expect(systems.map(({ name, in_use: used, version }) => [name, used, version])).toEqual([
    ['netsuite', true, null],
    ['raced', false, 8],
    ['stripe', true, 1],
    ['workday', true, null],
  ]);
});

test('the lists tell who has an ID of a system, and who has none', async () => {
  await server.client.request('POST', '/api/v1/organizations', { display_name: 'B', external_ids: { netsuite: '2' } });
  // An alias is no ID that a record has.
  await server.client.request('PATCH', '/api/v1/organizations:external/1?system=netsuite', { external_ids: { netsuite: null } });
  const names = async (text: string, of: 'organizations' | 'users' = 'organizations') => {
    const { status, body } = await server.client.request('GET', `/api/v1/${of}?filter=${encodeURIComponent(text)}`);
    expect([text, status]).toEqual([text, 200]);
    return Object(body)[of].map((record: Record<string, string>) => record.display_name ?? record.email);
  };
  expect(await names('external_ids.netsuite :*')).toEqual(['B']);
  expect(await names('NOT external_ids.netsuite :*')).toEqual(['A']);
  expect(await names('external_ids["stripe"] = "cus_1" AND external_id :*')).toEqual(['A']);
  expect(await names('NOT external_id :* OR external_ids.stripe ^= "cus_"')).toEqual(['B', 'A']);
  expect(await names('external_ids.stripe != "cus_1"')).toEqual(['B']);
  expect(await names('external_ids.workday ^= "W"', 'users')).toEqual(['a@example.com']);
  const { status, body } = await server.client.request('GET', '/api/v1/memberships?filter=external_id%20%3A*');
  expect([status, Object(body).details[0].error_code]).toEqual([400, 'INVALID_FILTER']);
});

test('there is room for 500 systems', async () => {
  const fill = await connectTo(server.database.connection);
  await fill.query(
    `insert into systems (environment_id, id, name)
     select $1, n, 'filled-' || n from generate_series(1, 500 - (select count(*) from systems where environment_id = $1)) n`,
    [server.client.environmentId],
  );
  await fill.end();
  expect(Object((await request('PUT', 'one-more', {})).body).details[0].error_code).toBe('TOO_MANY_SYSTEMS');
  expect((await request('PUT', 'stripe', {})).status).toBe(200);
});

test('the name, and what it is described by, are held to their rules: 400 names the field', async () => {
  for (const name of ['Stripe', '_x', `a${'b'.repeat(63)}`, '%20'])
    expect([name, (await request('PUT', name, {})).status]).toEqual([name, 400]);
  for (const body of [{ label: '' }, { label: 'x'.repeat(101) }, { url_pattern: 7 }, { other: 1 }])
    expect((await request('PUT', 'ruled', body)).status).toBe(400);
});

test.each([
  'javascript:alert(1)//{id}',
  'ftp://example.com/{id}',
  'https://example.com/',
  'https://example.com/{id}/{id}',
  'https://{id}.example.com/',
  'https://example.com{id}',
  'https://{id}/',
  'https://{id}@example.com/',
  'https://user:password@example.com/{id}',
  'https://example.com\\@evil.example/{id}',
  'https:///{id}',
  'https://exa mple.com/{id}',
  ' https://example.com/{id}',
  'https://example.com/"><script>{id}',
])('the pattern of addresses %j is refused', (pattern) => {
  expect(() => systemFields({ url_pattern: pattern })).toThrow(/^url_pattern: /);
});

test.each(['https://crm.example.com/records/{id}?tab=1#top', 'http://10.0.0.7:8080/?id={id}', 'https://example.com/#/{id}'])(
  'the pattern of addresses %j is taken',
  (pattern) => {
    expect(systemFields({ url_pattern: pattern }).url_pattern).toBe(pattern);
  },
);
