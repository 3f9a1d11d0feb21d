import { beforeAll, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { findValue } from './search.ts';

const server = useTestServer();
const own: Record<string, string> = {};

async function search(q: string, limit?: number) {
  const { status, body } = await server.client.request(
    'GET',
    `/api/v1/search?q=${encodeURIComponent(q)}${limit === undefined ? '' : `&limit=${limit}`}`,
  );
  expect(status).toBe(200);
  return Object(body);
}

beforeAll(async () => {
  const create = async (path: string, body: object) => Object((await server.client.request('POST', `/api/v1/${path}`, body)).body);
  const { organization } = await create('organizations', {
    display_name: 'Acme Corporation',
    external_id: 'CUST-ACME',
    external_ids: { stripe: 'cus_Nffrf1' },
    slug: 'acme-inc',
    metadata: { plan: 'enterprise', seats: 250, tags: ['vip'], billing: { contact: 'Zoë' }, 'a key': { deep: 'down' }, trial: true },
  });
  const { user } = await create('users', {
    email: 'Ada@example.com',
    external_id: 'EMP-7',
    user_profile: { given_name: 'Ada', family_name: 'Lovelace' },
  });
  await create('organizations', { display_name: 'New Acme', external_ids: { stripe: 'cus_Nffrf1gZ' } });
  await server.client.request('PATCH', `/api/v1/organizations/${organization.id}`, { external_id: 'CUST-ACME-2' });
  Object.assign(own, { org: organization.id, usr: user.id });
});

test.each([
  ['its own ID', () => own.org ?? '', { matched_by: 'id', value: 'org' }],
  ['an external ID of a system', () => 'cus_Nffrf1', { matched_by: 'external_id', system: 'stripe', value: 'cus_Nffrf1' }],
  ['the primary external ID', () => 'CUST-ACME-2', { matched_by: 'external_id', system: null, value: 'CUST-ACME-2' }],
  ['an ID that it used to have', () => 'CUST-ACME', { matched_by: 'alias', value: 'CUST-ACME' }],
  ['its slug', () => 'acme-inc', { matched_by: 'slug', value: 'acme-inc' }],
  ['its name, in any case of letters', () => ' acme corporation ', { matched_by: 'name', value: 'Acme Corporation' }],
  ['a metadata value', () => 'enterprise', { matched_by: 'metadata', key: 'plan', value: 'enterprise' }],
  ['a number in the metadata', () => '250', { matched_by: 'metadata', key: 'seats', value: '250' }],
  ['a value in a list', () => 'vip', { matched_by: 'metadata', key: 'tags', value: 'vip' }],
  ['a value within an object', () => 'Zoë', { matched_by: 'metadata', key: 'billing.contact', value: 'Zoë' }],
  ['a value below a key in quotes', () => 'down', { matched_by: 'metadata', key: '["a key"].deep', value: 'down' }],
])('finds an organization by %s', async (_what, text, match) => {
  const { matches, complete } = await search(text());
  expect(complete).toBe(true);
  expect(matches[0]).toEqual({
    kind: 'organization',
    id: own.org,
    display_name: 'Acme Corporation',
    system: null,
    key: null,
    exact: true,
    external_id: 'CUST-ACME-2',
    ...match,
    value: match.value === 'org' ? own.org : match.value,
  });
});

test.each([
  ['its own ID', () => own.usr ?? '', 'id', true],
  ['its address, in any case of letters', () => 'ADA@EXAMPLE.COM', 'email', true],
  ['the beginning of its address', () => 'ada@', 'email', false],
  ['a part of its address', () => 'xample.c', 'email', false],
  ['its external ID', () => 'EMP-7', 'external_id', true],
  ['the beginning of its external ID', () => 'EM', 'external_id', false],
  ['its family name', () => 'lovelace', 'name', false],
])('finds a user by %s', async (_what, text, matchedBy, exact) => {
  expect((await search(text())).matches).toMatchObject([{ kind: 'user', id: own.usr, matched_by: matchedBy, exact, external_id: 'EMP-7' }]);
});

test('exact matches come first, then what begins with the text, then what has it within; each record once', async () => {
  const reasons = async (text: string, limit?: number) =>
    (await search(text, limit)).matches.map((match: Record<string, unknown>) => [match.display_name, match.matched_by, match.exact]);
  expect(await reasons('cus_Nffrf1')).toEqual([
    ['Acme Corporation', 'external_id', true],
    ['New Acme', 'external_id', false],
  ]);
  expect(await reasons('acme')).toEqual([
    ['Acme Corporation', 'name', false],
    ['New Acme', 'name', false],
  ]);
  expect(await reasons('acme', 1)).toHaveLength(1);
  // Within names from three characters on.
  expect(await reasons('ew')).toEqual([]);
});

test("an ID that is somebody's is not looked for within names, unless it may be a word of one", async () => {
  for (const [display_name, external_id] of [
    ['Invoices of INV-2024-77', 'OTHER-1'],
    ['Seventy-Seven', 'INV-2024-77'],
    ['Studio ROOM-101', 'OTHER-2'],
    ['Ten', 'ROOM-10'],
  ])
    await server.client.request('POST', '/api/v1/organizations', { display_name, external_id });
  const names = async (text: string) => (await search(text)).matches.map((match: Record<string, unknown>) => match.display_name);
  expect(await names('INV-2024-77')).toEqual(['Seventy-Seven']);
  expect(await names('NV-2024-77')).toHaveLength(2);
  expect((await names('ROOM-10')).sort()).toEqual(['Studio ROOM-101', 'Ten']);
});

test('truth values, and what nothing has, find nothing; signs of patterns mean themselves', async () => {
  for (const text of ['true', 'nothing like it', '%', '_____', '\\', "'", '{"plan":"enterprise"}', 'cus_nffrf1%'])
    expect([text, (await search(text)).matches]).toEqual([text, []]);
});

test('a text is 1 to 255 characters that the database can hold, white space at the ends aside: 400 names the field', async () => {
  expect((await search(` ${'😀'.repeat(255)} `)).matches).toEqual([]);
  for (const q of ['', '%20%20', 'x'.repeat(256), '%00']) {
    const { status, body } = await server.client.request('GET', `/api/v1/search?q=${q}`);
    expect([q, status, Object(body).message]).toEqual([q, 400, expect.stringContaining('q')]);
  }
  for (const limit of ['0', '51', 'x']) expect((await server.client.request('GET', `/api/v1/search?q=x&limit=${limit}`)).status).toBe(400);
});

test.each([
  [{ a: { 1: { 2: 'in digits' } } }, 'in digits', 'a.1.2', 'metadata.a.1.2'],
  [{ 2024: { 5: 7707 } }, '7707', '2024.5', 'metadata.2024.5'],
  [{ '3pl-id': { 'b.c': 'in brackets' } }, 'in brackets', '3pl-id["b.c"]', 'metadata.3pl-id["b.c"]'],
  [{ '1.2': { 'a-1': 'after brackets' } }, 'after brackets', '["1.2"].a-1', 'metadata["1.2"].a-1'],
])('a filter of the place that is told finds the record: %j', async (metadata, text, told, key) => {
  const { body } = await server.client.request('POST', '/api/v1/organizations', { display_name: 'Spelled', metadata });
  const [match] = (await search(text)).matches;
  expect([match.id, match.key]).toEqual([Object(body).organization.id, told]);
  const value = JSON.stringify(text === '7707' ? 7707 : text);
  const found = await server.client.request('GET', `/api/v1/organizations?filter=${encodeURIComponent(`${key} = ${value}`)}`);
  expect(Object(found.body).organizations.map(({ id }: { id: string }) => id)).toEqual([match.id]);
});

test('where a value is, is told as a filter spells it', () => {
  const metadata = { a: { 'b.c': [1, { d: 'x' }] }, e: 1 };
  expect(findValue(metadata, ['x'])).toEqual({ key: 'a["b.c"].d', value: 'x' });
  expect(findValue(metadata, ['1', 1])).toEqual({ key: 'a["b.c"]', value: '1' });
  expect(findValue(metadata, ['y'])).toBeUndefined();
});
