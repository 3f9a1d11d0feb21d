import { describe, expect, test } from 'vitest';
import { createLogger } from '../../packages/server/src/logger.ts';
import { useTestServer } from '../../packages/server/src/testing.ts';
import { at } from './input.ts';

/** Bad inputs that only a sequence of requests can make. */
const lines: string[] = [];
const server = useTestServer({ logger: createLogger('debug', { write: (line) => lines.push(line) }) });
const request: typeof server.client.request = (...call) => server.client.request(...call);
const organizations = '/api/v1/organizations';

async function newOrganization(fields: object = {}): Promise<string> {
  const { body } = await request('POST', organizations, { display_name: 'S', ...fields });
  return Object(body).organization.id;
}

describe('metadata', () => {
  const keys = (from: number, to: number) =>
    Object.fromEntries(Array.from({ length: to - from }, (_, index) => [`k${from + index}`, index]));

  test('99 keys and a merge of 2 are one too many: nothing changes, and no event is written (K7)', async () => {
    const id = await newOrganization({ metadata: keys(0, 99) });
    const events = async () => Number((await server.database.pool.query('select count(*) from events')).rows[0].count);
    const before = await events();
    const { status, body } = await request('PATCH', `${organizations}/${id}`, { display_name: 'Changed', metadata: keys(99, 101) });
    expect([status, body]).toMatchObject([400, { message: 'metadata: may have at most 100 keys; it would have 101 (1 too many)' }]);
    expect(at((await request('GET', `${organizations}/${id}`)).body, 'organization')).toMatchObject({
      display_name: 'S',
      metadata: keys(0, 99),
      version: 1,
    });
    expect(await events()).toBe(before);
    expect((await request('PATCH', `${organizations}/${id}`, { metadata: { ...keys(99, 101), k0: null } })).status).toBe(200);
  });

  test('of merges that together are too many, those that still fit are kept whole (K7)', async () => {
    const id = await newOrganization({ metadata: keys(0, 90) });
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        request('PATCH', `${organizations}/${id}`, { metadata: { [`a${index}`]: 1, [`b${index}`]: 1, [`c${index}`]: 1 } }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, ...Array(7).fill(400)]);
    const { body } = await request('GET', `${organizations}/${id}`);
    expect(Object.keys(Object(at(body, 'organization.metadata')))).toHaveLength(99);
  });

  test('32 KB in two halves of 20 KB are too much (V9)', async () => {
    const id = await newOrganization({ metadata: { a: 'x'.repeat(20_000) } });
    const { status, body } = await request('PATCH', `${organizations}/${id}`, { metadata: { b: 'y'.repeat(20_000) } });
    expect([status, body]).toMatchObject([400, { details: [{ error_code: 'INVALID_METADATA' }] }]);
  });

  test('no input reached the prototype of all objects (K2)', async () => {
    for (const metadata of ['{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}']) {
      expect((await request('POST', organizations, `{"display_name":"P","metadata":${metadata}}`)).status).toBe(400);
    }
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});

describe('page tokens', () => {
  const first = async () => {
    for (let index = 0; index < 3; index += 1) await newOrganization();
    return String(at((await request('GET', `${organizations}?page_size=1`)).body, 'next_page_token'));
  };
  const statusOf = async (path: string) => (await request('GET', path)).status;

  test('with any one bit changed are refused (P2)', async () => {
    const bytes = Buffer.from(await first(), 'base64url');
    const flipped = Array.from({ length: bytes.length * 8 }, (_, bit) => {
      const copy = Buffer.from(bytes);
      copy.writeUInt8(copy.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      return copy.toString('base64url');
    });
    const answers = await Promise.all(flipped.map((token) => request('GET', `${organizations}?page_token=${token}`)));
    expect(new Set(answers.map(({ status, body }) => `${status} ${at(body, 'details.0.error_code')}`))).toEqual(
      new Set(['400 INVALID_PAGE_TOKEN']),
    );
  });

  test('in another spelling are refused (P3)', async () => {
    const token = await first();
    for (const other of [
      `${token}=`,
      `${token}%0A`,
      `%20${token}`,
      `${token}AA`,
      token.slice(0, -1),
      token.toUpperCase(),
      `${token}&page_token=${token}`,
    ]) {
      expect([other, await statusOf(`${organizations}?page_token=${other}`)]).toEqual([other, 400]);
    }
  });

  test('are bound to environment, list and filter, not to the size of a page (P4, P5)', async () => {
    const token = await first();
    const other = await server.addEnvironment('page tokens');
    expect(await statusOf(`${organizations}?page_size=2&page_token=${token}`)).toBe(200);
    for (const path of [
      '/api/v1/users?',
      '/api/v1/memberships?',
      `${organizations}?filter=metadata.a%20%3D%201&`,
      `${organizations}?external_id=a&`,
      `${organizations}:search?query=abc&`,
    ]) {
      expect([path, await statusOf(`${path}page_token=${token}`)]).toEqual([path, 400]);
    }
    expect((await other.request('GET', `${organizations}?page_token=${token}`)).status).toBe(400);
  });

  test('go on behind a record that was deleted (P7)', async () => {
    const [oldest, middle, newest] = [await newOrganization(), await newOrganization(), await newOrganization()];
    const { body } = await request('GET', `${organizations}?page_size=1`);
    expect(at(body, 'organizations.0.id')).toBe(newest);
    await request('DELETE', `${organizations}/${newest}`);
    await request('DELETE', `${organizations}/${middle}`);
    const next = await request('GET', `${organizations}?page_size=1&page_token=${at(body, 'next_page_token')}`);
    expect(at(next.body, 'organizations.0.id')).toBe(oldest);
  });
});

describe('memberships of what is being deleted (I10)', () => {
  const path = (organization: string, user: string) => `/api/v1/memberships/organizations/${organization}/users/${user}`;
  const left = async (column: string, id: string) =>
    Number((await server.database.pool.query(`select count(*) from memberships where ${column} = $1`, [id.slice(4)])).rows[0].count);
  const newUsers = (count: number, name: string): Promise<string[]> =>
    Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const { body } = await request('POST', '/api/v1/users', { email: `${name}${index}@example.com` });
        return String(at(body, 'user.id'));
      }),
    );

  test('an organization: each is made and ended with it, or not made', async () => {
    const organization = await newOrganization();
    const users = await newUsers(30, 'i10-org');
    const [deleted, ...joined] = await Promise.all([
      request('DELETE', `${organizations}/${organization}`),
      ...users.map((user) => request('PUT', path(organization, user), {})),
    ]);
    expect([deleted?.status, joined.every(({ status }) => status === 201 || status === 404)]).toEqual([204, true]);
    expect(await left('organization_id', organization)).toBe(0);
  });

  test('a user: each is made and ended with them, or not made', async () => {
    const [user = ''] = await newUsers(1, 'i10-user');
    const owners = await Promise.all(Array.from({ length: 30 }, () => newOrganization()));
    const [deleted, ...joined] = await Promise.all([
      request('DELETE', `/api/v1/users/${user}`),
      ...owners.map((organization) => request('POST', path(organization, user), {})),
    ]);
    expect([deleted?.status, joined.every(({ status }) => status === 201 || status === 404)]).toEqual([204, true]);
    expect(await left('user_id', user)).toBe(0);
  });
});

