import { errorCatalogue } from '@crosswalk/contract';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';

const server = useTestServer();

interface Operation {
  operationId: string;
  summary: string;
  tags: string[];
  security?: unknown[];
  parameters?: { in: string; name: string }[];
  responses: Record<string, { description: string; content?: Record<string, { schema: object }>; headers?: { ETag?: object } }>;
  requestBody?: { content: { 'application/json': { schema: object; example?: unknown } } };
}

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: object;
}

async function readDocument(): Promise<Document> {
  return (await fetch(`${server.url}/openapi.json`)).json();
}

async function operations(): Promise<[string, Operation][]> {
  const document = await readDocument();
  expect(document.openapi).toBe('3.1.0');
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [`${method.toUpperCase()} ${path}`, operation]),
  );
}

test('every operation has a name of its own, a summary, a tag, and its errors', async () => {
  const all = await operations();
  expect(all.length).toBeGreaterThan(90);
  expect(new Set(all.map(([, { operationId }]) => operationId)).size).toBe(all.length);
  for (const [name, { summary, tags, responses, security }] of all) {
    expect([name, typeof summary, tags.length]).toEqual([name, 'string', 1]);
    if (security?.length !== 0)
      expect([name, ...Object.keys(responses)]).toEqual(expect.arrayContaining(['400', '401', '403', '429', '500', '503']));
  }
});

test('an operation lists each error once, and all that its kind can be answered with', async () => {
  const codesOf = ({ responses }: Operation) =>
    Object.values(responses).flatMap(({ description }) => [...description.matchAll(/`([A-Z_]+)`:/g)].map(([, code = '']) => code));
  const all = await operations();
  const twice = all.flatMap(([name, operation]) =>
    codesOf(operation).flatMap((code, index, codes) => (codes.indexOf(code) === index ? [] : [`${name}: ${code}`])),
  );
  expect(twice).toEqual([]);
  for (const [name, operation] of all) {
    const codes = codesOf(operation);
    const changes = JSON.stringify(operation.security).includes('write');
    if (/:external/.test(name)) expect([name, ...codes]).toContain('INVALID_EXTERNAL_ID');
    if (changes) expect([name, ...codes]).toEqual(expect.arrayContaining(['RECORD_BUSY', 'INVALID_PRECONDITION']));
    const takesKey = (changes && /^(?:POST|PATCH) /.test(name)) || codes.includes('IDEMPOTENCY_KEY_REUSED');
    expect([name, codes.includes('INVALID_IDEMPOTENCY_KEY')]).toEqual([name, takesKey]);
  }
});

test('an operation names the headers that it reads, and the ETag that its answer has', async () => {
  const all = await operations();
  const headersOf = ({ parameters = [] }: Operation) => parameters.flatMap(({ in: place, name }) => (place === 'header' ? [name] : []));
  for (const [name, operation] of all) {
    const told = Object.values(operation.responses)
      .map(({ description }) => description)
      .join();
    const headers = headersOf(operation);
    expect([name, headers.includes('Idempotency-Key')]).toEqual([name, told.includes('`IDEMPOTENCY_KEY_REUSED`')]);
    expect([name, headers.includes('If-Match')]).toEqual([name, told.includes('`VERSION_MISMATCH`')]);
    if (name.startsWith('GET ')) expect([name, headers.includes('If-None-Match')]).toEqual([name, '304' in operation.responses]);
  }
  const [, read] = all.find(([name]) => name === 'GET /api/v1/organizations/{id}') ?? [];
  expect([read?.responses['200']?.headers, read?.responses['404']?.content]).toMatchObject([
    { ETag: {} },
    { 'application/json': { schema: { $ref: '#/components/schemas/ErrorAnswer' } }, 'application/problem+json': {} },
  ]);
});

