import { beforeAll, describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { claimKeys, findAnswer, purgeKeys, storeAnswers } from './idempotency-store.ts';

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);
const path = '/api/v1/organizations';
const key = (value: string) => ({ 'idempotency-key': value });

test('the same key and body: the same answer again, and one record (D1)', async () => {
  const first = await request('POST', path, { display_name: 'Once' }, key('d1'));
  const second = await request('POST', path, { display_name: 'Once' }, key('d1'));
  expect([second.status, second.text]).toEqual([first.status, first.text]);
  expect([first.headers.get('idempotent-replayed'), second.headers.get('idempotent-replayed')]).toEqual([null, 'true']);
  expect(Object((await request('GET', `${path}:search?query=once`)).body).total_size).toBe(1);
});

test('the same key 100 times at once makes one record, and all get its answer', async () => {
  const answers = await Promise.all(Array.from({ length: 100 }, () => request('POST', path, { display_name: 'Crowd' }, key('crowd'))));
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  expect(answers[0]?.status).toBe(201);
});

test('the same key with another body or path is 422 (D2)', async () => {
  await request('POST', path, { display_name: 'One' }, key('d2'));
  for (const answer of [
    await request('POST', path, { display_name: 'Two' }, key('d2')),
    await request('POST', '/api/v1/users', { email: 'd2@example.com' }, key('d2')),
  ]) {
    expect([answer.status, answer.body]).toMatchObject([422, { details: [{ error_code: 'IDEMPOTENCY_KEY_REUSED' }] }]);
  }
});

test('another client has keys of its own (D4)', async () => {
  const other = await server.addEnvironment('other');
  await request('POST', path, { display_name: 'Mine' }, key('d4'));
  expect((await other.request('POST', path, { display_name: 'Theirs' }, key('d4'))).status).toBe(201);
});

test.each(['', 'a'.repeat(256), 'a b', 'ä'.normalize('NFC')])('the key %j is refused (D5)', async (value) => {
  const { status, body } = await request('POST', path, { display_name: 'X' }, key(Buffer.from(value).toString('latin1')));
  expect([status, body]).toMatchObject([400, { details: [{ error_code: 'INVALID_IDEMPOTENCY_KEY' }] }]);
});

test('a refused request stores nothing: the corrected one runs under the same key (D6)', async () => {
  expect((await request('POST', path, { display_name: '' }, key('d6'))).status).toBe(400);
  await request('POST', path, { display_name: 'H', external_id: 'D6-TAKEN' });
  expect((await request('POST', path, { display_name: 'X', external_id: 'D6-TAKEN' }, key('d6'))).status).toBe(409);
  expect((await request('POST', path, { display_name: 'X', external_id: 'D6-FREE' }, key('d6'))).status).toBe(201);
});

test('upserts, patches and re-keys repeat their answers too', async () => {
  const upsert = () => request('PUT', `${path}:external/IK-1`, { display_name: 'Up' }, key('put'));
  expect([(await upsert()).status, (await upsert()).status]).toEqual([201, 201]);
  const patch = () => request('PATCH', `${path}:external/IK-1`, { metadata: { n: 1 } }, key('patch'));
  expect((await patch()).text).toBe((await patch()).text);
  const rekey = () => request('POST', '/api/v1/rekey', { kind: 'organization', pairs: [{ from: 'IK-1', to: 'IK-2' }] }, key('rekey'));
  expect([(await rekey()).body, (await rekey()).body]).toEqual(Array(2).fill({ rekeyed: 1, unchanged: 0, dry_run: false }));
});

