import { beforeAll, describe, expect, test } from 'vitest';
import { tagOf, useTestServer } from '../testing.ts';

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);
const codeOf = (body: unknown): unknown => Object(body).details?.[0]?.error_code;

interface Operation {
  security?: { oauth?: string[] }[];
  responses: Record<string, { description: string }>;
  requestBody?: { content: { 'application/json': { example: unknown } } };
}

/** IDs of the right kind, of no record: what is asked for must be read before that is noticed. */
const ids: [RegExp, string][] = [
  [/\/organizations\/\{organization_id\}\/clients\/\{client_id\}/, 'm2morg_1'],
  [/\/clients\/\{client_id\}/, 'skc_1'],
  [/\/users\/\{id\}/, 'usr_1'],
  [/domains\/\{id\}/, 'dom_1'],
  [/\/signing_keys\/\{id\}/, 'key_1'],
  [/\/webhook_endpoints\/\{id\}/, 'whe_1'],
  [/\/metadata_indexes\/\{id\}/, 'midx_1'],
  [/\/operators\/\{id\}/, 'opr_1'],
  [/\/imports\/\{id\}/, 'imp_1'],
  [/\/organizations\/\{id\}/, 'org_1'],
];

function addressOf(path: string): string {
  const [, id = 'x'] = ids.find(([pattern]) => pattern.test(path)) ?? [];
  const named: Record<string, string> = { organization_id: 'org_1', environment_id: 'env_1', secret_id: 'sks_1', event_id: 'evt_1' };
  const address = path.replace(/\{([a-z_]+)\}/g, (_, name: string) => named[name] ?? (/^(?:client_)?id$/.test(name) ? id : 'x'));
  return /:external(?:$|:)/.test(path) ? `${address}?external_id=x` : address;
}

test('every operation that changes something holds its record to If-Match, or refuses the header', async () => {
  const document: { paths: Record<string, Record<string, Operation>> } = await (await fetch(`${server.url}/openapi.json`)).json();
  const changes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) =>
      method !== 'get' && operation.security?.[0]?.oauth?.[0] === 'write'
        ? [{ name: `${method.toUpperCase()} ${path}`, path, operation }]
        : [],
    ),
  );
  expect(changes.length).toBeGreaterThan(80);
  const ignored: string[] = [];
  for (const { name, path, operation } of changes) {
    const [method = ''] = name.split(' ');
    const isHeld = operation.responses['412']?.description.includes('VERSION_MISMATCH') === true;
    const example = operation.requestBody?.content['application/json'].example;
    const { status, body } = await request(method, addressOf(path), example, { 'if-match': isHeld ? 'garbage' : '"999"' });
    if (status !== 400 || codeOf(body) !== 'INVALID_PRECONDITION') ignored.push(`${name}: ${status} ${codeOf(body)}`);
  }
  expect(ignored).toEqual([]);
});

describe('an API client', () => {
  test('has an ETag, and answers 304 to who has its answer', async () => {
    const made = await request('POST', '/api/v1/clients', { name: 'Tagged' });
    const path = `/api/v1/clients/${Object(made.body).client.id}`;
    const { headers } = await request('GET', path);
    const tag = headers.get('etag') ?? '';
    expect([made.headers.get('etag'), tag]).toEqual([tagOf(1), made.headers.get('etag')]);
    expect((await request('GET', path, undefined, { 'if-none-match': tag })).status).toBe(304);
  });

  test('is revoked, and its secrets are changed, for the version that was read alone', async () => {
    const made = Object((await request('POST', '/api/v1/clients', { name: 'Held' })).body);
    const path = `/api/v1/clients/${made.client.id}`;
    const stale = { 'if-match': '"99"' };
    for (const [method, to] of [
      ['DELETE', path],
      ['POST', `${path}/secrets`],
      ['DELETE', `${path}/secrets/${made.secret_id}`],
    ] as const) {
      const { status, body } = await request(method, to, undefined, stale);
      expect([to, status, codeOf(body), Object(body).details[0].resource_info.version]).toEqual([to, 412, 'VERSION_MISMATCH', 1]);
    }
    const added = await request('POST', `${path}/secrets`, undefined, { 'if-match': '"1"' });
    expect([added.status, added.headers.get('etag')]).toEqual([201, tagOf(2)]);
    expect((await request('DELETE', path, undefined, { 'if-match': '"2"' })).status).toBe(204);
  });
});