test('every body has an example, which its own schema accepts', async () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  for (const [name, { requestBody }] of await operations()) {
    const content = requestBody?.content['application/json'];
    if (content === undefined) continue;
    expect([name, content.example]).not.toEqual([name, undefined]);
    expect([name, ajv.validate(content.schema, content.example), ajv.errors]).toEqual([name, true, null]);
  }
});

test('the answers are what the document says', async () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const all = new Map(await operations());
  const { components } = await readDocument();
  const check = async (name: string, path: string, body?: unknown) => {
    const [method = 'GET'] = name.split(' ');
    const answer = await server.client.request(method, path, body);
    const schema = all.get(name)?.responses[String(answer.status)]?.content?.['application/json']?.schema;
    expect([
      name,
      answer.status,
      schema === undefined ? 'no schema' : ajv.validate({ ...schema, components }, answer.body),
      ajv.errors,
    ]).toEqual([name, answer.status, true, null]);
    return answer.body;
  };
  const { organization } = Object(
    await check('POST /api/v1/organizations', '/api/v1/organizations', { display_name: 'Doc', external_id: 'DOC-1', slug: 'doc' }),
  );
  await check('GET /api/v1/organizations/{id}', `/api/v1/organizations/${organization.id}`);
  await check('GET /api/v1/organizations', '/api/v1/organizations');
  await check('GET /api/v1/organizations/{id}', '/api/v1/organizations/org_1');
  const { user } = Object(
    await check('POST /api/v1/organizations/{organization_id}/users', `/api/v1/organizations/${organization.id}/users`, {
      email: 'doc@example.com',
      user_profile: { name: 'D' },
    }),
  );
  const record = `/api/v1/organizations/${organization.id}`;
  await check('PATCH /api/v1/organizations/{id}/settings', `${record}/settings`, { features: [{ name: 'sso', enabled: true }] });
  await check('PATCH /api/v1/organizations/{id}/settings/usermanagement', `${record}/settings/usermanagement`, {
    settings: { max_allowed_users: 1 },
  });
  await check('GET /api/v1/organizations/{id}/settings/usermanagement', `${record}/settings/usermanagement`);
  await check('POST /api/v1/organizations/{organization_id}/users', `${record}/users`, { email: 'full@example.com' });
  await check('PATCH /api/v1/organizations/{id}/session-policy', `${record}/session-policy`, {
    policy_source: 'CUSTOM',
    absolute_session_timeout: 60,
    idle_session_timeout: 30,
  });
  await check('GET /api/v1/organizations/{id}/session-policy', `${record}/session-policy`);
  await check('GET /api/v1/organizations/{id}/application-session-policy', `${record}/application-session-policy`);
  await check(
    'PATCH /api/v1/invites/organizations/{organization_id}/users/{id}/resend',
    `/api/v1/invites/organizations/${organization.id}/users/${user.id}/resend`,
  );
  const invites = '/api/v1/invites/organizations/{organization_id}/users/{id}';
  const invite = `/api/v1/invites/organizations/${organization.id}/users/${user.id}`;
  await check('GET /api/v1/organizations/{organization_id}/invitations', `${record}/invitations`);
  await check(`GET ${invites}`, invite);
  await check('GET /api/v1/mailbox', '/api/v1/mailbox');
  await check(`POST ${invites}/revoke`, `${invite}/revoke`);
  await check(`POST ${invites}/accept`, `${invite}/accept`);
  await check('PATCH /api/v1/invitation-settings', '/api/v1/invitation-settings', {
    templates: { de: { subject: 'x', text: '{{accept_url}}', html: null } },
  });
  await check('GET /api/v1/invitation-settings', '/api/v1/invitation-settings');
  await check('POST /api/v1/invitation-settings:preview', '/api/v1/invitation-settings:preview', {});
  await check('GET /api/v1/users/{id}', `/api/v1/users/${user.id}`);
  await check('GET /api/v1/memberships', '/api/v1/memberships');
  const permission = { name: 'doc:read', description: 'Read.' };
  await check('POST /api/v1/permissions', '/api/v1/permissions', permission);
  await check('GET /api/v1/permissions', '/api/v1/permissions');
  await check('PUT /api/v1/permissions/{permission_name}', '/api/v1/permissions/doc:read', { description: '' });
  const role = { name: 'doc', display_name: 'Doc', extends: 'member', permissions: ['doc:read'] };
  await check('POST /api/v1/roles', '/api/v1/roles', role);
  await check('POST /api/v1/roles', '/api/v1/roles', role);
  await check('PUT /api/v1/roles/{role_name}', '/api/v1/roles/doc', { display_name: 'D' });
  await check('GET /api/v1/roles', '/api/v1/roles?include=permissions:all');
  await check('GET /api/v1/roles/{role_name}/permissions:all', '/api/v1/roles/doc/permissions:all');
  await check('GET /api/v1/roles/{role_name}/users:count', '/api/v1/roles/doc/users:count');
  await check('PATCH /api/v1/roles:set_defaults', '/api/v1/roles:set_defaults', { default_member_role: 'doc' });
  const ofOrganization = `/api/v1/organizations/${organization.id}/roles`;
  await check('POST /api/v1/organizations/{organization_id}/roles', ofOrganization, { name: 'local', display_name: 'L' });
  await check('PATCH /api/v1/organizations/{organization_id}/roles:set_defaults', `${ofOrganization}:set_defaults`, {
    default_member_role: 'local',
  });
  await check('DELETE /api/v1/organizations/{organization_id}/roles/{role_name}', `${ofOrganization}/local`);
  const ofUser = `/api/v1/organizations/${organization.id}/users/${user.id}`;
  await check('POST /api/v1/organizations/{organization_id}/users/{id}/roles', `${ofUser}/roles`, [{ role_name: 'doc' }]);
  await check('GET /api/v1/organizations/{organization_id}/users/{id}/roles', `${ofUser}/roles`);
  await check('GET /api/v1/organizations/{organization_id}/users/{id}/permissions', `${ofUser}/permissions`);
  await check('GET /api/v1/organizations/{organization_id}/users/{id}/permissions/{permission_name}', `${ofUser}/permissions/doc:read`);
  const domains = `/api/v1/organizations/${organization.id}/domains`;
  const { domain } = Object(await check('POST /api/v1/organizations/{organization_id}/domains', domains, { domain: 'doc.example' }));
  await check('GET /api/v1/organizations/{organization_id}/domains', domains);
  await check('GET /api/v1/organizations/{organization_id}/domains/{id}', `${domains}/${domain.id}`);
  await check('POST /api/v1/organizations/{organization_id}/domains', domains, { domain: 'doc.example' });
  await check('POST /api/v1/resolve', '/api/v1/resolve', { ids: ['DOC-1', 'doc@example.com'] });
  await check('POST /api/v1/rekey', '/api/v1/rekey', { kind: 'organization', pairs: [{ from: 'DOC-1', to: 'DOC-2' }] });
  await check('POST /api/v1/organizations', '/api/v1/organizations', { display_name: 'Doc', external_id: 'DOC-2' });
  const items = [{ id: 'DOC-2', name: 'Other' }, { id: 'DOC-3' }];
  await check('POST /api/v1/reconcile', '/api/v1/reconcile', { kind: 'organization', items });
  await check('POST /api/v1/clients', '/api/v1/clients', { name: 'doc' });
  await check('GET /api/v1/clients', '/api/v1/clients');
  const grace = { email: 'grace@example.com', password: 'correct horse battery staple', role: 'admin' };
  const { operator } = Object(await check('POST /api/v1/operators', '/api/v1/operators', grace));
  await check('POST /api/v1/operators', '/api/v1/operators', grace);
  await check('GET /api/v1/operators', '/api/v1/operators');
  await check('PATCH /api/v1/operators/{id}', `/api/v1/operators/${operator.id}`, { role: 'viewer' });
  await check('GET /api/v1/environments', '/api/v1/environments');
  await check('GET /api/v1/session', '/api/v1/session');
  await check('POST /api/v1/session', '/api/v1/session', { email: grace.email, password: grace.password });
  await check('POST /api/v1/session', '/api/v1/session', { email: grace.email, password: 'wrong' });
  await check('POST /api/v1/setup', '/api/v1/setup', { token: 'cws_none', email: grace.email, password: grace.password });
  const clients = '/api/v1/organizations/{organization_id}/clients';
  const { client } = Object(await check(`POST ${clients}`, `/api/v1/organizations/${organization.id}/clients`, { name: 'doc' }));
  await check(`GET ${clients}`, `/api/v1/organizations/${organization.id}/clients`);
  await check(`PATCH ${clients}/{client_id}`, `/api/v1/organizations/${organization.id}/clients/${client.client_id}`, { scopes: ['a'] });
  await check(`POST ${clients}/{client_id}/secrets`, `/api/v1/organizations/${organization.id}/clients/${client.client_id}/secrets`);
  const { token } = Object(await check('POST /api/v1/tokens', '/api/v1/tokens', { organization_id: organization.id }));
  await check('GET /api/v1/tokens', `/api/v1/tokens?organization_id=${organization.id}`);
  await check('POST /api/v1/tokens:validate', '/api/v1/tokens:validate', { token });
  await check('POST /api/v1/tokens:update', '/api/v1/tokens:update', { token, description: 'doc' });
  await check('POST /api/v1/tokens:validate', '/api/v1/tokens:validate', { token: 'none' });
});