test('an answer that is given again has the ETag it had', async () => {
  const one = Object((await request('POST', path, { display_name: 'Tagged' })).body).organization.id;
  const two = Object((await request('POST', path, { display_name: 'Tagged too' })).body).organization.id;
  const user = Object((await request('POST', `${path}/${one}/users?send_invitation_email=false`, { email: 'tag@example.com' })).body).user
    .id;
  const calls: [string, string, unknown][] = [
    ['POST', path, { display_name: 'Again' }],
    ['PATCH', `${path}/${one}`, { metadata: { a: 1 } }],
    ['PUT', `${path}:external/TAG-1`, { display_name: 'Upserted' }],
    ['PATCH', `${path}/${one}/settings/usermanagement`, { settings: { max_allowed_users: 5 } }],
    ['PATCH', `/api/v1/users/${user}`, { metadata: { a: 1 } }],
    ['POST', `/api/v1/memberships/organizations/${two}/users/${user}`, { send_invitation_email: false }],
    ['POST', `${path}/${one}/users/${user}/roles`, [{ role_name: 'admin' }]],
    ['POST', '/api/v1/roles', { name: 'tagged', display_name: 'T' }],
    ['POST', '/api/v1/permissions', { name: 'tagged:read', description: 'Read.' }],
    ['POST', '/api/v1/roles/tagged/permissions', { permission_names: ['tagged:read'] }],
    ['PUT', '/api/v1/systems/tagged', { label: 'T' }],
    ['POST', `/api/v1/users/${user}/metadata-revert`, { key: 'a', version: 1 }],
  ];
  for (const [index, [method, to, body]] of calls.entries()) {
    const call = () => request(method, to, body, key(`tag-${index}`));
    const [first, again] = [await call(), await call()];
    expect([to, again.headers.get('idempotent-replayed'), again.text]).toEqual([to, 'true', first.text]);
    expect([to, first.headers.get('etag')]).toEqual([to, expect.stringMatching(/^"[1-9]/)]);
    expect([to, again.headers.get('etag')]).toEqual([to, first.headers.get('etag')]);
  }
});

test.each([
  ['an organization', path, { metadata: { n: 1 } }, { display_name: 'There' }],
  ['a user', '/api/v1/users', { metadata: { n: 1 } }, { email: 'there@example.com' }],
])('the upsert of %s is answered again as it was, whatever has become of the record', async (kind, collection, body, made) => {
  const record = `${collection}:external/REPEATED`;
  await request('POST', collection, { ...made, external_id: 'REPEATED' });
  const plain = () => request('PUT', record, body, key(`plain ${kind}`.replaceAll(' ', '-')));
  const onlyIfThere = () => request('PUT', record, body, { ...key(`there ${kind}`.replaceAll(' ', '-')), 'if-match': '*' });
  const first = [await plain(), await onlyIfThere()];
  expect(first.map(({ status }) => status)).toEqual([200, 200]);
  await request('DELETE', record);
  const again = [await plain(), await onlyIfThere()];
  expect(again.map(({ status, text }) => [status, text])).toEqual(first.map(({ status, text }) => [status, text]));
  const other = await request('PUT', record, { metadata: { n: 2 } }, key(`plain ${kind}`.replaceAll(' ', '-')));
  expect([other.status, other.body]).toMatchObject([422, { details: [{ error_code: 'IDEMPOTENCY_KEY_REUSED' }] }]);
  expect((await request('PUT', record, body)).status).toBe(400);
});

test('every change is answered again as it was when its records are gone', async () => {
  const org = '/api/v1/organizations';
  const made = async (to: string, body: unknown, field: string) => Object((await request('POST', to, body)).body)[field];
  const { id } = await made(org, { display_name: 'Gone', external_id: 'GONE', metadata: { plan: 'pro' } }, 'organization');
  const user = await made('/api/v1/users', { email: 'gone@example.com', external_id: 'GONE' }, 'user');
  const other = await made('/api/v1/users', { email: 'stays@example.com' }, 'user');
  const domain = await made(`${org}/${id}/domains`, { domain: 'gone.example', domain_type: 'ALLOWED_EMAIL_DOMAIN' }, 'domain');
  await request('POST', '/api/v1/permissions', { name: 'gone:read', description: 'Read.' });
  await request('POST', '/api/v1/roles', { name: 'gone', display_name: 'Gone' });
  const client = await made(`${org}/${id}/clients`, { name: 'gone' }, 'client');
  const { token } = Object((await request('POST', '/api/v1/tokens', { organization_id: id })).body);
  const endpoint = await made('/api/v1/webhook_endpoints', { url: 'https://hooks.example.com/gone' }, 'webhook_endpoint');
  const membership = `/api/v1/memberships/organizations/${id}/users:external/GONE`;
  const calls: [string, string, unknown][] = [
    ['PATCH', `${org}:external/GONE`, { metadata: { seats: 5 } }],
    ['PUT', `${org}:external/GONE/metadata`, { plan: 'free' }],
    ['POST', `${org}:external/GONE/metadata-revert`, { key: 'plan', version: 1 }],
    ['PATCH', `${org}:external/GONE/settings`, { features: [] }],
    ['PATCH', `${org}:external/GONE/settings/usermanagement`, { settings: { max_allowed_users: 50 } }],
    ['POST', `${org}:external/GONE/domains`, { domain: 'two.example', domain_type: 'ALLOWED_EMAIL_DOMAIN' }],
    ['PATCH', `${org}:external/GONE/domains/${domain.id}:verify`, undefined],
    ['POST', `${org}/${id}/roles`, { name: 'gone_own', display_name: 'Own' }],
    ['PATCH', `${org}/${id}/clients/${client.client_id}`, { name: 'renamed' }],
    ['POST', '/api/v1/tokens:update', { token, description: 'renamed' }],
    ['PATCH', '/api/v1/users:external/GONE', { metadata: { seats: 5 } }],
    ['PUT', '/api/v1/users:external/GONE/metadata', { plan: 'free' }],
    ['POST', '/api/v1/users:external/GONE/metadata-revert', { key: 'plan', version: 3 }],
    ['POST', membership, { send_invitation_email: false }],
    ['PATCH', membership, { metadata: { a: 1 } }],
    ['PUT', `${membership}/metadata`, { b: 2 }],
    ['POST', `${org}/${id}/users/${user.id}/roles`, [{ role_name: 'gone' }]],
    ['POST', `${org}/${id}/users`, { email: 'new@example.com', membership: {} }],
    ['PUT', '/api/v1/roles/gone', { display_name: 'Renamed' }],
    ['POST', '/api/v1/roles/gone/permissions', { permission_names: ['gone:read'] }],
    ['PUT', '/api/v1/permissions/gone:read', { description: 'Reads.' }],
    ['POST', '/api/v1/signing_keys:rotate', undefined],
    ['POST', `/api/v1/webhook_endpoints/${endpoint.id}:disable`, undefined],
    ['PATCH', `/api/v1/webhook_endpoints/${endpoint.id}`, { description: 'renamed' }],
    ['POST', '/api/v1/rekey', { kind: 'user', pairs: [{ from: 'GONE', to: 'GONE-2' }] }],
    ['POST', `/api/v1/memberships/organizations/${id}/users/${other.id}`, { send_invitation_email: false }],
  ];
  const answers = async () => {
    const all = [];
    for (const [index, [method, to, body]] of calls.entries()) {
      const { status, text, headers } = await request(method, to, body, key(`gone-${index}`));
      all.push([`${method} ${to}`, status, text, headers.get('etag')]);
    }
    return all;
  };
  const first = await answers();
  expect(first.filter(([, status]) => Number(status) >= 300)).toEqual([]);
  for (const to of [
    `${org}/${id}`,
    `/api/v1/users/${user.id}`,
    '/api/v1/roles/gone',
    '/api/v1/permissions/gone:read',
    `/api/v1/webhook_endpoints/${endpoint.id}`,
  ])
    expect([to, (await request('DELETE', to)).status]).toEqual([to, 204]);
  expect(await answers()).toEqual(first);
});

describe('where a secret is shown or set', () => {
  let organization: string;
  let calls: [string, string, unknown][];
  beforeAll(async () => {
    organization = Object((await request('POST', path, { display_name: 'Secret' })).body).organization.id;
    const client = Object((await request('POST', '/api/v1/clients', { name: 'c' })).body).client.id;
    const machine = Object((await request('POST', `${path}/${organization}/clients`, { name: 'm' })).body).client.client_id;
    const hook = { url: 'https://hooks.example.com/in' };
    const operator = { email: 'key@example.com', password: 'correct horse battery staple', role: 'viewer' };
    calls = [
      ['POST', '/api/v1/clients', { name: 'Twice' }],
      ['POST', `/api/v1/clients/${client}/secrets`, undefined],
      ['POST', `${path}/${organization}/clients`, { name: 'Twice' }],
      ['POST', `${path}/${organization}/clients/${machine}/secrets`, undefined],
      ['POST', '/api/v1/tokens', { organization_id: organization }],
      ['POST', '/api/v1/webhook_endpoints', hook],
      ['POST', '/api/v1/webhook_endpoints/whe_1:rotate_secret', {}],
      ['POST', '/api/v1/operators', operator],
      ['PATCH', '/api/v1/operators/opr_1', { password: 'correct horse battery staple' }],
      ['PATCH', '/api/v1/operators/opr_1', { name: 'Twice' }],
    ];
  });

  test('an Idempotency-Key is refused, with the way out, and nothing is made', async () => {
    for (const [method, to, body] of calls) {
      const answer = await request(method, to, body, key('secret'));
      expect([to, answer.status, answer.body]).toMatchObject([
        to,
        400,
        {
          message: expect.stringContaining('must be left out'),
          details: [{ error_code: 'IDEMPOTENCY_KEY_REFUSED', help: expect.stringContaining('delete') }],
        },
      ]);
    }
    expect(Object((await request('GET', '/api/v1/clients')).body).clients.filter(({ name }: { name: string }) => name === 'Twice')).toEqual(
      [],
    );
  });
});

test('an answer without a body is given again without one, and its key is no other request’s', async () => {
  const organization = Object((await request('POST', path, { display_name: 'Taken' })).body).organization.id;
  const { token } = Object((await request('POST', '/api/v1/tokens', { organization_id: organization })).body);
  for (const [value, shown] of [
    ['ended', token],
    ['none', 'no token at all'],
  ] as const) {
    const invalidate = (body: object) => request('POST', '/api/v1/tokens:invalidate', body, key(value));
    const [first, again] = [await invalidate({ token: shown }), await invalidate({ token: shown })];
    expect([first.status, again.status, again.text]).toEqual([204, 204, '']);
    const { headers } = again;
    expect([headers.get('idempotent-replayed'), headers.get('content-type'), headers.get('content-length')]).toEqual(['true', null, null]);
    const other = await invalidate({ token: 'another' });
    expect([other.status, other.body]).toMatchObject([422, { details: [{ error_code: 'IDEMPOTENCY_KEY_REUSED' }] }]);
  }
});

test('a POST that keeps no answer takes a key, and reads it all the same', async () => {
  expect((await request('POST', '/api/v1/imports/imp_1:cancel', undefined, key('a b'))).status).toBe(400);
  expect((await request('POST', '/api/v1/webhook_endpoints/whe_1:replay', { status: 'FAILED' }, key('a b'))).status).toBe(400);
});

test('an answer is kept for 24 hours', async () => {
  await request('POST', path, { display_name: 'Kept' }, key('kept'));
  const age = (hours: number) =>
    server.database.pool.query("update idempotency_keys set create_time = now() - make_interval(mins => $1) where key = 'kept'", [
      Math.round(hours * 60),
    ]);
  await age(23.9);
  await purgeKeys(server.database.pool);
  expect((await request('POST', path, { display_name: 'Kept' }, key('kept'))).headers.get('idempotent-replayed')).toBe('true');
  await age(24.1);
  expect((await request('POST', path, { display_name: 'Other' }, key('kept'))).status).toBe(201);
  await age(24.1);
  expect(await purgeKeys(server.database.pool)).toBeGreaterThan(0);
});

test('an old key that is taken anew while old ones are removed is kept with its new answer', async () => {
  const { pool } = server.database;
  const { environmentId } = server.client;
  const taken = { clientId: '1', key: 'old', requestHash: Buffer.from('a') };
  await claimKeys(pool, environmentId, [taken]);
  await pool.query("update idempotency_keys set create_time = now() - interval '25 hours', status = 200, body = 'old' where key = 'old'");
  const other = await pool.connect();
  await other.query('begin');
  await claimKeys(other, environmentId, [taken]);
  await storeAnswers(other, environmentId, [{ clientId: '1', key: 'old', status: 201, body: 'new' }]);
  const purged = purgeKeys(pool);
  for (let waiting = 0; waiting === 0; ) {
    const { rows } = await pool.query(
      "select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    waiting = rows[0].count;
  }
  await other.query('commit');
  other.release();
  await purged;
  expect(await findAnswer(pool, environmentId, '1', 'old')).toMatchObject({ status: 201, body: 'new' });
});
