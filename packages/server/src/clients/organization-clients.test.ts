import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { type TestAnswer, tagOf, useTestServer } from '../testing.ts';

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);
const issuer = 'http://crosswalk.test';

let organizationId = '';
let path = '';
beforeAll(async () => {
  organizationId = await newOrganization('Acme');
  path = `/api/v1/organizations/${organizationId}/clients`;
});

async function newOrganization(name: string): Promise<string> {
  return Object((await request('POST', '/api/v1/organizations', { display_name: name })).body).organization.id;
}

interface Made {
  id: string;
  secret: string;
  secretId: string;
  url: string;
}

async function newClient(body: object = {}): Promise<Made> {
  const made = Object((await request('POST', path, body)).body);
  const id = made.client.client_id;
  return { id, secret: made.plain_secret, secretId: made.client.secrets[0].id, url: `${path}/${id}` };
}

async function grant({ id, secret }: { id: string; secret: string }, scope?: string): Promise<TestAnswer> {
  const form = { grant_type: 'client_credentials', client_id: id, client_secret: secret, ...(scope === undefined ? {} : { scope }) };
  const response = await fetch(`${server.url}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
}

async function eventsOf(publicId: string): Promise<Record<string, unknown>[]> {
  const { rows } = await server.database.pool.query(
    'select type, record_version::int as version, changed, data, organization_id from events where record_id = $1 order by sequence',
    [publicId.replace(/^[a-z0-9]+_/, '')],
  );
  return rows;
}

const codeOf = ({ body }: TestAnswer) => Object(body).details[0].error_code;

describe('create', () => {
  test('201: answers the client with one secret, which only this answer shows', async () => {
    const { status, headers, body } = await request('POST', path, {
      name: 'Pipeline',
      description: 'Deploys\nat night',
      scopes: ['deploy:applications', 'read'],
      audience: ['https://api.acme.example'],
      custom_claims: [
        { key: 'tier', value: 'gold' },
        { key: 'Region', value: '' },
      ],
      expiry: 900,
    });
    expect([status, headers.get('cache-control'), headers.get('etag')]).toEqual([201, 'no-store', tagOf(1)]);
    const { client, plain_secret: secret } = Object(body);
    expect(secret).toMatch(/^cwk_[A-Za-z0-9_-]{43}$/);
    expect(client).toEqual({
      client_id: expect.stringMatching(/^m2morg_[0-9]{18,19}$/),
      organization_id: organizationId,
      name: 'Pipeline',
      description: 'Deploys\nat night',
      scopes: ['deploy:applications', 'read'],
      audience: ['https://api.acme.example'],
      custom_claims: [
        { key: 'tier', value: 'gold' },
        { key: 'Region', value: '' },
      ],
      expiry: 900,
      secrets: [
        { id: expect.stringMatching(/^sks_[0-9]+$/), hint: secret.slice(-4), create_time: expect.any(String), last_used_time: null },
      ],
      version: 1,
      create_time: expect.any(String),
      update_time: expect.any(String),
      last_used_time: null,
    });
    const again = await request('GET', `${path}/${client.client_id}`);
    expect([again.body, again.text.includes(secret)]).toEqual([{ client }, false]);
  });

  test('nothing is required: tokens live an hour by default', async () => {
    expect((await request('POST', path, {})).body).toMatchObject({
      client: { name: null, description: null, scopes: [], audience: [], custom_claims: [], expiry: 3600 },
    });
  });

  test('a lifetime may be text, as JSON of protobuf writes it, and is answered as a number', async () => {
    const { status, body } = await request('POST', path, { expiry: '7200' });
    expect([status, Object(body).client.expiry]).toEqual([201, 7200]);
    const changed = await request('PATCH', `${path}/${Object(body).client.client_id}`, { expiry: '600' });
    expect(changed.body).toMatchObject({ client: { expiry: 600 } });
    for (const expiry of ['0', '31536001', '1.5', '-1', '1e3', ' 60', '', 'soon', null, true]) {
      const answer = await request('POST', path, { expiry });
      expect([expiry, answer.status, Object(answer.body).message]).toEqual([expiry, 400, expect.stringMatching(/^expiry: /)]);
    }
  });

  test('404 for an organization that does not exist, 400 for what is no organization', async () => {
    const answers = [
      await request('POST', '/api/v1/organizations/org_7/clients', {}),
      await request('GET', '/api/v1/organizations/org_7/clients'),
      await request('POST', '/api/v1/organizations/usr_7/clients', {}),
    ];
    expect(answers.map((answer) => [answer.status, codeOf(answer)])).toEqual([
      [404, 'ORGANIZATION_NOT_FOUND'],
      [404, 'ORGANIZATION_NOT_FOUND'],
      [400, 'INVALID_ID'],
    ]);
  });

  test('an Idempotency-Key is refused: the secret is not kept to be shown again', async () => {
    const answer = await request('POST', path, { name: 'K' }, { 'idempotency-key': 'once' });
    expect([answer.status, codeOf(answer)]).toEqual([400, 'IDEMPOTENCY_KEY_REFUSED']);
  });

  test.each([
    ['a name of 129 characters', { name: 'n'.repeat(129) }, /^name/],
    ['a name with a line break', { name: 'a\nb' }, /^name/],
    ['a description of 513 characters', { description: 'd'.repeat(513) }, /^description/],
    ['a scope with a space', { scopes: ['read write'] }, /^scopes.0/],
    ['an empty scope', { scopes: [''] }, /^scopes.0/],
    ['a scope twice', { scopes: ['a', 'a'] }, /^scopes/],
    ['101 scopes', { scopes: Array.from({ length: 101 }, (_, index) => `s${index}`) }, /^scopes/],
    ['an audience with an invisible character', { audience: ['https://a.example\u200b'] }, /^audience.0/],
    ['a claim with an empty key', { custom_claims: [{ key: '', value: 'x' }] }, /^custom_claims.0.key/],
    ['a claim key of 129 characters', { custom_claims: [{ key: 'k'.repeat(129), value: 'x' }] }, /^custom_claims.0.key/],
    ['a claim key __proto__', { custom_claims: [{ key: '__proto__', value: 'x' }] }, /^custom_claims.0.key: this key is not allowed/],
    ['a claim that is a number', { custom_claims: [{ key: 'k', value: 1 }] }, /^custom_claims.0.value/],
    ['a claim with half of a character', { custom_claims: [{ key: 'k', value: '\ud800' }] }, /^custom_claims.0.value/],
    [
      'a claim key twice',
      {
        custom_claims: [
          { key: 'k', value: '1' },
          { key: 'k', value: '2' },
        ],
      },
      /^custom_claims.1.key/,
    ],
    [
      'claims that do not fit into a header',
      { custom_claims: Array.from({ length: 5 }, (_, index) => ({ key: `k${index}`, value: 'v'.repeat(1000) })) },
      /^custom_claims: may take at most 4096 bytes .*\([0-9]+ too many\)/,
    ],
    ['an expiry of nothing', { expiry: 0 }, /^expiry/],
    ['an expiry of more than a year', { expiry: 31_536_001 }, /^expiry/],
    ['a field of an answer', { organization_id: 'org_1' }, /^organization_id/],
  ])('400 for %s, naming it', async (_name, body, message) => {
    const answer = await request('POST', path, body);
    expect([answer.status, Object(answer.body).message]).toEqual([400, expect.stringMatching(message)]);
  });
});

describe('update', () => {
  test('what is not named stays, lists are replaced, an empty one or null clears', async () => {
    const { url } = await newClient({
      name: 'Before',
      description: 'D',
      scopes: ['a', 'b'],
      audience: ['x'],
      custom_claims: [{ key: 'k', value: '1' }],
    });
    const first = await request('PATCH', url, { name: 'After', custom_claims: [{ key: 'other', value: '2' }] });
    expect([first.status, first.headers.get('etag'), first.body]).toMatchObject([
      200,
      tagOf(2),
      {
        client: {
          name: 'After',
          description: 'D',
          scopes: ['a', 'b'],
          audience: ['x'],
          custom_claims: [{ key: 'other', value: '2' }],
          expiry: 3600,
          version: 2,
        },
      },
    ]);
    const second = await request('PATCH', url, { name: null, description: '', scopes: [], audience: [], custom_claims: [], expiry: 60 });
    expect(second.body).toMatchObject({
      client: { name: null, description: null, scopes: [], audience: [], custom_claims: [], expiry: 60, version: 3 },
    });
    expect((await request('PATCH', url, { expiry: 60 })).body).toEqual(second.body);
  });

  test('ETag and If-Match guard it; a use of the client is shown without being a change', async () => {
    const made = await newClient({ name: 'Guarded' });
    expect((await request('PATCH', made.url, { name: 'B' }, { 'if-match': '"1"' })).status).toBe(200);
    const stale = await request('PATCH', made.url, { name: 'C' }, { 'if-match': '"1"' });
    expect([stale.status, codeOf(stale)]).toEqual([412, 'VERSION_MISMATCH']);
    expect((await request('DELETE', made.url, undefined, { 'if-match': '"1"' })).status).toBe(412);
    const tag = (await request('GET', made.url)).headers.get('etag') ?? '';
    expect((await request('GET', made.url, undefined, { 'if-none-match': tag })).status).toBe(304);
    await grant(made);
    const used = await request('GET', made.url, undefined, { 'if-none-match': tag });
    expect([used.status, used.headers.get('etag'), used.body]).toMatchObject([
      200,
      expect.stringMatching(/^"2-[0-9]+-[0-9a-f]{16}"$/),
      { client: { version: 2, last_used_time: expect.any(String), secrets: [{ last_used_time: expect.any(String) }] } },
    ]);
    expect((await request('PATCH', made.url, { name: 'D' }, { 'if-match': used.headers.get('etag') ?? '' })).status).toBe(200);
  });

  test('with an Idempotency-Key it has its effect once', async () => {
    const { url } = await newClient();
    const change = () => request('PATCH', url, { name: 'Once' }, { 'idempotency-key': url });
    const [first, second] = [await change(), await change()];
    expect([second.text, second.headers.get('idempotent-replayed')]).toEqual([first.text, 'true']);
    expect((await request('PATCH', url, { name: 'Twice' }, { 'idempotency-key': url })).status).toBe(422);
  });

  test('404 for a client of another organization and for one that was deleted', async () => {
    const { id, url } = await newClient();
    const other = `/api/v1/organizations/${await newOrganization('Other')}/clients/${id}`;
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const answer = await request(method, other, method === 'PATCH' ? { name: 'x' } : undefined);
      expect([method, answer.status, codeOf(answer)]).toEqual([method, 404, 'CLIENT_NOT_FOUND']);
    }
    expect((await request('DELETE', url)).status).toBe(204);
    expect([(await request('GET', url)).status, (await request('DELETE', url)).status]).toEqual([404, 404]);
  });
});

test('a list has the newest first, pages without a gap, and counts', async () => {
  const organization = await newOrganization('Listed');
  const url = `/api/v1/organizations/${organization}/clients`;
  expect((await request('GET', url)).body).toMatchObject({ clients: [], total_size: 0, next_page_token: '' });
  for (const name of ['1', '2', '3', '4', '5']) await request('POST', url, { name });
  const names: string[] = [];
  for (let token = ''; ; ) {
    const { body } = await request('GET', `${url}?page_size=2&page_token=${token}`);
    expect(Object(body).total_size).toBe(5);
    names.push(...Object(body).clients.map(({ name }: { name: string }) => name));
    token = Object(body).next_page_token;
    if (token === '') break;
  }
  expect(names).toEqual(['5', '4', '3', '2', '1']);
});

describe('tokens', () => {
  const keys = () => createRemoteJWKSet(new URL(`${server.url}/keys`));

  test('are signed with a published key and say who, for whom, what and how long', async () => {
    const made = await newClient({
      scopes: ['read', 'write', 'admin'],
      audience: ['https://api.acme.example', 'https://files.acme.example'],
      custom_claims: [{ key: 'tier', value: 'gold' }],
      expiry: 900,
    });
    const { status, headers, body } = await grant(made, 'write read');
    expect([status, headers.get('cache-control'), body]).toMatchObject([
      200,
      'no-store',
      { token_type: 'Bearer', expires_in: 900, scope: 'read write' },
    ]);
    const token = Object(body).access_token;
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'RS256', kid: expect.any(String), typ: 'at+jwt' });
    const { payload } = await jwtVerify(token, keys(), { issuer, audience: 'https://files.acme.example', algorithms: ['RS256'] });
    expect(payload).toEqual({
      iss: issuer,
      sub: made.id,
      client_id: made.id,
      oid: organizationId,
      environment_id: `env_${server.client.environmentId}`,
      aud: ['https://api.acme.example', 'https://files.acme.example'],
      scopes: ['read', 'write'],
      scope: 'read write',
      custom_claims: { wksp_id: `env_${server.client.environmentId}`, tier: 'gold' },
      iat: expect.any(Number),
      exp: Number(payload.iat) + 900,
      jti: expect.any(String),
    });
  });

  test('have every scope when none is asked for, no audience when there is none, and follow an update', async () => {
    const made = await newClient({ scopes: ['b', 'a'] });
    const { payload } = await jwtVerify(Object((await grant(made)).body).access_token, keys());
    expect([payload.scopes, payload.aud]).toEqual([['b', 'a'], undefined]);
    await request('PATCH', made.url, { scopes: ['c'], custom_claims: [{ key: 'wksp_id', value: 'own' }] });
    const after = await jwtVerify(Object((await grant(made)).body).access_token, keys());
    expect(after.payload).toMatchObject({ scopes: ['c'], custom_claims: { wksp_id: 'own' } });
  });

  test('a scope the client does not have, a wrong secret, a secret or ID of another client: refused as RFC 6749 says', async () => {
    const [made, other] = [await newClient({ scopes: ['a'] }), await newClient()];
    const answers = [
      await grant(made, 'a b'),
      await grant(other, 'a'),
      await grant({ ...made, secret: 'wrong' }),
      await grant({ ...made, secret: other.secret }),
      await grant({ ...made, secret: server.client.clientSecret }),
      await grant({ id: server.client.clientId, secret: made.secret }),
      // The same digits under the prefix of the environment's own clients, and the other way round.
      await grant({ ...made, id: made.id.replace('m2morg', 'skc') }),
      await grant({ id: server.client.clientId.replace('skc', 'm2morg'), secret: server.client.clientSecret }),
      await grant({ ...made, id: 'm2morg_' }),
    ];
    expect(answers.map(({ status, body }) => [status, Object(body).error])).toEqual([
      [400, 'invalid_scope'],
      [400, 'invalid_scope'],
      ...Array(7).fill([401, 'invalid_client']),
    ]);
  });

  test('never open this API, whatever audience, scopes and claims the client has', async () => {
    const made = await newClient({
      scopes: ['read', 'write'],
      audience: [issuer, server.url],
      custom_claims: [
        { key: 'client_id', value: server.client.clientId },
        { key: 'environment_id', value: `env_${server.client.environmentId}` },
      ],
    });
    const token = Object((await grant(made, 'read write')).body).access_token;
    for (const [method, url] of [
      ['GET', '/api/v1/organizations'],
      ['GET', path],
      ['POST', '/api/v1/tokens:validate'],
      ['DELETE', `/api/v1/organizations/${organizationId}`],
    ]) {
      const response = await fetch(server.url + url, { method: method ?? '', headers: { authorization: `Bearer ${token}` } });
      const { details } = await response.json();
      expect([url, response.status, details[0].error_code, response.headers.get('www-authenticate')]).toEqual([
        url,
        403,
        'PERMISSION_DENIED',
        null,
      ]);
    }
  });
});

describe('secrets', () => {
  test('are listed oldest first; two may live at once for a rotation, the third is refused', async () => {
    const made = await newClient();
    const added = await request('POST', `${made.url}/secrets`);
    const { secret, plain_secret: second } = Object(added.body);
    expect([added.status, added.headers.get('cache-control'), secret.hint]).toEqual([201, 'no-store', second.slice(-4)]);
    expect((await request('GET', made.url)).body).toMatchObject({
      client: { version: 2, secrets: [{ id: made.secretId }, { id: secret.id, hint: second.slice(-4) }] },
    });
    expect([(await grant(made)).status, (await grant({ ...made, secret: second })).status]).toEqual([200, 200]);
    expect(codeOf(await request('POST', `${made.url}/secrets`))).toBe('TOO_MANY_CLIENT_SECRETS');
    expect((await request('DELETE', `${made.url}/secrets/${made.secretId}`)).status).toBe(204);
    expect([(await grant(made)).status, (await grant({ ...made, secret: second })).status]).toEqual([401, 200]);
  });

  test('the last one cannot be deleted, in the very words that existing clients compare', async () => {
    const made = await newClient();
    const { status, body } = await request('DELETE', `${made.url}/secrets/${made.secretId}`);
    expect([status, body]).toMatchObject([
      400,
      { code: 9, message: 'last client cannot be deleted', details: [{ error_code: 'LAST_CLIENT_SECRET' }] },
    ]);
    const unknown = await request('DELETE', `${made.url}/secrets/sks_7`);
    expect([unknown.status, codeOf(unknown)]).toEqual([404, 'CLIENT_SECRET_NOT_FOUND']);
  });

  test('of both deleted from two sides at once one stays', async () => {
    for (let round = 0; round < 20; round += 1) {
      const made = await newClient();
      const second = Object((await request('POST', `${made.url}/secrets`)).body).secret.id;
      const answers = await Promise.all([made.secretId, second].map((id) => request('DELETE', `${made.url}/secrets/${id}`)));
      expect(answers.map(({ status }) => status).sort()).toEqual([204, 400]);
      expect(Object((await request('GET', made.url)).body).client.secrets).toHaveLength(1);
    }
  });

  test('of ten added at once one is', async () => {
    const made = await newClient();
    const answers = await Promise.all(Array.from({ length: 10 }, () => request('POST', `${made.url}/secrets`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(400)]);
  });

  test('are nowhere in the database', async () => {
    const first = Object((await request('POST', path, { name: 'Kept' })).body);
    const url = `${path}/${first.client.client_id}/secrets`;
    const second = Object((await request('POST', url)).body);
    expect([first.plain_secret, second.plain_secret]).toEqual(Array(2).fill(expect.stringMatching(/^cwk_/)));
    for (const table of ['organization_clients', 'organization_client_secrets', 'events', 'idempotency_keys']) {
      const { rows } = await server.database.pool.query(`select coalesce(string_agg(t::text, ' '), '') as text from ${table} t`);
      for (const secret of [first.plain_secret, second.plain_secret]) expect(rows[0].text.includes(String(secret))).toBe(false);
    }
  });
});

describe('the end of a client', () => {
  test('a deleted one gets no new token', async () => {
    const made = await newClient();
    expect((await request('DELETE', made.url)).status).toBe(204);
    expect((await grant(made)).status).toBe(401);
  });

  test('one whose organization is deleted, neither', async () => {
    const organization = await newOrganization('Short-lived');
    const made = Object((await request('POST', `/api/v1/organizations/${organization}/clients`, {})).body);
    expect((await request('DELETE', `/api/v1/organizations/${organization}`)).status).toBe(204);
    const { client_id: id, secrets } = made.client;
    expect((await grant({ id, secret: made.plain_secret })).status).toBe(401);
    const events = await eventsOf(id);
    expect(events.map(({ type }) => type)).toEqual(['organization_client.created', 'organization_client.deleted']);
    expect(events[1]?.changed).toMatchObject({ secrets: [[{ id: secrets[0].id }], null] });
  });

  test('clients made while the organization is deleted: each is refused, or ends with it', async () => {
    const organization = await newOrganization('Contested');
    const url = `/api/v1/organizations/${organization}/clients`;
    const [, ...answers] = await Promise.all([
      request('DELETE', `/api/v1/organizations/${organization}`),
      ...Array.from({ length: 20 }, () => request('POST', url, {})),
    ]);
    expect(answers.every(({ status }) => status === 201 || status === 404)).toBe(true);
    const { rows } = await server.database.pool.query(
      'select count(*)::int as count from organization_clients where organization_id = $1',
      [organization.slice(4)],
    );
    expect(rows[0].count).toBe(0);
    for (const { body } of answers.filter(({ status }) => status === 201))
      expect((await eventsOf(Object(body).client.client_id)).map(({ type }) => type)).toEqual([
        'organization_client.created',
        'organization_client.deleted',
      ]);
  });
});

test('each change has its event, with what changed and without any secret', async () => {
  const made = await newClient({ name: 'Audited', scopes: ['a'] });
  await request('PATCH', made.url, { scopes: ['a', 'b'] });
  const { secret } = Object((await request('POST', `${made.url}/secrets`)).body);
  await request('PATCH', made.url, { scopes: ['a', 'b'] });
  await request('DELETE', `${made.url}/secrets/${made.secretId}`);
  await request('DELETE', made.url);
  const events = await eventsOf(made.id);
  expect(events.map(({ type, version }) => [type, version])).toEqual([
    ['organization_client.created', 1],
    ['organization_client.updated', 2],
    ['organization_client.updated', 3],
    ['organization_client.updated', 4],
    ['organization_client.deleted', 5],
  ]);
  expect(events[0]).toMatchObject({ data: { id: made.id, scopes: ['a'] }, organization_id: organizationId.slice(4) });
  expect(events[1]?.changed).toEqual({ scopes: [['a'], ['a', 'b']] });
  const [old, added] = [expect.objectContaining({ id: made.secretId }), expect.objectContaining({ id: secret.id })];
  expect(events[2]?.changed).toEqual({ secrets: [[old], [old, added]] });
  expect(events[3]?.changed).toEqual({ secrets: [[old, added], [added]] });
});

test('a client that is changed while it gets its tokens: each request has its answer, none waits itself to a standstill', async () => {
  for (let round = 0; round < 20; round += 1) {
    const made = await newClient();
    const second = Object((await request('POST', `${made.url}/secrets`)).body);
    const answers = await Promise.all([
      ...Array.from({ length: 4 }, () => grant({ ...made, secret: second.plain_secret })),
      request('DELETE', `${made.url}/secrets/${second.secret.id}`),
      request('PATCH', made.url, { name: 'Busy' }),
      ...Array.from({ length: 4 }, () => grant(made)),
    ]);
    const statuses = answers.map(({ status }) => status);
    expect(statuses.slice(0, 4).every((status) => status === 200 || status === 401)).toBe(true);
    expect(statuses.slice(4)).toEqual([204, 200, 200, 200, 200, 200]);
  }
});