test('docs/errors.md lists every code of the catalogue with its status and way out (npm run docs writes it)', async () => {
  const rows = Object.entries(errorCatalogue).map(
    ([code, { status, title, wayOut }]) => `| \`${code}\` | ${status} | ${title}. ${wayOut} |`,
  );
  const page = `# Errors

Every error answer has \`code\` (the google.rpc.Code), \`message\`, and \`details\` with one \`ErrorInfo\`: its \`error_code\` is one of
these. New codes may be added: treat one you do not know by its HTTP status. With \`Accept: application/problem+json\`
the same comes as RFC 9457 problem details. The token endpoint answers errors as RFC 6749 says.

| error_code | status | meaning and way out |
|---|---|---|
${rows.join('\n')}
`;
  await expect(page).toMatchFileSnapshot('../../../../docs/errors.md');
});

test('the reference page comes from this server alone', async () => {
  const response = await fetch(`${server.url}/docs/`);
  const text = await response.text();
  expect(response.headers.get('content-security-policy')).toContain("connect-src 'self'");
  expect([...text.matchAll(/(?:src|href)="(https?:[^"]+)"/g)].map(([, url]) => url)).toEqual([]);
  const [, script] = /src="([^"]+)"/.exec(text) ?? [];
  const loaded = await fetch(new URL(String(script), response.url));
  expect([loaded.status, loaded.headers.get('content-type')]).toEqual([200, 'application/javascript; charset=utf-8']);
  expect(await loaded.text()).toContain('createApiReference');
  expect((await fetch(`${server.url}/docs`)).url).toBe(response.url);
});

test.each([
  ['DELETE', '/api/v1/resolve', 'POST'],
  ['POST', '/openapi.json', 'GET, HEAD'],
  ['DELETE', '/docs', 'GET, HEAD'],
  ['POST', '/docs/', 'GET, HEAD'],
  ['PUT', '/docs/js/standalone.js', 'GET, HEAD'],
])('a path with another method is 405 and tells which it has: %s %s', async (method, path, allow) => {
  const { status, headers, body } = await server.client.request(method, path);
  expect([status, headers.get('allow'), Object(body).details[0].error_code]).toEqual([405, allow, 'METHOD_NOT_ALLOWED']);
});

test('health: the process lives, the database answers', async () => {
  expect([(await fetch(`${server.url}/healthz`)).status, (await fetch(`${server.url}/readyz`)).status]).toEqual([200, 200]);
});
