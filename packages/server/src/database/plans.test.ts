import { beforeAll, expect, test } from 'vitest';
import { exportText } from '../export/testing.ts';
import { claimThese, recordOutcome } from '../mail/mail-store.ts';
import { connectTo, startAnotherServer, testSettings, useTestServer } from '../testing.ts';
import { openPool } from './connection.ts';
import { plansDuring } from './testing.ts';

/** The plans of every statement a request runs, at 100,000 records: none may scan a table. */
const server = useTestServer();
const size = 100_000;

beforeAll(async () => {
  const environment = server.client.environmentId;
  const fill = await connectTo(server.database.connection);
  for (const [table, kind, extra, values] of [
    ['organizations', 'organization', 'display_name', "'Customer ' || n"],
    ['users', 'user', 'email, email_key', "'u' || n || '@example.com', 'u' || n || '@example.com'"],
  ] as const) {
    await fill.query(
      `with made as (
         insert into ${table} (environment_id, id, ${extra}, external_id, external_ids, metadata)
         select $1, 1000000 + n, ${values}, 'EXT-' || n, jsonb_build_object('crm', 'crm-' || n),
           jsonb_build_object('number', n, 'group', 'g' || n % 1000, 'nested', jsonb_build_object('deep', n % 500), 'flag', n % 2 = 0)
         from generate_series(1, ${size}) n returning id, external_id, external_ids)
       insert into external_ids (environment_id, kind, system, value, record_id, alias_expire_time)
       select $1::bigint, '${kind}', s.system, s.value, id, s.expires from made cross join lateral (values
         ('', external_id, null::timestamptz), ('crm', external_ids ->> 'crm', null), ('', 'ALIAS-' || id, now() + interval '1 day')) s (system, value, expires)`,
      [environment],
    );
  }
  await fill.query(
    `update organizations set external_ids = case when id % 2000 = 3 then external_ids || '{"rare": "r"}' else external_ids - 'crm' end
     where environment_id = $1 and id % 1000 = 3`,
    [environment],
  );
  await fill.query(
    `insert into roles (environment_id, id, name, display_name) select $1, 6000000 + n, 'role_' || n, 'Role' from generate_series(1, 400) n`,
    [environment],
  );
  await fill.query(
    `insert into memberships (environment_id, id, organization_id, user_id, status, roles, invited)
     select $1, 5000000 + n, 1000000 + 1 + n % 10000, 1000000 + n, 'ACTIVE', array['role_' || 1 + n % 400], true
     from generate_series(1, ${size}) n`,
    [environment],
  );
  await fill.query(
    `insert into api_tokens (environment_id, id, organization_id, user_id, token_hash, token_suffix, custom_claims, expire_time)
     select $1, 7000000 + n, 1000000 + 1 + n % 10000, case when n % 2 = 0 then 1000000 + n end,
       sha256(convert_to('cwt_' || lpad(n::text, 43, '0'), 'UTF8')), '0000', '{}', case when n % 3 = 0 then now() + interval '1 year' end
     from generate_series(1, ${size}) n`,
    [environment],
  );
  await fill.query(
    `insert into organization_clients (environment_id, id, organization_id, scopes, audience, custom_claims, expiry)
     select $1, 8000000 + n, 1000000 + 1 + n % 10000, '{}', '{}', '[]', 3600 from generate_series(1, ${size}) n`,
    [environment],
  );
  await fill.query(
    `insert into domains (environment_id, id, organization_id, domain, domain_type, verification_status)
     select $1, 7000000 + n, 1000000 + 1 + n % 10000, 'd' || n || '.example', t.type, 'PENDING'
     from generate_series(1, ${size}) n cross join lateral (values (case n % 2 when 0 then 'ORGANIZATION_DOMAIN' else 'ALLOWED_EMAIL_DOMAIN' end)) t (type)`,
    [environment],
  );
  await fill.query(`insert into invitations (environment_id, membership_id) select $1, 5000000 + n from generate_series(1, ${size}) n`, [
    environment,
  ]);
  await fill.query(
    `insert into messages (environment_id, id, event_sequence, organization_id, user_id, membership_id, to_address, token_hash, state, due_time)
     select $1, 9500000 + n, n, 1000000 + 1 + n % 10000, 1000000 + n, 5000000 + n, 'u', sha256(convert_to(lpad(n::text, 43, '0'), 'UTF8')), 'SENT', null
     from generate_series(1, ${size}) n`,
    [environment],
  );
  await fill.query(
    `insert into events (environment_id, id, type, organization_id, record_kind, record_id, record_version, external_ids, changed, data, actor_type,
       request_id, place)
     select $1, 9000000 + n, 'organization.created', 1000000 + n, 'organization', 1000000 + n, 1, '{}', '{}', '{}', 'system', 'req', n
     from generate_series(1, ${size}) n`,
    [environment],
  );
  await fill.query(`update event_feed set last_place = ${size}`);
  await fill.query('vacuum analyze');
  await fill.end();
}, 180_000);

