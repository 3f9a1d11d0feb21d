import { csvColumnLimit, TransferRow } from '@crosswalk/contract';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'csv-parse/sync';
import { beforeAll, describe, expect, test } from 'vitest';
import { imported } from '../imports/testing.ts';
import { type TestClient, useTestServer } from '../testing.ts';
import { exportText, rowsIn } from './testing.ts';

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);
const get = (query = '', client: TestClient = server.client) => exportText(server.url, client, query);

/** Makes something by a POST and gives what the answer calls it. */
async function make(path: string, body: unknown, member: string): Promise<{ id: string }> {
  const answer = await request('POST', `/api/v1/${path}`, body);
  expect([path, answer.status, answer.text]).toEqual([path, 201, answer.text]);
  return Object(answer.body)[member];
}

const formula = "=cmd|'/C calc'!A0";

beforeAll(async () => {
  server.startWork();
  await make('permissions', { name: 'doc:read', description: 'Read.' }, 'permission');
  await make('permissions', { name: 'doc:write' }, 'permission');
  await make('roles', { name: 'base', display_name: 'Base', permissions: ['doc:read'] }, 'role');
  await make('roles', { name: 'upper', display_name: 'Upper', description: 'Of two.', extends: 'base' }, 'role');
  await make('roles', { name: 'later', display_name: 'Later' }, 'role');
  // An older role may extend a younger one.
  await request('PUT', '/api/v1/roles/base', { display_name: 'Base', extends: 'later', permissions: ['doc:read'] });
  const [first, nameless, foreign] = [
    await make(
      'organizations',
      { display_name: 'First', external_id: 'O-1', external_ids: { stripe: 'cus_1', crm: 'c 1' }, slug: 'first', region_code: 'EU' },
      'organization',
    ),
    await make(
      'organizations',
      { display_name: formula, metadata: { b: 1, aa: { y: [null, '"', 1.5], x: true }, 10: 'ten' } },
      'organization',
    ),
    await make('organizations', { display_name: '../../etc/passwd', external_ids: { zz: 'Z', crm: 'C-3' } }, 'organization'),
  ];
  const namelessToo = await make('organizations', { display_name: 'Nameless too' }, 'organization');
  await make(`organizations/${nameless.id}/roles`, { name: 'local', display_name: 'Local', extends: 'upper' }, 'role');
  await make(`organizations/${foreign.id}/roles`, { name: 'local', display_name: 'Local elsewhere' }, 'role');
  for (const [path, body] of [
    [`organizations/${nameless.id}/settings`, { features: [{ name: 'sso', enabled: true }] }],
    [`organizations/${nameless.id}/settings/usermanagement`, { settings: { max_allowed_users: 7 } }],
    [`organizations/${first.id}/settings/usermanagement`, { settings: { max_allowed_users: 0 } }],
    [
      `organizations/${first.id}/session-policy`,
      { policy_source: 'CUSTOM', absolute_session_timeout: 2, absolute_session_timeout_unit: 'DAYS', idle_session_timeout_enabled: false },
    ],
    ['roles:set_defaults', { default_creator_role: 'upper', default_member_role: 'base' }],
    [`organizations/${nameless.id}/roles:set_defaults`, { default_member_role: 'local' }],
    [`organizations/${namelessToo.id}/roles:set_defaults`, { default_member_role: 'upper' }],
  ] as const) {
    expect([path, (await request('PATCH', `/api/v1/${path}`, body)).status]).toEqual([path, 200]);
  }
  await make(`organizations/${first.id}/domains`, { domain: 'z.example' }, 'domain');
  await make(`organizations/${first.id}/domains`, { domain: 'a.example', domain_type: 'ALLOWED_EMAIL_DOMAIN' }, 'domain');
  await make(`organizations/${foreign.id}/domains`, { domain: 'a.example', domain_type: 'ALLOWED_EMAIL_DOMAIN' }, 'domain');
  const [ada, bob, eve] = [
    await make('users', { email: 'Ada@example.com', external_id: 'U-1', user_profile: { given_name: 'Ada', groups: ['x'] } }, 'user'),
    await make('users', { email: 'bob@example.com', metadata: { quota: 150000, note: '-1+2' } }, 'user'),
    await make(
      'users',
      { email: 'eve@example.com', external_ids: { hr: '=1+1' }, user_profile: { name: '+49', metadata: { a: 1 } } },
      'user',
    ),
  ];
  for (const [organization, user, body] of [
    [first.id, ada.id, { roles: [{ name: 'upper' }, { name: 'admin' }], metadata: { seat: 1 }, send_invitation_email: false }],
    [nameless.id, ada.id, { roles: [{ name: 'local' }], send_invitation_email: false }],
    [nameless.id, bob.id, { roles: [], inviter_email: 'ada@example.com' }],
    [foreign.id, eve.id, { send_invitation_email: false }],
    [foreign.id, bob.id, {}],
  ] as const) {
    const { status } = await request('POST', `/api/v1/memberships/organizations/${organization}/users/${user}`, body);
    expect(status).toBe(201);
  }
  await request('PATCH', `/api/v1/memberships/organizations/${foreign.id}/users/${eve.id}`, { membership_status: 'INACTIVE' });
  await server.database.pool.query("update memberships set status = 'INVITE_EXPIRED' where organization_id = $1 and user_id = $2", [
    foreign.id.slice(4),
    bob.id.slice(4),
  ]);
});