test("an organization's client, its tokens and its domains are held to the version too", async () => {
  const { organization } = Object((await request('POST', '/api/v1/organizations', { display_name: 'Held' })).body);
  const of = `/api/v1/organizations/${organization.id}`;
  const { client } = Object((await request('POST', `${of}/clients`, { name: 'c' })).body);
  const { token } = Object((await request('POST', '/api/v1/tokens', { organization_id: organization.id })).body);
  const { domain } = Object((await request('POST', `${of}/domains`, { domain: 'held.example' })).body);
  const [key] = Object((await request('GET', '/api/v1/signing_keys')).body).signing_keys;
  const calls: [string, string, unknown?][] = [
    ['POST', `${of}/clients/${client.client_id}/secrets`],
    ['DELETE', `${of}/clients/${client.client_id}/secrets/${client.secrets[0].id}`],
    ['POST', '/api/v1/tokens:update', { token, description: 'd' }],
    ['POST', '/api/v1/tokens:invalidate', { token }],
    ['PATCH', `${of}/domains/${domain.id}:verify`],
    ['POST', `/api/v1/signing_keys/${key.id}:revoke`],
  ];
  for (const [method, path, body] of calls) {
    const answer = await request(method, path, body, { 'if-match': '"99"' });
    expect([path, answer.status, codeOf(answer.body)]).toEqual([path, 412, 'VERSION_MISMATCH']);
  }
  const changed = await request('POST', '/api/v1/tokens:update', { token, description: 'd' }, { 'if-match': '"1"' });
  expect([changed.status, changed.headers.get('etag')]).toEqual([200, tagOf(2)]);
});

describe('the ETag of an answer that shows more than its record', () => {
  let user: string;
  beforeAll(async () => {
    const { organization } = Object((await request('POST', '/api/v1/organizations', { display_name: 'Shown' })).body);
    const made = await request('POST', `/api/v1/organizations/${organization.id}/users?send_invitation_email=false`, {
      email: 'shown@example.com',
    });
    user = `/api/v1/users/${Object(made.body).user.id}`;
    await request('POST', '/api/v1/roles', { name: 'shown', display_name: 'Shown' });
  });

  test.each([
    ['a user', 'PATCH', () => user, { metadata: { a: 1 } }],
    ['a role', 'PUT', () => '/api/v1/roles/shown', { display_name: 'Other' }],
  ])('forbids a change of %s under If-None-Match, and allows it under If-Match', async (_name, method, pathOf, body) => {
    const tag = (await request('GET', pathOf())).headers.get('etag') ?? '';
    expect(tag).toMatch(/^"1-[0-9]+-[0-9a-f]{16}"$/);
    const refused = await request(method, pathOf(), body, { 'if-none-match': tag });
    expect([refused.status, codeOf(refused.body)]).toEqual([412, 'ALREADY_EXISTS']);
    expect((await request(method, pathOf(), body, { 'if-match': tag })).status).toBe(200);
    expect((await request(method, pathOf(), body, { 'if-match': tag })).status).toBe(412);
  });

  test.each([
    '"2-"',
    '"2-e75b"',
    '"2-0123"',
    '"2-12345678901234567890"',
    '"2-7-0123456789ABCDEF"',
    '"2-7-0123456789abcdef0"',
    '"2-7-"',
    '"2.0"',
    '"02"',
  ])('is refused when it is malformed, whatever version it begins with: %s', async (tag) => {
    const { status, body } = await request('PATCH', user, { metadata: { b: 1 } }, { 'if-match': tag });
    expect([status, codeOf(body)]).toEqual([400, 'INVALID_PRECONDITION']);
  });

  test('is the same from whichever operation the answer comes', async () => {
    await request('PATCH', user, { metadata: { plan: 'a' } });
    const { version } = Object((await request('PATCH', user, { metadata: { plan: 'b' } })).body).user;
    const reverted = await request('POST', `${user}/metadata-revert`, { key: 'plan', version: version - 1 });
    expect([reverted.status, reverted.headers.get('etag')]).toEqual([200, (await request('GET', user)).headers.get('etag')]);
  });
});

