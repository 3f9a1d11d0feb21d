import { beforeAll, expect, test } from 'vitest';
import { type TestClient, useTestServer } from '../testing.ts';

/** Every route, asked by a client of another environment, answers as if the records were not there. */
const server = useTestServer();
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
  Object.assign(own, {
    organization_id: organization.id,
    org: organization.id,
    usr: joined.user.id,
    dom: domain.id,
    client_id: client.client.id,
    secret_id: client.secret_id,
  });
});

/** The routes as the server has them, from its own description. */
async function routes(): Promise<{ method: string; path: string }[]> {
  const { paths }: { paths: Record<string, Record<string, unknown>> } = await (await fetch(`${server.url}/openapi.json`)).json();
  return Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })));
}

function fill(path: string, ids: Record<string, string>): string {
  const kind = path.includes('domains/{id}') ? 'dom' : path.includes('/users/{id}') || path.startsWith('/api/v1/users') ? 'usr' : 'org';
  const external = ids[`${path.includes('users:external') ? 'user' : 'org'}_external`] ?? '';
  const query = path.endsWith(':search') ? '?query=mine' : /:external(:metadata|:domains.*)?$/.test(path) ? `?external_id=${external}` : '';
  return query === '' ? fillPath(path) : fillPath(path) + query;

  function fillPath(template: string): string {
    return template.replace(
      /\{(\w+)\}/g,
      (_, name: string) => (name === 'id' ? ids[kind] : name === 'external_id' ? external : ids[name]) ?? '',
    );
  }
}

/** A body that the route accepts. */
function bodyOf(method: string, path: string): object {
  if (path.endsWith('/users')) return { email: 'stranger@example.com' };
  return method === 'POST' && path.endsWith('domains') ? { domain: 'mine.example' } : {};
}

test('each route with IDs of another environment answers exactly as for unknown ones', async () => {
  const theirs = { ...own, org_external: 'X-ORG', user_external: 'X-USER' };
  const unknown = {
    organization_id: 'org_7',
    org: 'org_7',
    usr: 'usr_7',
    dom: 'dom_7',
    client_id: 'skc_7',
    secret_id: 'sks_7',
    org_external: 'N-ORG',
    user_external: 'N-USER',
  };
  const named = (await routes()).filter(({ path }) => path.startsWith('/api/') && (path.includes('{') || path.includes(':external')));
  expect(named.length).toBeGreaterThan(40);
  for (const { method, path } of named) {
    // An upsert of an external ID of another environment makes a record of one's own: see the next test.
    if (method === 'PUT' && /^\/api\/v1\/(organizations|users):external(\/\{external_id\})?$/.test(path)) continue;
    const body = ['POST', 'PUT', 'PATCH'].includes(method) ? bodyOf(method, path) : undefined;
    const [foreign, absent] = [
      await stranger.request(method, fill(path, theirs), body),
      await stranger.request(method, fill(path, unknown), body),
    ];
    const strip = (text: string) =>
      text
        .replace(/(org|usr|dom|skc|sks)_[0-9]+/g, '$1')
        .replace(/[XN]-(ORG|USER)/g, '$1')
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

test('lists, searches, filters and resolve show nothing of another environment', async () => {
  const other = await server.addEnvironment('empty');
  for (const path of [
    'organizations',
    'users',
    'memberships',
    'organizations?external_id=X-ORG',
    'users?email=mine@example.com',
    'organizations:search?query=mine',
    'users:search?query=mine',
    `organizations?filter=${encodeURIComponent('metadata.secret = "mine"')}`,
  ]) {
    expect([path, Object((await other.request('GET', `/api/v1/${path}`)).body).total_size]).toEqual([path, 0]);
  }
  const { body } = await other.request('POST', '/api/v1/resolve', { ids: ['X-ORG', 'X-USER', 'mine@example.com', own.org, own.usr] });
  expect(Object(body).results.every((result: { matches: unknown[] }) => result.matches.length === 0)).toBe(true);
  expect((await other.request('POST', '/api/v1/rekey', { kind: 'organization', pairs: [{ from: 'X-ORG', to: 'Y' }] })).status).toBe(400);
});
