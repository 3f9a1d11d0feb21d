import { readFile } from 'node:fs/promises';
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
  responses: Record<string, { description: string; content?: { 'application/json': { schema: object } } }>;
  requestBody?: { content: { 'application/json': { schema: object; example?: unknown } } };
}

async function operations(): Promise<[string, Operation][]> {
  const document: { openapi: string; paths: Record<string, Record<string, Operation>> } = await (
    await fetch(`${server.url}/openapi.json`)
  ).json();
  expect(document.openapi).toBe('3.1.0');
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [`${method.toUpperCase()} ${path}`, operation]),
  );
}

test('every operation has a name of its own, a summary, a tag, and its errors', async () => {
  const all = await operations();
  expect(all.length).toBeGreaterThan(35);
  expect(new Set(all.map(([, { operationId }]) => operationId)).size).toBe(all.length);
  for (const [name, { summary, tags, responses, security }] of all) {
    expect([name, typeof summary, tags.length]).toEqual([name, 'string', 1]);
    if (security?.length !== 0)
      expect([name, ...Object.keys(responses)]).toEqual(expect.arrayContaining(['400', '401', '403', '429', '500', '503']));
  }
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
  const check = async (name: string, path: string, body?: unknown) => {
    const [method = 'GET'] = name.split(' ');
    const answer = await server.client.request(method, path, body);
    const schema = all.get(name)?.responses[String(answer.status)]?.content?.['application/json'].schema;
    expect([name, answer.status, schema === undefined ? 'no schema' : ajv.validate(schema, answer.body), ajv.errors]).toEqual([
      name,
      answer.status,
      true,
      null,
    ]);
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
  await check('GET /api/v1/users/{id}', `/api/v1/users/${user.id}`);
  await check('GET /api/v1/memberships', '/api/v1/memberships');
  const domains = `/api/v1/organizations/${organization.id}/domains`;
  const { domain } = Object(await check('POST /api/v1/organizations/{organization_id}/domains', domains, { domain: 'doc.example' }));
  await check('GET /api/v1/organizations/{organization_id}/domains', domains);
  await check('GET /api/v1/organizations/{organization_id}/domains/{id}', `${domains}/${domain.id}`);
  await check('POST /api/v1/organizations/{organization_id}/domains', domains, { domain: 'doc.example' });
  await check('POST /api/v1/resolve', '/api/v1/resolve', { ids: ['DOC-1', 'doc@example.com'] });
  await check('POST /api/v1/rekey', '/api/v1/rekey', { kind: 'organization', pairs: [{ from: 'DOC-1', to: 'DOC-2' }] });
  await check('POST /api/v1/organizations', '/api/v1/organizations', { display_name: 'Doc', external_id: 'DOC-2' });
  await check('POST /api/v1/clients', '/api/v1/clients', { name: 'doc' });
  await check('GET /api/v1/clients', '/api/v1/clients');
});

test('docs/errors.md lists every code of the catalogue with its status and way out', async () => {
  const text = await readFile(new URL('../../../../docs/errors.md', import.meta.url), 'utf8');
  for (const [code, { status, title, wayOut }] of Object.entries(errorCatalogue))
    expect(text).toContain(`| \`${code}\` | ${status} | ${title}. ${wayOut} |`);
});

test('the reference page comes from this server alone', async () => {
  const response = await fetch(`${server.url}/docs/`);
  const text = await response.text();
  expect(response.headers.get('content-security-policy')).toContain("connect-src 'self'");
  expect([...text.matchAll(/(?:src|href)="(https?:[^"]+)"/g)].map(([, url]) => url)).toEqual([]);
});

test('a path with another method is 405 and tells which it has', async () => {
  const { status, headers, body } = await server.client.request('DELETE', '/api/v1/resolve');
  expect([status, headers.get('allow'), Object(body).details[0].error_code]).toEqual([405, 'POST', 'METHOD_NOT_ALLOWED']);
});

test('health: the process lives, the database answers', async () => {
  expect([(await fetch(`${server.url}/healthz`)).status, (await fetch(`${server.url}/readyz`)).status]).toEqual([200, 200]);
});
