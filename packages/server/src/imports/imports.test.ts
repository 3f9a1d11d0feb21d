import { beforeAll, describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { ended, errorsOf, imported, ndjson, upload, uploadWithoutEnd } from './testing.ts';

const server = useTestServer({ imports: { stall: 400 } });
beforeAll(() => server.startWork());
const request: typeof server.client.request = (...call) => server.client.request(...call);
const put = (file: Parameters<typeof imported>[2], query?: string) => imported(server, server.client, file, query);
const send = (file: Parameters<typeof upload>[2], query?: string, headers?: Record<string, string>) =>
  upload(server, server.client, file, query, headers);
const errors = (id: string) => errorsOf(server.client, id);

const [org, usr] = [
  async (externalId: string) => Object((await request('GET', `/api/v1/organizations:external/${externalId}`)).body).organization,
  async (externalId: string) => Object((await request('GET', `/api/v1/users:external/${externalId}`)).body).user,
];

async function eventCount(): Promise<number> {
  const { rows } = await server.database.pool.query('select count(*)::int as count from events');
  return rows[0].count;
}

/** A file of every kind, whose rows refer to each other in every way. */
const all = [
  {
    kind: 'organization',
    ref: 'acme',
    external_id: 'ALL-1',
    external_ids: { stripe: 'cus_all' },
    display_name: 'Acme',
    metadata: { plan: 'pro', seats: 5 },
  },
  { kind: 'role', name: 'auditor', display_name: 'Auditor', extends: 'member' },
  { kind: 'role', name: 'local', organization: { ref: 'acme' }, display_name: 'Local', extends: 'auditor' },
  { kind: 'user', ref: 'ada', email: 'Ada@All.example', external_id: 'U-ALL-1', user_profile: { given_name: 'Ada' } },
  { kind: 'membership', organization: { ref: 'acme' }, user: { ref: 'ada' }, roles: ['local', 'auditor'], metadata: { cost: 1 } },
  { kind: 'user', email: 'bob@all.example' },
  { kind: 'membership', organization: { external_id: 'cus_all', system: 'stripe' }, user: { email: 'BOB@all.example' } },
];

test('memberships that come in as invited, or as invited once, are invitations; those that are active are none', async () => {
  const statuses = ['PENDING_INVITE', 'INVITE_EXPIRED', 'ACTIVE'];
  await put([
    { kind: 'organization', external_id: 'INVITING', display_name: 'Inviting' },
    ...statuses.flatMap((membership_status) => {
      const user = { email: `${membership_status}@example.com` };
      return [
        { kind: 'user', ...user },
        { kind: 'membership', organization: { external_id: 'INVITING' }, user, membership_status },
      ];
    }),
  ]);
  const { invitations } = Object((await request('GET', '/api/v1/invitations')).body);
  expect(invitations.map(({ email, state }: { email: string; state: string }) => `${email} ${state}`).sort()).toEqual([
    'INVITE_EXPIRED@example.com EXPIRED',
    'PENDING_INVITE@example.com PENDING',
  ]);
});

test('rows of every kind go in, refer to each other, and have one event each', async () => {
  const before = await eventCount();
  const done = await put(all);
  expect(done).toMatchObject({
    state: 'DONE',
    rows_total: 7,
    rows_done: 7,
    rows_rejected: 0,
    counts: { organization: { created: 1 }, role: { created: 2 }, user: { created: 2 }, membership: { created: 2 } },
  });
  expect(await eventCount()).toBe(before + 7);
  const organization = await org('ALL-1');
  expect(organization).toMatchObject({
    display_name: 'Acme',
    external_ids: { stripe: 'cus_all' },
    metadata: { plan: 'pro', seats: 5 },
    version: 1,
  });
  const ada = await usr('U-ALL-1');
  expect(ada).toMatchObject({ email: 'Ada@All.example', user_profile: { given_name: 'Ada', first_name: 'Ada' } });
  expect(ada.memberships).toMatchObject([{ organization_id: organization.id, membership_status: 'ACTIVE', metadata: { cost: 1 } }]);
  expect(ada.memberships[0].roles.map(({ name }: { name: string }) => name)).toEqual(['local', 'auditor']);
  const { body } = await request('GET', `/api/v1/memberships?organization_id=${organization.id}`);
  expect(Object(body).total_size).toBe(2);
  const { rows } = await server.database.pool.query(
    "select actor_type, actor_id, changed from events where record_id = $1 and record_kind = 'organization'",
    [organization.id.slice(4)],
  );
  expect(rows).toMatchObject([
    { actor_type: 'client', actor_id: server.client.clientId.slice(4), changed: { 'metadata.plan': [null, 'pro'] } },
  ]);
});

test('the event of a record that a row made tells it as it is read', async () => {
  const metadata = { text: 'a "b" \\ \n {c},null', list: [1.5, -0, true, null], deep: { z: { y: 1 } }, n: 150000 };
  await put([
    { kind: 'organization', external_id: 'TELLS-ORG', display_name: 'Tells' },
    { kind: 'role', name: 'tells', organization: { external_id: 'TELLS-ORG' }, display_name: 'Tells', extends: 'member' },
    {
      kind: 'user',
      external_id: 'TELLS "1" \\ {null}',
      external_ids: { hr: 'null', constructor: 'c' },
      email: 'Tells@All.example',
      user_profile: { first_name: 'Ada', locale: 'en', metadata: { a: 'x' } },
      metadata,
    },
    {
      kind: 'membership',
      organization: { external_id: 'TELLS-ORG' },
      user: { email: 'tells@all.example' },
      roles: ['tells', 'member'],
      metadata,
    },
    { kind: 'user', external_id: 'TELLS-2', email: 'tells-2@all.example' },
    {
      kind: 'membership',
      organization: { external_id: 'TELLS-ORG' },
      user: { external_id: 'TELLS-2' },
      membership_status: 'INVITE_EXPIRED',
    },
  ]);
  const users = [await usr(encodeURIComponent('TELLS "1" \\ {null}')), await usr('TELLS-2')];
  const memberships = users.map((user) => user.memberships[0]);
  const { rows } = await server.database.pool.query<{ data: object; changed: object }>(
    'select data, changed from events where record_id = any($1::bigint[]) and record_version = 1 order by array_position($1::bigint[], record_id)',
    [[...users, ...memberships].map(({ id }) => id.slice(4))],
  );
  expect(rows.map(({ data }) => data)).toEqual([...users.map((user) => ({ ...user, memberships: [] })), ...memberships]);
  expect(rows[0]?.changed).toMatchObject({ 'external_ids.constructor': [null, 'c'], 'external_ids.hr': [null, 'null'] });
});

test('an external ID whose alias is over, and still in the way, goes to the row that claims it', async () => {
  await put([{ kind: 'user', external_id: 'OVER-1', email: 'over-1@all.example' }]);
  await put([{ kind: 'user', external_id: 'OVER-2', email: 'over-1@all.example' }]);
  await server.database.pool.query("update external_ids set alias_expire_time = now() - interval '1 hour' where value = 'OVER-1'");
  const done = await put([{ kind: 'user', external_id: 'OVER-1', email: 'over-3@all.example' }]);
  expect(done).toMatchObject({ state: 'DONE', rows_done: 1, counts: { user: { created: 1 } } });
  expect(await usr('OVER-1')).toMatchObject({ email: 'over-3@all.example' });
});

test('a row that finds its record by an ID that it used to have changes it, and the ID stays an alias', async () => {
  await put([
    { kind: 'organization', external_id: 'FORMER-1', external_ids: { stripe: 'former-cus' }, display_name: 'Former' },
    { kind: 'user', external_id: 'FORMER-U', external_ids: { hr: 'former-hr' }, email: 'former@all.example' },
  ]);
  await put([
    { kind: 'organization', id: (await org('FORMER-1')).id, external_id: 'NEW-1', external_ids: { stripe: 'new-cus' } },
    { kind: 'user', id: (await usr('FORMER-U')).id, external_id: 'NEW-U', external_ids: { hr: 'new-hr' } },
  ]);
  // By former IDs alone, by a former one beside one it has now, and by the address.
  const done = await put([
    { kind: 'organization', external_id: 'FORMER-1', external_ids: { stripe: 'former-cus', crm: 'c-former' }, display_name: 'Is' },
    { kind: 'organization', external_id: 'FORMER-1', external_ids: { stripe: 'new-cus' }, metadata: { row: 2 } },
    { kind: 'user', external_ids: { hr: 'former-hr' }, metadata: { row: 3 } },
    { kind: 'user', external_id: 'FORMER-U', email: 'former@all.example', metadata: { row: 4 } },
    { kind: 'user', external_id: 'FORMER-U' },
  ]);
  expect(done.counts).toMatchObject({ organization: { updated: 2 }, user: { updated: 2, unchanged: 1 } });
  const found = async (kind: string, externalId: string) => (await request('GET', `/api/v1/${kind}:external/${externalId}`)).body;
  const organization = {
    external_id: 'NEW-1',
    external_ids: { stripe: 'new-cus', crm: 'c-former' },
    display_name: 'Is',
    metadata: { row: 2 },
  };
  expect(await found('organizations', 'FORMER-1')).toMatchObject({ organization, matched_by: 'alias' });
  const user = { external_id: 'NEW-U', external_ids: { hr: 'new-hr' }, metadata: { row: 4 } };
  expect(await found('users', 'FORMER-U')).toMatchObject({ user, matched_by: 'alias' });
  // One that is named by `id` is to have the IDs that the row says.
  await put([{ kind: 'user', id: (await usr('NEW-U')).id, external_id: 'FORMER-U' }]);
  expect(await found('users', 'FORMER-U')).toMatchObject({ user: { external_id: 'FORMER-U' }, matched_by: 'external_id' });
});

test('a user and several rows of their membership in one file are one membership, changed in the order of the file', async () => {
  const membership = { kind: 'membership', organization: { external_id: 'TWICE-ORG' } };
  const done = await put([
    { kind: 'organization', external_id: 'TWICE-ORG', display_name: 'Twice' },
    { kind: 'user', external_id: 'TWICE-1', email: 'twice-1@all.example' },
    { ...membership, user: { external_id: 'TWICE-1' }, metadata: { a: 1 } },
    { ...membership, user: { email: 'twice-1@all.example' }, metadata: { b: 2 } },
    { ...membership, user: { external_id: 'TWICE-1' }, metadata: { a: null, c: 3 } },
  ]);
  expect(done.counts.membership).toMatchObject({ created: 1, updated: 2, conflicts: 0, invalid: 0 });
  expect((await usr('TWICE-1')).memberships).toMatchObject([{ metadata: { b: 2, c: 3 }, version: 3 }]);
});

test('the same file again changes nothing: no event, no version', async () => {
  const before = await eventCount();
  const done = await put(all);
  expect(done.counts).toMatchObject({
    organization: { unchanged: 1 },
    role: { unchanged: 2 },
    user: { unchanged: 2 },
    membership: { unchanged: 2 },
  });
  expect(await eventCount()).toBe(before);
  expect((await org('ALL-1')).version).toBe(1);
});

test('an update merges: fields not named stay, null clears, a changed ID stays as an alias', async () => {
  await put([
    {
      kind: 'organization',
      external_id: 'UP-1',
      display_name: 'Up',
      slug: 'up-1',
      external_ids: { stripe: 'cus_up' },
      metadata: { a: 1, b: { c: 2, d: 3 } },
    },
  ]);
  const { id } = await org('UP-1');
  const done = await put([{ kind: 'organization', id, external_id: 'UP-2', slug: null, metadata: { a: null, b: { c: 4 } } }]);
  expect(done.counts.organization).toMatchObject({ updated: 1 });
  expect(await org('UP-2')).toMatchObject({
    id,
    display_name: 'Up',
    slug: null,
    external_ids: { stripe: 'cus_up' },
    metadata: { b: { c: 4, d: 3 } },
    version: 2,
  });
  expect((await request('GET', '/api/v1/organizations:external/UP-1')).body).toMatchObject({ organization: { id }, matched_by: 'alias' });
});

test('rows that touch one record take effect in the order of the file, however they name it', async () => {
  const done = await put([
    { kind: 'user', external_id: 'SEQ', email: 'seq@all.example', metadata: { step: 1, first: true } },
    { kind: 'user', email: 'SEQ@all.example', metadata: { step: 2 } },
    { kind: 'user', external_id: 'SEQ', external_ids: { hr: 'hr-seq' }, metadata: { step: 3 } },
    { kind: 'user', external_ids: { hr: 'hr-seq' }, metadata: { step: 4 } },
    { kind: 'user', external_ids: { hr: 'hr-seq' }, metadata: { step: 4 } },
  ]);
  expect(done.counts.user).toMatchObject({ created: 1, updated: 3, unchanged: 1 });
  expect(await usr('SEQ')).toMatchObject({ metadata: { step: 4, first: true }, external_ids: { hr: 'hr-seq' }, version: 4 });
});

test('an ID that an earlier row has freed goes to a later one', async () => {
  await put([
    { kind: 'organization', external_id: 'FREE-A', display_name: 'A', external_ids: { stripe: 'cus_free' } },
    { kind: 'organization', external_id: 'FREE-B', display_name: 'B' },
  ]);
  const done = await put([
    { kind: 'organization', external_id: 'FREE-A', external_ids: { stripe: null } },
    { kind: 'organization', external_id: 'FREE-B', external_ids: { stripe: 'cus_free' } },
  ]);
  expect([done.counts.organization.updated, done.rows_rejected]).toEqual([2, 0]);
  expect((await org('FREE-B')).external_ids).toEqual({ stripe: 'cus_free' });
});

test('an ID that an earlier row gives up later than its turn, as it has to wait, still goes to the one after it', async () => {
  await put([
    { kind: 'organization', external_id: 'LATE-1', display_name: 'Holds', slug: 'late-slug' },
    { kind: 'user', external_id: 'LATE-U1', email: 'late@all.example' },
  ]);
  const rows = [
    { kind: 'role', name: 'late_role', display_name: 'Late' },
    { kind: 'organization', external_id: 'LATE-1', default_member_role: 'late_role', slug: null },
    { kind: 'organization', external_id: 'LATE-2', display_name: 'Gets', slug: 'late-slug' },
    { kind: 'user', external_id: 'LATE-U1', metadata: { a: 1 } },
    { kind: 'user', external_id: 'LATE-U1', email: 'other@all.example' },
    { kind: 'user', external_id: 'LATE-U2', email: 'late@all.example' },
  ];
  const done = await put(rows, '?on_conflict=leave');
  expect(await errors(done.id)).toEqual([]);
  expect((await org('LATE-2')).slug).toBe('late-slug');
  expect((await usr('LATE-U2')).email).toBe('late@all.example');
});

describe('conflicts', () => {
  beforeAll(async () => {
    await put([
      { kind: 'organization', external_id: 'HOLD-1', display_name: 'Holder', external_ids: { stripe: 'cus_hold' }, slug: 'hold' },
      { kind: 'organization', external_id: 'HOLD-2', display_name: 'Other' },
      { kind: 'user', external_id: 'UHOLD-1', email: 'hold1@all.example' },
      { kind: 'user', external_id: 'UHOLD-2', email: 'hold2@all.example' },
    ]);
  });

  test('of an external ID, slug or address reject the row; the rest goes in', async () => {
    const done = await put([
      { kind: 'organization', external_id: 'HOLD-2', external_ids: { stripe: 'cus_hold' }, metadata: { x: 1 } },
      { kind: 'organization', external_id: 'HOLD-3', display_name: 'C', slug: 'hold' },
      { kind: 'user', external_id: 'UHOLD-2', email: 'HOLD1@all.example' },
      { kind: 'organization', external_id: 'HOLD-4', display_name: 'In' },
    ]);
    expect(done.counts).toMatchObject({ organization: { conflicts: 2, created: 1 }, user: { conflicts: 1 } });
    expect(await errors(done.id)).toEqual([
      [1, 'external_ids.stripe', 'EXTERNAL_ID_TAKEN'],
      [2, 'slug', 'SLUG_TAKEN'],
      [3, 'email', 'EMAIL_TAKEN'],
    ]);
    expect((await org('HOLD-2')).metadata).toEqual({});
  });

  test('with on_conflict=leave the ID stays with its holder and the rest of the row goes in', async () => {
    const done = await put(
      [{ kind: 'organization', external_id: 'HOLD-2', external_ids: { stripe: 'cus_hold', hr: 'h2' }, slug: 'hold' }],
      '?on_conflict=leave',
    );
    expect(done.counts.organization).toMatchObject({ updated: 1, conflicts: 0 });
    expect(await org('HOLD-2')).toMatchObject({ external_ids: { hr: 'h2' }, slug: null });
  });

  test('create_only rejects what is there, update_only what is not', async () => {
    const rows = [
      { kind: 'user', external_id: 'UHOLD-1', metadata: { m: 1 } },
      { kind: 'user', external_id: 'UHOLD-NEW', email: 'holdnew@all.example' },
    ];
    const updating = await put(rows, '?mode=update_only');
    expect(await errors(updating.id)).toEqual([[2, 'row', 'DOES_NOT_EXIST']]);
    const creating = await put(rows, '?mode=create_only');
    expect(await errors(creating.id)).toEqual([[1, 'row', 'ALREADY_EXISTS']]);
    expect([updating.counts.user.updated, creating.counts.user.created]).toEqual([1, 1]);
  });

  test('of the user limit reject the rows beyond it, in the order of the file', async () => {
    await put([{ kind: 'organization', external_id: 'LIMIT', display_name: 'L' }]);
    await request('PATCH', `/api/v1/organizations/${(await org('LIMIT')).id}/settings/usermanagement`, {
      settings: { max_allowed_users: 2 },
    });
    const done = await put(
      [1, 2, 3].flatMap((n) => [
        { kind: 'user', ref: `l${n}`, email: `limit${n}@all.example` },
        { kind: 'membership', organization: { external_id: 'LIMIT' }, user: { ref: `l${n}` } },
      ]),
    );
    expect(await errors(done.id)).toEqual([[6, 'row', 'USER_LIMIT_REACHED']]);
  });
});

test('one bad row of many costs one row; rejected rows come back as they came', async () => {
  const rows = Array.from({ length: 2500 }, (_, index) => ({ kind: 'user', email: `many${index}@all.example`, external_id: `M-${index}` }));
  const lines = ndjson(rows).split('\n');
  lines[1700] = '{"kind":"user", "email":"not an address", "external_id":"M-1700"}';
  const done = await put(lines.join('\n'));
  expect(done).toMatchObject({ state: 'DONE', rows_total: 2500, rows_rejected: 1, counts: { user: { created: 2499, invalid: 1 } } });
  expect(await errors(done.id)).toEqual([[1701, 'email', 'INVALID_EMAIL']]);
  for (const accept of ['*/*', 'application/x-ndjson', 'text/csv']) {
    const rejected = await fetch(`${server.url}/api/v1/imports/${done.id}/rejected`, {
      headers: { authorization: `Bearer ${server.client.token}`, accept },
    });
    expect([await rejected.text(), rejected.headers.get('content-type')]).toEqual([`${lines[1700]}\n`, 'application/x-ndjson']);
  }
});

test('an address in two cases is one person in a file: the second row is theirs, and with create_only rejected (M17)', async () => {
  const rows = [
    { kind: 'user', email: 'twice@all.example', metadata: { a: 1 } },
    { kind: 'user', email: 'TWICE@all.example', metadata: { b: 2 } },
  ];
  expect((await put(rows)).counts.user).toMatchObject({ created: 1, updated: 1 });
  const { body } = await request('GET', '/api/v1/users?email=twice@ALL.example');
  expect(Object(body).users).toMatchObject([{ email: 'TWICE@all.example', metadata: { a: 1, b: 2 }, version: 2 }]);
  const created = await put(
    rows.map((row) => ({ ...row, email: `create-only-${row.email}` })),
    '?mode=create_only',
  );
  expect(await errors(created.id)).toEqual([[2, 'row', 'ALREADY_EXISTS']]);
});

test('rejected rows with formulas and HTML come back to the byte, as a file and never as a page (X16)', async () => {
  const lines = ["=cmd|'/C calc'!A0", '<script>alert(1)</script>', '@SUM(A1)'].map(
    (text) => `{"kind":"user","email":${JSON.stringify(text)},"metadata":{"<img src=x>":"${'\\u003c'}"}}`,
  );
  const done = await put(lines.join('\n'));
  const headers = { authorization: `Bearer ${server.client.token}` };
  const rejected = await fetch(`${server.url}/api/v1/imports/${done.id}/rejected`, { headers });
  expect(await rejected.text()).toBe(`${lines.join('\n')}\n`);
  expect(['content-type', 'content-disposition', 'x-content-type-options'].map((name) => rejected.headers.get(name))).toEqual([
    'application/x-ndjson',
    `attachment; filename="${done.id}-rejected.ndjson"`,
    'nosniff',
  ]);
});

test('ten thousand rejected rows are listed page by page and come back as a file (X17)', async () => {
  const done = await put(Array.from({ length: 10_000 }, (_, index) => ({ kind: 'user', email: `none ${index}` })));
  expect([done.state, done.rows_rejected]).toEqual(['DONE', 10_000]);
  const lines: number[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const page: { errors: { line: number }[]; next_after: number | null } = Object(
      (await request('GET', `/api/v1/imports/${done.id}/errors?limit=1000&after=${after}`)).body,
    );
    expect(page.errors.length).toBeLessThanOrEqual(1000);
    lines.push(...page.errors.map(({ line }) => line));
    after = page.next_after;
  }
  expect(lines).toEqual(Array.from({ length: 10_000 }, (_, index) => index + 1));
  const headers = { authorization: `Bearer ${server.client.token}` };
  const rejected = await (await fetch(`${server.url}/api/v1/imports/${done.id}/rejected`, { headers })).text();
  expect(rejected.trimEnd().split('\n')).toHaveLength(10_000);
});

test('a row is held to the rules of the API and names the field that breaks one', async () => {
  const cases: [object | string, string, string][] = [
    [{ kind: 'organization', external_id: ' X', display_name: 'x' }, 'external_id', 'INVALID_EXTERNAL_ID'],
    [{ kind: 'organization', external_id: 'BAD-2' }, 'display_name', 'INVALID_ARGUMENT'],
    [{ kind: 'organization', external_id: 'BAD-3', display_name: 'x', id: 'org_1' }, 'row', 'ORGANIZATION_NOT_FOUND'],
    [{ kind: 'organization', external_id: 'BAD-4', display_name: 'x', create_time: '2020' }, 'create_time', 'UNKNOWN_FIELD'],
    [{ kind: 'user', email: 'x@all.example', email_verified: true }, 'email_verified', 'UNKNOWN_FIELD'],
    [{ kind: 'user', email: 'x@all.example', metadata: { 'a\0b': 1 } }, 'metadata', 'INVALID_METADATA'],
    [{ kind: 'user', email: 'x@all.example', metadata: { a: 'nul\0' } }, 'metadata.a', 'INVALID_METADATA'],
    [{ kind: 'user', email: 'x@all.example', 'x\0y': 1 }, 'x\ufffdy', 'UNKNOWN_FIELD'],
    [{ kind: 'user', email: 'x@all.example', ref: 'a\0' }, 'ref', 'INVALID_ARGUMENT'],
    [{ kind: 'user', email: 'x@all.example', id: 'org_1' }, 'id', 'INVALID_ID'],
    [{ kind: 'organization', external_id: 'BAD-5', display_name: 'x', slug: 'No Slug' }, 'slug', 'INVALID_ARGUMENT'],
    [
      { kind: 'membership', organization: { external_id: 'NONE' }, user: { external_id: 'U-ALL-1' } },
      'organization.external_id',
      'ORGANIZATION_NOT_FOUND',
    ],
    [{ kind: 'membership', organization: { external_id: 'ALL-1' }, user: { ref: 'nobody' } }, 'user.ref', 'USER_NOT_FOUND'],
    [
      { kind: 'membership', organization: { external_id: 'ALL-1' }, user: { external_id: 'U-ALL-1' }, roles: ['none'] },
      'roles.0',
      'UNKNOWN_ROLE',
    ],
    [{ kind: 'role', name: 'x', display_name: 'X', permissions: ['no:such'] }, 'permissions.0', 'UNKNOWN_PERMISSION'],
    [{ kind: 'role', name: 'auditor', extends: 'auditor' }, 'extends', 'INVALID_ROLE_BASE'],
    [{ kind: 'animal' }, 'kind', 'INVALID_ARGUMENT'],
    ['{"kind":"user","email":"x@all.example","metadata":{"n":12345678901234567890}}', 'metadata.n', 'INEXACT_NUMBER'],
    ['{"kind":"user","kind":"user"}', 'kind', 'MALFORMED_JSON'],
    [`{"kind":"user","metadata":${'['.repeat(5000)}`, 'row', 'MALFORMED_JSON'],
    ['{"kind":"user"', 'row', 'MALFORMED_JSON'],
    ['[1]', 'row', 'INVALID_FILE'],
    ['{"kind":"user","email":"x\0@all.example"}', 'row', 'MALFORMED_JSON'],
  ];
  const before = await eventCount();
  const done = await put(
    `{"kind":"user","email":"Ada@All.example"}\n${cases.map(([row]) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n')}`,
  );
  expect(await errors(done.id)).toEqual(cases.map(([, field, code], index) => [index + 2, field, code]));
  expect(await eventCount()).toBe(before);
});

test('blank lines, CR LF, CR, a byte order mark and a missing last line end are fine', async () => {
  const done = await put(
    '\ufeff{"kind":"user","email":"l1@all.example"}\r\n\r\n{"kind":"user","email":"l2@all.example"}\r{"kind":"user","email":"bad"}\n\n  \n{"kind":"user","email":"l3@all.example"}',
  );
  expect(done.counts.user).toMatchObject({ created: 3, invalid: 1 });
  expect(await errors(done.id)).toEqual([[4, 'email', 'INVALID_EMAIL']]);
  expect(await put('')).toMatchObject({ state: 'DONE', rows_total: 0 });
});

test('a line beyond 1 MB is one rejected row', async () => {
  const done = await put(
    `{"kind":"user","email":"big1@all.example"}\n{"x":"${'a'.repeat(3_000_000)}"}\n{"kind":"user","email":"big2@all.example"}\n`,
  );
  expect(done).toMatchObject({ counts: { user: { created: 2 }, unknown: { invalid: 1 } } });
  expect(await errors(done.id)).toEqual([[2, 'row', 'INVALID_FILE']]);
});

describe('a file that cannot be read is refused at once, and its import failed', () => {
  test.each<[string, Parameters<typeof send>[0], string]>([
    ['UTF-16', new Uint8Array(Buffer.from('\ufeff{"kind":"user"}', 'utf16le')), 'UTF-8'],
    ['Latin-1', new Uint8Array(Buffer.from('{"kind":"user","email":"\xfc"}', 'latin1')), 'UTF-8'],
    ['an array', '[{"kind":"user"},\n{"kind":"user"}]', 'line 1: begins an array'],
    ['pretty JSON', '{\n  "kind": "user"\n}', 'line 1: begins an object'],
  ])('%s', async (_name, file, message) => {
    const { status, code, message: told } = await send(file);
    expect([status, code]).toEqual([400, 'INVALID_FILE']);
    expect(told).toContain(message);
    const { body } = await request('GET', '/api/v1/imports?page_size=1');
    expect(Object(body).imports).toMatchObject([{ state: 'FAILED', rows_total: 0, error: { error_code: 'INVALID_FILE' } }]);
  });

  test('other content types are 415, a format that contradicts is 400', async () => {
    expect((await send('{}', '', { 'content-type': 'application/json' })).code).toBe('UNSUPPORTED_MEDIA_TYPE');
    expect((await send('{}', '', { 'content-type': 'text/csv; charset=latin1' })).code).toBe('UNSUPPORTED_MEDIA_TYPE');
    expect((await send('{}', '?format=ndjson', { 'content-type': 'text/csv' })).code).toBe('INVALID_ARGUMENT');
    expect((await request('POST', '/api/v1/organizations', 'a,b', { 'content-type': 'text/csv' })).status).toBe(415);
  });

  test('an upload that stalls is 408', async () => {
    const stalled = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"kind":"user",')),
    });
    const { status, code } = await send(stalled);
    expect([status, code]).toEqual([408, 'REQUEST_TIMEOUT']);
  });

  test('an upload whose client goes away leaves a failed import', async () => {
    const abort = new AbortController();
    const sent = uploadWithoutEnd(server, server.client, '{"kind":"user",', abort.signal);
    setTimeout(() => abort.abort(), 100);
    await expect(sent).rejects.toThrow();
    const { id } = Object((await request('GET', '/api/v1/imports?page_size=1')).body).imports[0];
    expect(await ended(server.client, id)).toMatchObject({ state: 'FAILED', error: { error_code: 'MALFORMED_REQUEST' } });
  });
});

