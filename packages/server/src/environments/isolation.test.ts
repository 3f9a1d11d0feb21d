import { beforeAll, expect, test } from 'vitest';
import { type TestClient, useTestServer } from '../testing.ts';

/** What one environment has takes nothing away from another, and shows nowhere in it. That each route tells a stranger nothing: test/inputs/isolation.test.ts. */
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
  await mine.request('POST', `/api/v1/organizations/${organization.id}/domains`, { domain: 'mine.example' });
  await mine.request('POST', '/api/v1/permissions', { name: 'my:permission' });
  await mine.request('POST', '/api/v1/roles', { name: 'my_role', display_name: 'Mine', permissions: ['my:permission'] });
  await mine.request('POST', `/api/v1/organizations/${organization.id}/users/${joined.user.id}/roles`, [{ role_name: 'my_role' }]);
  await mine.request('PUT', '/api/v1/systems/my_system', { label: 'Mine' });
  Object.assign(own, { org: organization.id, usr: joined.user.id });
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