/** Statements that a request sends, with what the planner does for each. */
async function plansOf(method: string, path: string, body?: unknown): Promise<{ status: number; plans: string[] }> {
  const { result, plans } = await plansDuring(server.database.pool, () => server.client.request(method, path, body));
  return { status: result.status, plans };
}

const organizations = '/api/v1/organizations';
const filter = (text: string) => `?filter=${encodeURIComponent(text)}`;

test.each([
  ['an organization by ID', 'GET', `${organizations}/org_1050000`],
  ['an organization by external ID', 'GET', `${organizations}:external/EXT-50000`],
  ['an organization by the ID of a system', 'GET', `${organizations}:external/crm-50000?system=crm`],
  ['an organization by alias', 'GET', `${organizations}:external/ALIAS-1050000`],
  ['the aliases of an organization', 'GET', `${organizations}/org_1050000/aliases`],
  ['a user by ID', 'GET', '/api/v1/users/usr_1050000'],
  ['a user by external ID', 'GET', '/api/v1/users:external/EXT-50000'],
  ['a user by address', 'GET', '/api/v1/users?email=u50000@example.com'],
  ['a user of an organization', 'GET', `${organizations}/org_1000051/users:external/EXT-50`],
  ['a membership', 'GET', '/api/v1/memberships/organizations/org_1000051/users/usr_1000050'],
  [
    'resolve of every sort',
    'POST',
    '/api/v1/resolve',
    { ids: ['org_1050000', 'EXT-50000', 'u50000@example.com', 'ALIAS-1050000', { value: 'crm-7', system: 'crm' }] },
  ],
  ['equality on a key with unique values', 'GET', `${organizations}${filter('metadata.number = 4711')}`],
  ['equality on a key with many equal values', 'GET', `${organizations}${filter('metadata.group = "g7"')}`],
  ['equality on a nested key', 'GET', `/api/v1/users${filter('metadata.nested.deep = 77')}`],
  ['equality on a key nobody has', 'GET', `/api/v1/users${filter('metadata.nothing = true')}`],
  ['equality with another condition', 'GET', `${organizations}${filter('metadata.group = "g7" AND metadata.number > 50000')}`],
  ['those that have an ID of a system that few have', 'GET', `${organizations}${filter('external_ids.rare :*')}`],
  ['those that have an ID of a system that nobody has', 'GET', `${organizations}${filter('external_ids.none :*')}`],
  ['those that lack an ID of a system that most have', 'GET', `${organizations}${filter('NOT external_ids.crm :*')}`],
  ['those that lack an external ID of their own', 'GET', `${organizations}${filter('NOT external_id :*')}`],
  ['those whose ID of a system begins with a text', 'GET', `/api/v1/users${filter('external_ids.crm ^= "crm-777"')}`],
  ['the one whose ID of a system is known', 'GET', `/api/v1/users${filter('external_ids.crm = "crm-777"')}`],
  ['a system, and values in the metadata', 'GET', `${organizations}${filter('external_ids.rare :* AND metadata.group = "g7"')}`],
  ['a search for an ID', 'GET', '/api/v1/search?q=EXT-50000'],
  ['a search for an address', 'GET', '/api/v1/search?q=u50000@example.com'],
  ['a search for the beginning of an ID', 'GET', '/api/v1/search?q=EXT-77'],
  ['a search for the beginning of an address', 'GET', '/api/v1/search?q=u777'],
  ['a search for the beginning of a name', 'GET', '/api/v1/search?q=customer%207'],
  ['a search for a part of all names', 'GET', '/api/v1/search?q=ustomer'],
  ['a search for a part of a name', 'GET', '/api/v1/search?q=ustomer%2050000'],
  ['a search for a value that many have', 'GET', '/api/v1/search?q=g7&limit=50'],
  ['a search for a number', 'GET', '/api/v1/search?q=4711'],
  ['a search for what nobody has', 'GET', '/api/v1/search?q=nowhere'],
  ['the systems', 'GET', '/api/v1/systems'],
  ['the overview', 'GET', '/api/v1/overview?days=400'],
  ['the list filtered by external ID', 'GET', `${organizations}?external_id=EXT-50000`],
  ['the list filtered by slug', 'GET', `${organizations}?slug=customer-50000`],
  ['search by a part of a name', 'GET', `${organizations}:search?query=customer%2050000`],
  ['search by a part of an address', 'GET', '/api/v1/users:search?query=u50000@'],
  ['the users of an organization', 'GET', `${organizations}/org_1000051/users`],
  ['the memberships of a user', 'GET', '/api/v1/memberships?user_id=usr_1000050'],
  ['the memberships of an organization', 'GET', '/api/v1/memberships?organization_id=org_1000051'],
  ['the invitations of an organization', 'GET', `${organizations}/org_1000051/invitations?state=ACCEPTED`],
  ['the invitations of the environment in a state', 'GET', '/api/v1/invitations?state=ACCEPTED'],
  ['an invitation', 'GET', '/api/v1/invites/organizations/org_1000051/users/usr_1000050'],
  ['the messages to a user', 'GET', '/api/v1/mailbox?user_id=usr_1050000'],
  ['the messages about an organization', 'GET', '/api/v1/mailbox?organization_id=org_1000051'],
  ['a domain', 'GET', `${organizations}/org_1000003/domains/dom_7000002`],
  ['a domain by the external ID of its organization', 'GET', `${organizations}:external/EXT-3/domains/dom_7000002`],
  ['the domains of an organization', 'GET', `${organizations}/org_1000003/domains`],
  ['a far page of the domains of one type', 'GET', `${organizations}/org_1000003/domains?domain_type=ORGANIZATION_DOMAIN&page_number=100`],
  ['a new domain', 'POST', `${organizations}/org_1000003/domains`, { domain: 'new.example' }],
  ['an update by external ID', 'PATCH', `${organizations}:external/EXT-50001`, { metadata: { number: 1 }, external_id: 'EXT-MOVED' }],
  ['an upsert that creates', 'PUT', '/api/v1/users:external/EXT-NEW', { email: 'new@example.com' }],
  ['the count of the users of a role', 'GET', '/api/v1/roles/role_7/users:count'],
  ['the count of the users of a role in an organization', 'GET', `${organizations}/org_1000051/roles/role_51/users:count`],
  ['what a user may do', 'GET', `${organizations}/org_1000051/users/usr_1000050/permissions`],
  ['a role that is given', 'POST', `${organizations}/org_1000051/users/usr_1000050/roles`, [{ role_name: 'role_9' }]],
  ['a role that is deleted with another in its place', 'DELETE', '/api/v1/roles/role_8?reassign_role_name=role_9'],
  ['a re-key', 'POST', '/api/v1/rekey', { kind: 'organization', pairs: [{ from: 'EXT-60000', to: 'REKEYED' }] }],
  ['a user limit', 'PATCH', `${organizations}/org_1000051/settings/usermanagement`, { settings: { max_allowed_users: 1000 } }],
  [
    'a new member of an organization with a user limit',
    'PUT',
    '/api/v1/memberships/organizations/org_1000051/users/usr_1000049',
    { membership_status: 'ACTIVE' },
  ],
  ['a membership that ends with its user', 'DELETE', '/api/v1/memberships/organizations/org_1000051/users/usr_1000050?cascade=true'],
  ['an API token', 'POST', '/api/v1/tokens:validate', { token: `cwt_${'50000'.padStart(43, '0')}` }],
  ['an API token by ID', 'POST', '/api/v1/tokens:validate', { token: 'apit_7050000' }],
  ['the API tokens of an organization', 'GET', '/api/v1/tokens?organization_id=org_1000051'],
  ['the API tokens of a user', 'GET', '/api/v1/tokens?organization_id=org_1000051&user_id=usr_1000050'],
  ['an update of an API token', 'POST', '/api/v1/tokens:update', { token: 'apit_7050001', description: 'x' }],
  ['the end of an API token', 'POST', '/api/v1/tokens:invalidate', { token: `cwt_${'50002'.padStart(43, '0')}` }],
  ['the clients of an organization', 'GET', `${organizations}/org_1000051/clients`],
  ['a client of an organization', 'GET', `${organizations}/org_1000051/clients/m2morg_8000050`],
  ['the feed from a place', 'GET', '/api/v1/events?limit=10'],
  ['the feed of an organization', 'GET', '/api/v1/events?organization_id=org_1000051'],
  ['the history of a record', 'GET', `${organizations}/org_1050000/history`],
  ['a record as it was', 'GET', `${organizations}/org_1050000/as-of?version=1`],
  ['a deletion', 'DELETE', `${organizations}:external/EXT-70000`],
])('%s never scans a table', async (_name, method, path, body?: object) => {
  const { status, plans } = await plansOf(method, path, body);
  expect(status).toBeLessThan(300);
  expectNoScan(plans);
});