describe('NDJSON', () => {
  test('has every record as a row of the contract: permissions, roles, organizations, users, memberships, each after what it refers to', async () => {
    const { text, headers } = await get();
    const rows = rowsIn(text);
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(TransferRow);
    for (const row of rows) expect([row, validate(row)]).toEqual([row, true]);
    expect(rows.map((row) => ('name' in row ? `${row.kind} ${row.name}` : row.kind))).toEqual([
      ...['permission doc:read', 'permission doc:write'],
      ...['role admin', 'role member', 'role later', 'role base', 'role upper'],
      ...['organization', 'organization', 'organization', 'organization'],
      ...['role local', 'role local'],
      ...['user', 'user', 'user'],
      ...['membership', 'membership', 'membership', 'membership', 'membership'],
    ]);
    expect(headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    expect(headers.get('content-disposition')).toMatch(/^attachment; filename="crosswalk-export-[0-9T-]+Z\.ndjson"$/);
  });

  test('rows name each other by IDs of their owner, else by address or by a ref of the file, and never by an ID of ours', async () => {
    const rows = rowsIn((await get()).text);
    expect(rows.filter(({ kind }) => kind === 'organization').map((row) => ('ref' in row ? row.ref : undefined))).toEqual([
      undefined,
      'r1',
      undefined,
      'r2',
    ]);
    expect(rows.filter((row) => row.kind === 'membership').map(({ organization, user }) => [organization, user])).toEqual([
      [{ external_id: 'O-1' }, { external_id: 'U-1' }],
      [{ ref: 'r1' }, { external_id: 'U-1' }],
      [{ ref: 'r1' }, { email: 'bob@example.com' }],
      [
        { external_id: 'C-3', system: 'crm' },
        { external_id: '=1+1', system: 'hr' },
      ],
      [{ external_id: 'C-3', system: 'crm' }, { email: 'bob@example.com' }],
    ]);
    expect((await get()).text).not.toMatch(/(?:org|usr|mem|role|env)_[0-9]{5}|"version"|_time"/);
    // Without rows of organizations there is no ref to name one by.
    const [, alone] = rowsIn((await get('?kinds=membership')).text);
    expect(Object(alone).organization.id).toMatch(/^org_[0-9]+$/);
  });

  test('what is imported into an empty environment is exported again to the byte (X18)', async () => {
    const { text } = await get();
    const other = await server.addEnvironment('copy');
    const { state, rows_rejected: rejected } = await imported(server, other, text);
    expect([state, rejected, (await get('', other)).text]).toEqual(['DONE', 0, text]);
    const again = await imported(server, other, text);
    const { permission, role, organization, user, membership } = again.counts;
    // An organization without an ID of its owner's cannot be found again.
    expect([permission, role, organization, user, membership].map(({ created, updated }) => [created, updated])).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
      [0, 0],
      [2, 0],
    ]);
  });

  test('an environment sees its own rows alone', async () => {
    const stranger = await server.addEnvironment('stranger');
    const { text } = await get('', stranger);
    expect(rowsIn(text).map((row) => 'name' in row && row.name)).toEqual(['admin', 'member']);
  });

  test.each([
    ['?kinds=organization,planet', 'kinds: planet is none of permission, role, organization, user, membership; separate several by commas'],
    [
      '?format=csv',
      'kinds: a CSV has one kind of rows: name one of permission, role, organization, user, membership, or use format=ndjson for several',
    ],
    ['?format=xml', 'format: must be one of "ndjson", "csv"'],
    ['?since=1', 'since: there is no such field here; your own fields belong inside metadata'],
  ])('%s is refused by name', async (query, message) => {
    const { status, text } = await get(query);
    expect([status, JSON.parse(text).message]).toEqual([400, message]);
  });

  test('a client may ask for its type or for any; HEAD, which would read all of it, is not offered', async () => {
    const authorization = `Bearer ${server.client.token}`;
    const asked = (method: string, accept: string) => fetch(`${server.url}/api/v1/export`, { method, headers: { authorization, accept } });
    for (const accept of ['application/x-ndjson', 'text/csv', '*/*', 'application/json']) {
      const response = await asked('GET', accept);
      await response.text();
      expect([accept, response.status]).toEqual([accept, 200]);
    }
    expect((await asked('GET', 'text/html')).status).toBe(406);
    expect((await asked('HEAD', '*/*')).status).toBe(405);
  });
});