test('a record that is gone is gone: its ID answers 404 to every method, its external ID makes another record (E22)', async () => {
  const id = await newOrganization({ external_id: 'E22', metadata: { old: true } });
  await request('DELETE', `${organizations}/${id}`);
  const answers = await Promise.all([
    request('GET', `${organizations}/${id}`),
    request('PATCH', `${organizations}/${id}`, { display_name: 'x' }),
    request('PUT', `${organizations}/${id}/metadata`, {}),
    request('DELETE', `${organizations}/${id}`),
    request('GET', `${organizations}/${id}/users`),
    request('GET', `${organizations}/${id}/domains`),
    request('POST', `${organizations}/${id}/domains`, { domain: 'e22.example' }),
    request('POST', `${organizations}/${id}/users`, { email: 'e22@example.com' }),
  ]);
  expect(answers.map(({ status, body }) => [status, at(body, 'details.0.error_code')])).toEqual(
    Array(8).fill([404, 'ORGANIZATION_NOT_FOUND']),
  );
  const { body } = await request('PUT', `${organizations}:external/E22`, { display_name: 'Anew' });
  expect(at(body, 'organization')).toMatchObject({ metadata: {}, version: 1 });
});

test('a search takes the signs of patterns literally (E18)', async () => {
  for (const name of ['rate 100%_\\ full', 'rate 100xyz full']) await newOrganization({ display_name: name, external_id: name });
  for (const text of ['100%', '00%_', '%_\\', '_\\ f']) {
    const { body } = await request('GET', `${organizations}:search?query=${encodeURIComponent(text)}`);
    expect([text, at(body, 'total_size'), at(body, 'organizations.0.display_name')]).toEqual([text, 1, 'rate 100%_\\ full']);
  }
});

test('names that every object has are resolved like any other ID (E19)', async () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
  const made = new Map<string, string>();
  for (const name of names) made.set(name, await newOrganization({ external_id: name }));
  const { body } = await request('POST', '/api/v1/resolve', { ids: [...names, 'valueOf'] });
  const results: { value: string; matches: { id: string }[] }[] = Object(body).results;
  expect(results.map(({ value, matches }) => [value, matches.map(({ id }) => id)])).toEqual([
    ...names.map((name) => [name, [made.get(name)]]),
    ['valueOf', []],
  ]);
});

test('line ends in what was stored break neither a header nor a line of the log (V14)', async () => {
  lines.splice(0);
  const value = '\r\nX-Evil: yes\r\n{"level":60}\u2028';
  const id = await newOrganization({ metadata: { value } });
  const answers = [
    await request('GET', `${organizations}/${id}`),
    await request('GET', `${organizations}?filter=${encodeURIComponent(`metadata.value = ${JSON.stringify(value)}`)}`),
    // Refused, so that the log has a line of it.
    await request('GET', `${organizations}:external?external_id=${encodeURIComponent(value)}`),
    await request('GET', `${organizations}?filter=${encodeURIComponent(value)}`),
  ];
  expect(answers.map(({ status, headers }) => [status, headers.get('x-evil')])).toEqual([
    [200, null],
    [200, null],
    [400, null],
    [400, null],
  ]);
  expect(at(answers[1]?.body, 'organizations.0.metadata.value')).toBe(value);
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) {
    expect(line.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(line).level).toBeLessThan(60);
  }
});