test.each([
  ['what an index finds', 'kinds=organization&format=csv&filter=metadata.group%20=%20"g7"', 101],
  ['what no index finds', 'kinds=user&filter=metadata.number%20>%2099100', 900],
  ['the members of an organization', 'kinds=membership&organization_id=org_1000051', 10],
])('an export of %s never scans a table', async (_name, query, count) => {
  const { result, plans } = await plansDuring(server.database.pool, () => exportText(server.url, server.client, `?${query}`));
  expect([result.status, result.text.trimEnd().split('\n').length]).toEqual([200, count]);
  expectNoScan(plans);
});

test('the page of an invitation, which anyone may ask for, never scans a table', async () => {
  const { status, plans } = await plansOf('HEAD', `/invitations/${'50000'.padStart(43, '0')}`);
  expect(status).toBe(410);
  expectNoScan(plans);
});

function expectNoScan(plans: string[]): void {
  expect(plans.length).toBeGreaterThan(0);
  for (const plan of plans)
    expect(plan).not.toMatch(
      /Seq Scan on (organizations|users|memberships|domains|external_ids|events|idempotency_keys|api_tokens|organization_clients|invitations|messages)/,
    );
}

test.each([
  ['metadata.number = 4711', 1],
  ['metadata.group = "g7"', 100],
  ['metadata.flag = true', 10_000],
])('%s counts to %i and pages in order', async (text, total) => {
  const { body } = await server.client.request('GET', `${organizations}${filter(text)}&page_size=5`);
  expect(Object(body).total_size).toBe(total);
  const ids = Object(body).organizations.map((organization: { id: string }) => Number(organization.id.slice(4)));
  expect(ids).toEqual([...ids].sort((a, b) => b - a));
});