describe('what a list shows', () => {
  /** The names of the rows of an export, and of the records of the list that is narrowed in the same way. */
  const both = async (kind: string, query: Record<string, string>, list = `/api/v1/${kind}s`) => {
    const { status, text } = await get(`?${new URLSearchParams({ kinds: kind, ...query })}`);
    expect([status, text]).toEqual([200, text]);
    const { body } = await request('GET', `${list}?${new URLSearchParams(query)}`);
    const records: object[] = Object(body)[`${kind}s`];
    const nameOf = (record: object) => Object(record).display_name ?? Object(record).email;
    // A list has the newest first, an export the oldest.
    return { exported: rowsIn(text).map(nameOf), listed: records.map(nameOf).reverse() };
  };

  test.each([
    ['organization', 'metadata.b = 1', 1],
    ['organization', 'metadata.b > 0', 1],
    ['organization', 'metadata.b != 1', 3],
    ['organization', 'NOT metadata.b:*', 3],
    ['organization', 'metadata.aa.x = true OR external_ids.crm :*', 3],
    ['organization', 'external_ids.crm ^= "C-"', 1],
    ['organization', 'external_ids.stripe = "cus_1"', 1],
    ['organization', 'NOT external_id :*', 3],
    ['organization', 'NOT external_ids.crm :* AND metadata.10 ^= "t"', 1],
    ['organization', 'metadata.nothing = 7', 0],
    ['user', 'metadata.quota >= 150000', 1],
    ['user', 'NOT external_ids.hr :*', 2],
  ])('of the kind %s, those with %s are those of the list', async (kind, filter, count) => {
    const { exported, listed } = await both(kind, { filter });
    expect(exported).toEqual(listed);
    expect(exported).toHaveLength(count);
  });

  test('a text finds those of the search, alone or with a filter', async () => {
    for (const [kind, query, names] of [
      ['organization', 'name', ['Nameless too']],
      ['user', 'EXAMPLE', ['Ada@example.com', 'bob@example.com', 'eve@example.com']],
      ['user', '=1+1', ['eve@example.com']],
    ] as const) {
      const { exported, listed } = await both(kind, { query }, `/api/v1/${kind}s:search`);
      expect([exported, listed]).toEqual([names, names]);
    }
    const { text } = await get(`?kinds=user&query=example&filter=${encodeURIComponent('external_id :*')}`);
    expect(rowsIn(text)).toMatchObject([{ email: 'Ada@example.com' }]);
  });

  test('memberships are narrowed by organization, user and status, users by organization', async () => {
    const organizations: { id: string; display_name: string }[] = Object(
      (await request('GET', '/api/v1/organizations')).body,
    ).organizations;
    const users: { id: string; email: string }[] = Object((await request('GET', '/api/v1/users')).body).users;
    const [first] = organizations.filter(({ display_name: name }) => name === 'First');
    const [bob] = users.filter(({ email }) => email === 'bob@example.com');
    for (const [query, count] of [
      [`organization_id=${first?.id}`, 1],
      [`user_id=${bob?.id}`, 2],
      [`user_id=${bob?.id}&membership_status=INVITE_EXPIRED`, 1],
      [`organization_id=${first?.id}&user_id=${bob?.id}`, 0],
      ['membership_status=INACTIVE', 1],
      ['filter=metadata.seat%20=%201', 1],
    ] as const) {
      const { text } = await get(`?kinds=membership&${query}`);
      expect([query, rowsIn(text).length]).toEqual([query, count]);
      expect(Object((await request('GET', `/api/v1/memberships?${query}`)).body).memberships).toHaveLength(count);
    }
    const { text } = await get(`?kinds=user&organization_id=${first?.id}`);
    expect(rowsIn(text)).toMatchObject([{ email: 'Ada@example.com' }]);
  });

  test('a CSV has the columns of the rows that it has, and no others', async () => {
    const { text } = await get(`?format=csv&kinds=organization&filter=${encodeURIComponent('external_ids.stripe :*')}`);
    const [head = '', ...lines] = text.trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    expect(head).toContain('external_ids.crm,external_ids.stripe,display_name');
    expect(head).not.toMatch(/external_ids\.zz|metadata/);
  });

  test('of another environment nothing is found', async () => {
    const stranger = await server.addEnvironment('narrowed');
    for (const query of [
      'kinds=organization&filter=metadata.b%20=%201',
      'kinds=user&query=example',
      'kinds=membership&membership_status=INACTIVE',
    ])
      expect([query, (await get(`?${query}`, stranger)).text]).toEqual([query, '']);
  });

  test.each([
    ['?filter=metadata.a=1', 'kinds: filter narrows the rows of one kind: name one of organization, user, membership'],
    ['?kinds=organization,user&query=abc', 'kinds: query narrows the rows of one kind: name one of organization, user'],
    ['?kinds=role&filter=metadata.a=1', 'filter: does not go with kinds=role: roles are always exported whole'],
    [
      '?kinds=organization&filter=metadata.a=1&user_id=usr_1',
      'user_id: does not go with kinds=organization: organizations are narrowed by filter, query',
    ],
    ['?kinds=organization&query=ab', 'query: must have at least 3 characters'],
    ['?kinds=membership&user_id=org_1', 'user_id: must be an ID such as usr_915840612345678901'],
    [
      '?kinds=membership&membership_status=GONE',
      'membership_status: must be one of "ACTIVE", "INACTIVE", "PENDING_INVITE", "INVITE_EXPIRED"',
    ],
  ])('%s is refused by name', async (query, message) => {
    const { status, text } = await get(query);
    expect([status, JSON.parse(text).message]).toEqual([400, message]);
  });

  test('a filter that is none, and an organization that is not there, are refused as by the list, and take no room from others', async () => {
    const refused = async (query: string) => {
      const { status, text } = await get(query);
      return [status, JSON.parse(text).details[0].error_code];
    };
    expect(await refused('?kinds=organization&filter=metadata.a%20=')).toEqual([400, 'INVALID_FILTER']);
    expect(await refused('?kinds=membership&filter=external_id%20:*')).toEqual([400, 'INVALID_FILTER']);
    expect(await refused('?kinds=user&organization_id=org_1')).toEqual([404, 'ORGANIZATION_NOT_FOUND']);
    expect((await get('?kinds=role')).status).toBe(200);
  });
});