test('a dry run counts and shows differences, and writes nothing', async () => {
  const rows = [
    { kind: 'organization', external_id: 'DRY-1', ref: 'd', display_name: 'Dry' },
    { kind: 'organization', external_id: 'ALL-1', metadata: { plan: 'max' } },
    { kind: 'user', email: 'dry@all.example', ref: 'u' },
    { kind: 'membership', organization: { ref: 'd' }, user: { ref: 'u' } },
    { kind: 'user', email: 'bad' },
    ...Array.from({ length: 1200 }, (_, index) => ({
      kind: 'organization',
      external_id: 'DRY-1',
      metadata: { [`k${index % 3}`]: index },
    })).slice(0, 3),
  ];
  const before = await eventCount();
  const done = await put(rows, '?dry_run=true');
  expect(done).toMatchObject({
    state: 'DONE',
    rows_rejected: 1,
    counts: { organization: { created: 1, updated: 4 }, user: { created: 1, invalid: 1 }, membership: { created: 1 } },
  });
  expect(done.samples.find(({ line }) => line === 2)).toMatchObject({ kind: 'organization', changed: { 'metadata.plan': ['pro', 'max'] } });
  expect(await eventCount()).toBe(before);
  expect((await request('GET', '/api/v1/organizations:external/DRY-1')).status).toBe(404);
  const real = await put(rows);
  expect(real.counts).toEqual(done.counts);
});