test.each([
  ['external_ids.rare :*', 50],
  ['external_ids.crm :*', 10_000],
  ['NOT external_ids.rare :*', 10_000],
  ['NOT external_ids.crm :*', 50],
  ['external_ids.crm :* AND NOT external_ids.rare :*', 10_000],
  ['NOT external_id :*', 0],
  ['external_ids.rare :* OR metadata.number = 4711', 51],
])('%s counts to %i', async (text, total) => {
  expect(Object((await server.client.request('GET', `${organizations}${filter(text)}`)).body).total_size).toBe(total);
});

test('memberships of a status that few have are found by it, not by walking the others', async () => {
  const { plans } = await plansOf('GET', '/api/v1/memberships?membership_status=PENDING_INVITE');
  const lists = plans.filter((plan) => plan.includes('from memberships t where'));
  // The count and the page.
  expect(lists.join().match(/Index (Only )?Scan( Backward)? using memberships_status_idx/g)).toHaveLength(2);
});

test.each(['PENDING', 'REVOKED', 'EXPIRED'])(
  'invitations that are %s, as few are, are found by that, not by walking the others',
  async (state) => {
    const { plans } = await plansOf('GET', `/api/v1/invitations?state=${state}`);
    const lists = plans.filter((plan) => plan.includes('from memberships t where'));
    expect(lists.join().match(/Scan( Backward)? using memberships_invitation_state_idx/g)).toHaveLength(2);
    expect(lists.join()).not.toMatch(/using memberships_(?:pkey|invited_idx)/);
  },
);

