import { beforeAll, expect, test } from 'vitest';
import { type TestClient, useTestServer } from '../testing.ts';

/** Every route, asked by a client of another environment, answers as if the records were not there. */
const server = useTestServer({ webhooks: { allow: ['127.0.0.0/8'] } });
let mine: TestClient;
let stranger: TestClient;
const own: Record<string, string> = {};

beforeAll(async () => {
  mine = server.client;
  stranger = await server.addEnvironment('stranger');
  const organization = Object(
    (
      await mine.request('POST', '/api/v1/organizations', {
        display_name: 'Mine',
        external_id: 'X-ORG',
        slug: 'mine',
        metadata: { secret: 'mine' },
      })
    ).body,
  ).organization;
  const joined = Object(
    (await mine.request('POST', `/api/v1/organizations/${organization.id}/users`, { email: 'mine@example.com', external_id: 'X-USER' }))
      .body,
  );
  const { domain } = Object(
    (await mine.request('POST', `/api/v1/organizations/${organization.id}/domains`, { domain: 'mine.example' })).body,
  );
  const client = Object((await mine.request('POST', '/api/v1/clients', { name: 'Mine' })).body);
  const organizationClient = Object((await mine.request('POST', `/api/v1/organizations/${organization.id}/clients`, {})).body);
  await mine.request('POST', '/api/v1/permissions', { name: 'my:permission' });
  await mine.request('POST', '/api/v1/roles', { name: 'my_role', display_name: 'Mine', permissions: ['my:permission'] });
  await mine.request('POST', `/api/v1/organizations/${organization.id}/users/${joined.user.id}/roles`, [{ role_name: 'my_role' }]);
  await mine.request('PUT', '/api/v1/systems/my_system', { label: 'Mine' });
  const endpoint = Object((await mine.request('POST', '/api/v1/webhook_endpoints', { url: 'http://127.0.0.1:9/' })).body);
  const operator = Object(
    (
      await mine.request('POST', '/api/v1/operators', {
        email: 'mine@example.com',
        password: 'correct horse battery staple',
        role: 'admin',
      })
    ).body,
  );
  const file = await fetch(`${server.url}/api/v1/imports`, {
    method: 'POST',
    headers: { authorization: `Bearer ${mine.token}`, 'content-type': 'application/x-ndjson' },
    body: '{"kind":"user","email":"imported@example.com"}',
  });
  const [key] = Object((await mine.request('GET', '/api/v1/signing_keys')).body).signing_keys;
  Object.assign(own, {
    key: key.id,
    imp: Object(await file.json()).import.id,
    whe: endpoint.webhook_endpoint.id,
    event_id: 'evt_1',
    organization_id: organization.id,
    org: organization.id,
    usr: joined.user.id,
    dom: domain.id,
    client_id: client.client.id,
    secret_id: client.secret_id,
    organization_client_id: organizationClient.client.client_id,
    organization_secret_id: organizationClient.client.secrets[0].id,
    role_name: 'my_role',
    permission_name: 'my:permission',
    system_name: 'my_system',
    opr: operator.operator.id,
    environment_id: `env_${mine.environmentId}`,
  });
});

interface Operation {
  requestBody?: { content: { 'application/json': { example: unknown } } };
}

/** The routes as the server has them, from its own description, each with a body that it takes. */
async function routes(): Promise<{ method: string; path: string; body: unknown }[]> {
  const { paths }: { paths: Record<string, Record<string, Operation>> } = await (await fetch(`${server.url}/openapi.json`)).json();
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { requestBody }]) => {
      return { method: method.toUpperCase(), path, body: requestBody?.content['application/json'].example };
    }),
  );
}