test('an atomic import with a rejected row writes nothing, and all of it without one', async () => {
  const rows = [
    { kind: 'user', email: 'atomic1@all.example', external_id: 'AT-1' },
    { kind: 'user', email: 'bad' },
  ];
  const failed = await put(rows, '?atomic=true');
  expect(failed).toMatchObject({ state: 'FAILED', error: { error_code: 'IMPORT_REJECTED' }, rows_rejected: 1 });
  expect(await errors(failed.id)).toEqual([[2, 'email', 'INVALID_EMAIL']]);
  expect((await request('GET', '/api/v1/users:external/AT-1')).status).toBe(404);
  expect(await put(rows.slice(0, 1), '?atomic=true')).toMatchObject({ state: 'DONE', counts: { user: { created: 1 } } });
  expect((await request('GET', '/api/v1/users:external/AT-1')).status).toBe(200);
});

test('invitations are sent only if they are asked for', async () => {
  const rows = (name: string) => [
    { kind: 'user', email: `${name}@invite.example`, ref: 'u' },
    {
      kind: 'membership',
      organization: { external_id: 'ALL-1' },
      user: { ref: 'u' },
      ...(name === 'silent' ? { membership_status: 'PENDING_INVITE' } : {}),
    },
  ];
  const invited = async () =>
    (await server.database.pool.query("select count(*)::int as count from events where type = 'user.organization_invitation'")).rows[0]
      .count;
  const before = await invited();
  await put(rows('silent'));
  expect(await invited()).toBe(before);
  await put(rows('loud'), '?send_invitations=true');
  expect(await invited()).toBe(before + 1);
  const { body } = await request('GET', `/api/v1/organizations/${(await org('ALL-1')).id}/invitations?state=PENDING`);
  expect(Object(body).total_size).toBe(2);
});

test('the same Idempotency-Key is the same import', async () => {
  const key = { 'idempotency-key': 'imports-1' };
  const first = await send([{ kind: 'user', email: 'once@all.example' }], '', key);
  const second = await send([{ kind: 'user', email: 'once@all.example' }], '', key);
  expect([first.status, second.status, second.headers.get('idempotent-replayed')]).toEqual([202, 202, 'true']);
  expect(Object(second.body).import.id).toBe(Object(first.body).import.id);
});

test('imports are listed, and unknown ones are 404', async () => {
  const { body } = await request('GET', '/api/v1/imports?page_size=2');
  expect(Object(body).imports).toHaveLength(2);
  expect(Object(body).next_page_token).not.toBe('');
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/errors'],
    ['GET', '/rejected'],
    ['POST', ':cancel'],
  ] as const) {
    expect(Object((await request(method, `/api/v1/imports/imp_7${path}`)).body).details[0].error_code).toBe('IMPORT_NOT_FOUND');
  }
  const done = await put([{ kind: 'user', email: 'done@all.example' }]);
  expect(Object((await request('POST', `/api/v1/imports/${done.id}:cancel`)).body).details[0].error_code).toBe('IMPORT_ENDED');
});