test('a page far from the first begins at its place, not at the newest record', async () => {
  const { body } = await server.client.request('GET', `${organizations}?page_size=100`);
  const { plans } = await plansOf('GET', `${organizations}?page_size=100&page_token=${Object(body).next_page_token}`);
  expect(plans.at(-1)).toMatch(/Index Cond: \(\(environment_id = '[0-9]+'::bigint\) AND \(id < '[0-9]+'::bigint\)\)/);
});

test('a message is found by its key, though the planner has last heard of a queue that is empty', async () => {
  const environmentId = server.client.environmentId;
  const fill = await connectTo(server.database.connection);
  await fill.query('alter table messages set (autovacuum_enabled = off)');
  await fill.query(
    `insert into messages (environment_id, id, event_sequence, organization_id, user_id, membership_id, to_address, token_hash, state, due_time)
     select environment_id, id + ${size}, event_sequence + ${size}, organization_id, user_id, membership_id, 'u', sha256(token_hash), 'QUEUED', now()
     from messages where environment_id = $1 and id <= 9510000`,
    [environmentId],
  );
  await fill.end();
  const { pool } = server.database;
  const { plans } = await plansDuring(pool, async () => {
    const [claimed, ...others] = await claimThese(pool, 60, environmentId, [String(9500001 + size)]);
    if (claimed === undefined || others.length > 0) throw new Error('one was to be claimed');
    await recordOutcome(pool, claimed, { state: 'SENT', error: null, pause: 0 }, undefined);
  });
  expect(plans).toHaveLength(2);
  for (const plan of plans) expect(plan).toContain('using messages_pkey');
});

test.each([
  [0, ['find-organizations', 'find-organizations-by-external-id', 'find-users', 'find-users-by-external-id']],
  [testSettings.cacheSize, ['find-changes']],
])(
  'a connection that only ever looks up single keys keeps one plan for them, rather than making one for each: %s bytes kept',
  async (cacheSize, names) => {
    const paths = [
      `${organizations}/org_1050000`,
      `${organizations}:external/EXT-50000`,
      '/api/v1/users/usr_1050000',
      '/api/v1/users:external/EXT-50000',
    ];
    const pool = openPool(server.database.connection, { size: 1 });
    const { port, close } = await startAnotherServer(server, { pool, cacheSize });
    const headers = { authorization: `Bearer ${server.client.token}` };
    // PostgreSQL makes five plans before it may keep one.
    for (const path of paths.flatMap((path) => Array.from({ length: 8 }, () => path))) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
      expect([answer.status, await answer.json()]).toEqual([200, expect.any(Object)]);
    }
    const { rows } = await pool.query<{ name: string; kept: boolean }>(
      'select name, generic_plans > 0 as kept from pg_prepared_statements where name = any($1) order by name',
      [names],
    );
    expect(rows).toEqual(names.map((name) => ({ name, kept: true })));
    await close();
    await pool.end();
  },
);