describe('the ETag of a record says whose version it is', () => {
  const organizations = '/api/v1/organizations';
  const membership = async () => {
    const { organization } = Object((await request('POST', organizations, { display_name: 'Ends' })).body);
    const { user } = Object((await request('POST', '/api/v1/users', { email: `ends-${organization.id}@example.com` })).body);
    return `/api/v1/memberships/organizations/${organization.id}/users/${user.id}`;
  };

  test.each([
    [
      'an organization by external ID',
      async () => `${organizations}:external/MOVES`,
      organizations,
      { display_name: 'A', external_id: 'MOVES' },
    ],
    [
      'a user by external ID',
      async () => '/api/v1/users:external/MOVES',
      '/api/v1/users',
      { email: 'moves@example.com', external_id: 'MOVES' },
    ],
    ['a permission by name', async () => '/api/v1/permissions/moves:read', '/api/v1/permissions', { name: 'moves:read', description: 'd' }],
    ['a role by name', async () => '/api/v1/roles/moves', '/api/v1/roles', { name: 'moves', display_name: 'd' }],
    ['a membership by its ends', membership, undefined, { send_invitation_email: false }],
  ])('%s: of one that has taken its place nothing is 304, changed or deleted', async (_name, pathOf, collection, body) => {
    const path = await pathOf();
    await request('POST', collection ?? path, body);
    const tag = (await request('GET', path)).headers.get('etag') ?? '';
    expect((await request('DELETE', path)).status).toBe(204);
    await request('POST', collection ?? path, body);
    expect((await request('GET', path, undefined, { 'if-none-match': tag })).status).toBe(200);
    const answer = await request('DELETE', path, undefined, { 'if-match': tag });
    expect([answer.status, codeOf(answer.body), Object(answer.body).message]).toEqual([
      412,
      'VERSION_MISMATCH',
      expect.stringContaining('is the ETag of another record'),
    ]);
    expect((await request('DELETE', path, undefined, { 'if-match': '"1"' })).status).toBe(204);
  });

  test('after a swap of two external IDs', async () => {
    for (const name of ['X', 'Y']) await request('POST', organizations, { display_name: name, external_id: `SWAP-${name}` });
    const tag = (await request('GET', `${organizations}:external/SWAP-X`)).headers.get('etag') ?? '';
    const pairs = [
      { from: 'SWAP-X', to: 'SWAP-Y' },
      { from: 'SWAP-Y', to: 'SWAP-X' },
    ];
    await request('POST', '/api/v1/rekey', { kind: 'organization', pairs });
    const current = (await request('GET', `${organizations}:external/SWAP-X`)).headers.get('etag') ?? '';
    const other = tag.replace('"1-', '"2-');
    const change = (match: string) => request('PATCH', `${organizations}:external/SWAP-X`, { display_name: 'Z' }, { 'if-match': match });
    expect([(await change(tag)).status, (await change(other)).status, (await change(current)).status]).toEqual([412, 412, 200]);
    const upsert = await request('PUT', `${organizations}:external/SWAP-X`, { display_name: 'W' }, { 'if-match': other });
    expect([upsert.status, codeOf(upsert.body)]).toEqual([412, 'VERSION_MISMATCH']);
  });
});
