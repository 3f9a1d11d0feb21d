import { afterAll, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { startNameServer } from './testing.ts';

const names = await startNameServer();
afterAll(() => names.close());
const server = useTestServer({ nameServers: [names.address] });
const request: typeof server.client.request = (...call) => server.client.request(...call);

async function newDomain(domain: string, type = 'ORGANIZATION_DOMAIN') {
  const { body } = await request('POST', '/api/v1/organizations', { display_name: 'Acme', external_id: domain });
  const path = `/api/v1/organizations/${Object(body).organization.id}/domains`;
  const { body: made } = await request('POST', path, { domain, domain_type: type });
  const { id, txt_record_key: key, txt_record_secret: secret } = Object(made).domain;
  return { path: `${path}/${id}`, id: String(id), key: String(key), secret: String(secret) };
}

async function eventsOf(id: string): Promise<Record<string, unknown>[]> {
  const { rows } = await server.database.pool.query('select * from events where record_id = $1 order by sequence', [id.slice(4)]);
  return rows;
}

test('a domain is verified when its TXT record has the secret, and stays so when the record is gone', async () => {
  const { path, id, key, secret } = await newDomain('proved.example');
  names.records.set(key, ['v=spf1 -all', secret]);
  const { status, body } = await request('PATCH', `${path}:verify`);
  expect([status, body]).toMatchObject([200, { verified: true, domain: { id, verification_status: 'VERIFIED', version: 2 } }]);
  names.records.delete(key);
  const asked = names.questions.length;
  expect((await request('PATCH', `${path}:verify`)).body).toMatchObject({ verified: true, domain: { version: 2 } });
  expect(names.questions).toHaveLength(asked);
  expect((await eventsOf(id)).slice(1)).toMatchObject([
    {
      type: 'organization.domain_dns_verification_success',
      record_version: '2',
      external_id: 'proved.example',
      changed: { verification_status: ['PENDING', 'VERIFIED'] },
    },
  ]);
});

test('a domain without the record fails, which is told once, and can be verified later', async () => {
  const { path, id, key, secret } = await newDomain('later.example');
  for (const records of [undefined, [], ['wrong', `${secret}x`, secret.toUpperCase()]]) {
    if (records !== undefined) names.records.set(key, records);
    expect((await request('PATCH', `${path}:verify`)).body).toMatchObject({
      verified: false,
      domain: { verification_status: 'FAILED', version: 2 },
    });
  }
  names.records.set(key, [secret]);
  expect((await request('PATCH', `${path}:verify`)).body).toMatchObject({ verified: true, domain: { version: 3 } });
  expect((await eventsOf(id)).map(({ type, record_version }) => [type, record_version])).toEqual([
    ['organization.domain_created', '1'],
    ['organization.domain_dns_verification_failed', '2'],
    ['organization.domain_dns_verification_success', '3'],
  ]);
});

test('503 when the name servers fail, and nothing changes', async () => {
  const { path, id } = await newDomain('broken.example');
  const { status, headers, body } = await request('PATCH', `${path}:verify`);
  expect([status, headers.get('retry-after'), body]).toMatchObject([503, '5', { details: [{ error_code: 'DNS_UNAVAILABLE' }] }]);
  expect((await request('GET', path)).body).toMatchObject({ domain: { verification_status: 'PENDING', version: 1 } });
  expect(await eventsOf(id)).toHaveLength(1);
});

test('an allowed email domain has nothing to prove: no question is asked', async () => {
  const { path } = await newDomain('allowed.example', 'ALLOWED_EMAIL_DOMAIN');
  const asked = names.questions.length;
  expect((await request('PATCH', `${path}:verify`)).body).toMatchObject({ verified: true, domain: { version: 1 } });
  expect(names.questions).toHaveLength(asked);
});

test('a hundred checks at once verify once', async () => {
  const { path, id, key, secret } = await newDomain('crowd.example');
  names.records.set(key, [secret]);
  const answers = await Promise.all(Array.from({ length: 100 }, () => request('PATCH', `${path}:verify`)));
  expect(answers.every(({ status, body }) => status === 200 && Object(body).verified === true)).toBe(true);
  expect((await eventsOf(id)).map(({ type }) => type)).toEqual([
    'organization.domain_created',
    'organization.domain_dns_verification_success',
  ]);
});

test('404 for a domain that is none, 405 for another method', async () => {
  const { path } = await newDomain('methods.example');
  expect((await request('PATCH', `${path.replace(/dom_[0-9]+/, 'dom_1')}:verify`)).status).toBe(404);
  const { status, headers } = await request('POST', `${path}:verify`);
  expect([status, headers.get('allow')]).toEqual([405, 'PATCH']);
  expect((await request('PATCH', '/api/v1/organizations:external/methods.example/domains/dom_1:verify')).status).toBe(404);
});