function fill(path: string, ids: Record<string, string>): string {
  const kind = path.includes('domains/{id}')
    ? 'dom'
    : path.includes('webhook_endpoints')
      ? 'whe'
      : path.includes('/operators')
        ? 'opr'
        : path.includes('/signing_keys')
          ? 'key'
          : path.startsWith('/api/v1/imports')
            ? 'imp'
            : path.includes('/users/{id}') || path.startsWith('/api/v1/users')
              ? 'usr'
              : 'org';
  const external = ids[`${path.includes('users:external') ? 'user' : 'org'}_external`] ?? '';
  const query = path.endsWith(':search')
    ? '?query=mine'
    : /:external(:[a-z/-]+(\/\{\w+\})?(:\w+)?)?$/.test(path)
      ? `?external_id=${external}`
      : '';
  // Which moment is asked for is required.
  const moment = path.endsWith('as-of') ? `${query === '' ? '?' : '&'}version=1` : '';
  return (query === '' ? fillPath(path) : fillPath(path) + query) + moment;

  function fillPath(template: string): string {
    // Clients of organizations have the same parameters as those of the environment.
    const known = path.includes('{organization_id}/clients')
      ? { ...ids, client_id: ids.organization_client_id, secret_id: ids.organization_secret_id }
      : ids;
    return template.replace(
      /\{(\w+)\}/g,
      (_, name: string) => (name === 'id' ? ids[kind] : name === 'external_id' ? external : Object(known)[name]) ?? '',
    );
  }
}

/** A body that the schema of a route takes. */
function bodyFor(path: string): unknown {
  if (path.endsWith('domains')) return { domain: 'mine.example' };
  if (path.endsWith('/users')) return { email: 'stranger@example.com' };
  if (/(\/|:)roles$/.test(path)) return path.includes('/users') ? [{ role_name: 'member' }] : { name: 'stranger', display_name: 'S' };
  if (path.endsWith(':set_defaults')) return { default_member_role: 'member' };
  return path.endsWith('/permissions') ? { permission_names: ['my:permission'] } : undefined;
}

test('each route with IDs of another environment answers exactly as for unknown ones', { timeout: 90_000 }, async () => {
  const theirs = { ...own, org_external: 'X-ORG', user_external: 'X-USER' };
  const unknown = {
    organization_id: 'org_7',
    org: 'org_7',
    usr: 'usr_7',
    dom: 'dom_7',
    whe: 'whe_7',
    imp: 'imp_7',
    event_id: 'evt_1',
    client_id: 'skc_7',
    secret_id: 'sks_7',
    organization_client_id: 'm2morg_7',
    organization_secret_id: 'sks_7',
    role_name: 'no_role',
    permission_name: 'no:permission',
    system_name: 'no_system',
    opr: 'opr_7',
    key: 'key_7',
    environment_id: 'env_7',
    org_external: 'N-ORG',
    user_external: 'N-USER',
  };
  const named = (await routes()).filter(({ path }) => path.startsWith('/api/') && (path.includes('{') || path.includes(':external')));
  expect(named.length).toBeGreaterThan(100);
  for (const { method, path, body: example } of named) {
    // An upsert by an external ID or a name of another environment makes a record of one's own: see the next test.
    if (method === 'PUT' && /^\/api\/v1\/((organizations|users):external(\/\{external_id\})?|systems\/\{system_name\})$/.test(path))
      continue;
    const body = ['POST', 'PUT', 'PATCH'].includes(method) ? (bodyFor(path) ?? example) : undefined;
    const [foreign, absent] = [
      await stranger.request(method, fill(path, theirs), body),
      await stranger.request(method, fill(path, unknown), body),
    ];
    const strip = (text: string) =>
      text
        .replace(/(m2morg|org|usr|dom|whe|imp|skc|sks|opr|env|key)_[0-9]+/g, '$1')
        .replace(/[XN]-(ORG|USER)/g, '$1')
        .replace(/\b(my|no)(_role|_system|:permission)/g, '$2')
        .replace(/"request_id":"[^"]+"/, '');
    expect([method, path, foreign.status]).toEqual([method, path, 404]);
    expect(strip(foreign.text)).toBe(strip(absent.text));
  }
});

test('external IDs, addresses, slugs and domains are free in every environment', async () => {
  const answers = [
    await stranger.request('PUT', '/api/v1/organizations:external/X-ORG', { display_name: 'Theirs', slug: 'mine' }),
    await stranger.request('PUT', '/api/v1/users:external/X-USER', { email: 'mine@example.com' }),
  ];
  expect(answers.map(({ status, body }) => [status, Object(body).created])).toEqual([
    [201, true],
    [201, true],
  ]);
  const { id } = Object(answers[0]?.body).organization;
  expect((await stranger.request('POST', `/api/v1/organizations/${id}/domains`, { domain: 'mine.example' })).status).toBe(201);
});