describe('CSV', () => {
  const table = async (kind: string, client?: TestClient) => {
    const { text, status } = await get(`?format=csv&kinds=${kind}`, client);
    expect([status, text]).toEqual([200, text]);
    const records: Record<string, string>[] = parse(text, { columns: true });
    return { text, records };
  };

  test('has a column for each field, system and key, marked with its type; rows hold what NDJSON does', async () => {
    const { text, records } = await table('organization');
    expect(text.split('\n', 1)[0]).toBe(
      'kind,external_id,external_ids.crm,external_ids.stripe,external_ids.zz,display_name,region_code,slug,logo_url,settings.features:json,' +
        'settings.user_management.max_allowed_users:number,settings.session_policy:json,default_member_role,domains:json,metadata.10,metadata.aa:json,metadata.b:number',
    );
    expect(records[0]).toMatchObject({
      kind: 'organization',
      external_id: 'O-1',
      'external_ids.crm': 'c 1',
      slug: 'first',
      region_code: 'EU',
    });
    expect(records[1]).toMatchObject({
      'metadata.b:number': '1',
      'metadata.10': 'ten',
      'metadata.aa:json': '{"x":true,"y":[null,"\\"",1.5]}',
    });
    const memberships = await table('membership');
    expect(memberships.records[3]).toMatchObject({
      'organization.external_id': 'C-3',
      'organization.system': 'crm',
      'user.external_id': "'=1+1",
      'user.system': 'hr',
      membership_status: 'INACTIVE',
      'roles:json': '["base"]',
    });
    expect((await table('role')).records.at(-1)).toMatchObject({ name: 'local', 'organization.system': 'crm' });
  });

  test.each([formula, '+1', '-1', '@SUM(A1)', '\tx', '\rx', 'a,"=1+1"'])(
    'the cell %j is no formula to a spreadsheet (X19, E24)',
    async (value) => {
      const other = await server.addEnvironment(`formula ${value}`);
      await other.request('POST', '/api/v1/organizations', { display_name: 'F', metadata: { value, negative: -5 } });
      const { text, records } = await table('organization', other);
      expect(records[0]).toMatchObject({
        'metadata.value': /^[=+\-@\t\r]/.test(value) ? `'${value}` : value,
        'metadata.negative:number': '-5',
      });
      expect(text).not.toMatch(/(?:^|,)"?[=+@\t\r]/m);
      if (value.includes('"')) expect(text).toContain('""=1+1""');
    },
  );

  test('values of several types are JSON; keys that look like paths or marks are gathered in one column', async () => {
    const other = await server.addEnvironment('mixed');
    for (const metadata of [
      { plan: 'a', seats: 1, on: true },
      { plan: 2, seats: 2, on: false, 'a.b': 1, 'c:number': 'x' },
    ])
      await other.request('POST', '/api/v1/organizations', { display_name: 'M', metadata });
    const { records } = await table('organization', other);
    expect(records.map((record) => Object.fromEntries(Object.entries(record).filter(([name]) => name.startsWith('metadata'))))).toEqual([
      { 'metadata.on:boolean': 'true', 'metadata.plan:json': '"a"', 'metadata.seats:number': '1', 'metadata:json': '' },
      {
        'metadata.on:boolean': 'false',
        'metadata.plan:json': '2',
        'metadata.seats:number': '2',
        'metadata:json': '{"a.b":1,"c:number":"x"}',
      },
    ]);
  });

  test('more columns than a table can have are refused with the way out', async () => {
    const other = await server.addEnvironment('wide');
    for (let count = 0; count < 5; count += 1) {
      const metadata = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`k${count}_${index}`, index]));
      await other.request('POST', '/api/v1/organizations', { display_name: 'W', metadata });
    }
    const { status, text } = await get('?format=csv&kinds=organization', other);
    expect([status, JSON.parse(text).message]).toEqual([
      400,
      `format: a CSV may have ${csvColumnLimit} columns, and the keys and systems that are there make 511; use format=ndjson`,
    ]);
  });

  test('of nothing there are the names of the columns', async () => {
    const other = await server.addEnvironment('nothing');
    const { text } = await table('user', other);
    expect(text).toMatch(/^kind,external_id,email,user_profile\.given_name,.*\n$/);
  });
});