test('names of roles, permissions and systems are free in every environment', async () => {
  for (const [path, body] of [
    ['permissions', { name: 'my:permission' }],
    ['roles', { name: 'my_role', display_name: 'Theirs' }],
  ] as const) {
    expect((await stranger.request('POST', `/api/v1/${path}`, body)).status).toBe(201);
  }
  expect(Object((await stranger.request('PUT', '/api/v1/systems/my_system', {})).body)).toMatchObject({
    created: true,
    system: { label: null },
  });
  expect(Object((await stranger.request('GET', '/api/v1/roles/my_role?include=permissions:all')).body).role.permissions).toEqual([]);
  expect(Object((await stranger.request('GET', '/api/v1/roles/my_role/users:count')).body).count).toBe(0);
});

test('lists, searches, filters and resolve show nothing of another environment', async () => {
  const other = await server.addEnvironment('empty');
  for (const path of [
    'organizations',
    'users',
    'memberships',
    'permissions',
    'mailbox',
    'organizations?external_id=X-ORG',
    'users?email=mine@example.com',
    'organizations:search?query=mine',
    'users:search?query=mine',
    `organizations?filter=${encodeURIComponent('metadata.secret = "mine"')}`,
  ]) {
    expect([path, Object((await other.request('GET', `/api/v1/${path}`)).body).total_size]).toEqual([path, 0]);
  }
  for (const text of ['X-ORG', 'X-', 'mine@example.com', 'mine', own.org]) {
    const { body } = await other.request('GET', `/api/v1/search?q=${text}`);
    expect([text, body]).toEqual([text, { matches: [], complete: true }]);
  }
  expect((await other.request('GET', '/api/v1/systems')).body).toEqual({ systems: [] });
  const figures = Object((await other.request('GET', '/api/v1/overview')).body);
  expect(figures.counts.organizations).toEqual({ value: 0, exact: true });
  expect([figures.deliveries, figures.systems, figures.failures]).toEqual([[], [], []]);
  expect((await other.request('GET', '/api/v1/operators')).body).toEqual({ operators: [] });
  const { roles } = Object((await other.request('GET', '/api/v1/roles')).body);
  expect(roles.map(({ name }: { name: string }) => name)).toEqual(['admin', 'member']);
  const { body } = await other.request('POST', '/api/v1/resolve', { ids: ['X-ORG', 'X-USER', 'mine@example.com', own.org, own.usr] });
  expect(Object(body).results.every((result: { matches: unknown[] }) => result.matches.length === 0)).toBe(true);
  expect((await other.request('POST', '/api/v1/rekey', { kind: 'organization', pairs: [{ from: 'X-ORG', to: 'Y' }] })).status).toBe(400);
});

test('an API token is valid in its own environment alone, by itself and by its ID', async () => {
  const made = Object((await mine.request('POST', '/api/v1/tokens', { organization_id: own.org })).body);
  for (const token of [made.token, made.token_id]) {
    const answers = [
      await stranger.request('POST', '/api/v1/tokens:validate', { token }),
      await stranger.request('POST', '/api/v1/tokens:update', { token, description: 'theirs' }),
      await stranger.request('POST', '/api/v1/tokens:invalidate', { token }),
      await mine.request('POST', '/api/v1/tokens:validate', { token }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 204, 200]);
  }
  const foreign = [
    await stranger.request('GET', `/api/v1/tokens?organization_id=${own.org}`),
    await stranger.request('POST', '/api/v1/tokens', { organization_id: own.org }),
    await stranger.request('POST', '/api/v1/tokens', { organization_id: own.org, user_id: own.usr }),
  ];
  expect(foreign.map(({ body }) => Object(body).details[0].error_code)).toEqual(Array(3).fill('ORGANIZATION_NOT_FOUND'));
});
