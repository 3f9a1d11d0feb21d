import type { Import } from '@crosswalk/contract';
import { beforeAll, expect, test } from 'vitest';
import { environmentIdOf, makeFirstOperator } from '../operators/testing.ts';
import { type TestClient, useTestServer } from '../testing.ts';
import { errorsOf, imported, upload } from './testing.ts';
import { recordsOf } from './undo.ts';
import { wavesOf } from './undo-identity.ts';

const server = useTestServer({ imports: { lease: 600 } });
beforeAll(() => server.startWork());
const wholeKinds = ['organization', 'user', 'membership', 'role', 'permission'] as const;

/** Waits until the undo of an import has ended. */
async function undoEnded({ request }: TestClient, id: string): Promise<Import> {
  for (;;) {
    const found: Import = Object((await request('GET', `/api/v1/imports/${id}`)).body).import;
    if (found.undo?.finish_time != null) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
async function undone(client: TestClient, id: string): Promise<Import> {
  const { status, text } = await client.request('POST', `/api/v1/imports/${id}:undo`);
  expect([status, text]).toEqual([202, expect.stringContaining('"undo":{"state":')]);
  return undoEnded(client, id);
}
async function leftOf(client: TestClient, id: string, query = ''): Promise<[number, string, string][]> {
  const { body } = await client.request('GET', `/api/v1/imports/${id}/left${query}`);
  return Object(body).left.map(({ line, kind, reason }: Record<string, string>) => [line, kind, reason]);
}

/** All that an environment has, but versions and times of changes. Other times are as answers have them, of milliseconds. */
async function stateOf({ environmentId }: TestClient): Promise<unknown> {
  const tables = ['organizations', 'users', 'memberships', 'roles', 'permissions', 'role_permissions', 'domains', 'external_ids'];
  const state: Record<string, unknown> = {};
  for (const table of tables) {
    const { rows } = await server.database.pool.query(
      `select to_jsonb(t) - 'version' - 'update_time' - 'search_text' as row from ${table} t where environment_id = $1 order by to_jsonb(t)::text`,
      [environmentId],
    );
    state[table] = rows
      .map(({ row }) => JSON.stringify(row).replace(/(?<=")\d{4}-\d\d-\d\dT[^"]+/g, (time) => new Date(time).toISOString()))
      .sort()
      .map((row) => JSON.parse(row));
  }
  const { rows } = await server.database.pool.query(
    'select default_creator_role_id, default_member_role_id from environments where id = $1',
    [environmentId],
  );
  return { ...state, defaults: rows };
}

const start = [
  { kind: 'permission', name: 'a:b', description: 'Was.' },
  { kind: 'permission', name: 'c:d' },
  { kind: 'role', name: 'first', display_name: 'First', permissions: ['a:b', 'c:d'], extends: 'member' },
  {
    kind: 'organization',
    external_id: 'O-1',
    external_ids: { stripe: 'cus_1', crm: 'c-1' },
    display_name: 'One',
    slug: 'one',
    metadata: { plan: 'pro', deep: { a: 1 } },
    settings: { user_management: { max_allowed_users: 5 } },
    domains: [{ domain: 'one.example' }],
  },
  { kind: 'organization', external_id: 'O-2', external_ids: { erp: 'e-2' }, display_name: 'Two', slug: 'two' },
  { kind: 'role', name: 'own', organization: { external_id: 'O-1' }, display_name: 'Own', default_member: true },
  { kind: 'user', external_id: 'U-1', email: 'ada@one.example', user_profile: { given_name: 'Ada' }, metadata: { quota: 1 } },
  { kind: 'user', external_id: 'U-2', email: 'bob@one.example' },
  { kind: 'membership', organization: { external_id: 'O-1' }, user: { external_id: 'U-1' }, roles: ['first'], metadata: { seat: 1 } },
  {
    kind: 'membership',
    organization: { external_id: 'O-1' },
    user: { external_id: 'U-2' },
    membership_status: 'PENDING_INVITE',
    inviter_email: 'ada@one.example',
  },
];

const changes = [
  { kind: 'permission', name: 'a:b', description: 'Is.' },
  { kind: 'permission', name: 'new:one' },
  { kind: 'role', name: 'first', display_name: 'Changed', permissions: ['new:one'], extends: null },
  { kind: 'role', name: 'second', display_name: 'Second', extends: 'first', default_member: true, default_creator: true },
  { kind: 'role', name: 'third', display_name: 'Third', default_member: true },
  {
    kind: 'organization',
    external_ids: { crm: 'c-1', stripe: null, hub: 'h-1' },
    external_id: 'O-1b',
    display_name: 'One changed',
    slug: 'three',
    metadata: { plan: null, deep: { b: 2 }, more: [1] },
    settings: { features: [{ name: 'sso', enabled: true }], user_management: { max_allowed_users: null } },
    default_member_role: 'third',
    domains: [{ domain: 'added.example' }, { domain: 'mail.example', domain_type: 'ALLOWED_EMAIL_DOMAIN' }],
  },
  // The slug that was just given up, and an alias of another.
  { kind: 'organization', external_id: 'OLD', external_ids: { erp: 'e-2' }, slug: 'one' },
  { kind: 'organization', external_id: 'O-3', ref: 'o3', display_name: 'Three', domains: [{ domain: 'three.example' }] },
  { kind: 'role', name: 'fresh', organization: { ref: 'o3' }, display_name: 'Fresh', extends: 'second', default_member: true },
  { kind: 'role', name: 'own2', organization: { external_id: 'O-1b' }, display_name: 'Own 2', default_member: true },
  {
    kind: 'user',
    external_id: 'U-1',
    email: 'ada@elsewhere.example',
    user_profile: { given_name: 'Eda', name: 'E' },
    metadata: { quota: { x: 1 } },
  },
  { kind: 'user', external_id: 'U-2', email: 'ada@one.example' },
  { kind: 'user', external_id: 'U-3', email: 'new@one.example' },
  {
    kind: 'membership',
    organization: { external_id: 'O-1b' },
    user: { external_id: 'U-1' },
    roles: ['second', 'own2'],
    membership_status: 'INACTIVE',
  },
  {
    kind: 'membership',
    organization: { external_id: 'O-1b' },
    user: { external_id: 'U-2' },
    membership_status: 'ACTIVE',
    metadata: { a: 1 },
  },
  { kind: 'membership', organization: { ref: 'o3' }, user: { external_id: 'U-3' }, roles: ['fresh'] },
  // Again, as one.
  { kind: 'user', external_id: 'U-1', external_ids: { hr: 'h1' } },
  { kind: 'organization', external_id: 'O-3', metadata: { again: true } },
];

test('an undo gives everything exactly back: names, metadata, external IDs with aliases, settings, domains, roles, defaults, invitations', async () => {
  const client = await server.addEnvironment('exact');
  expect((await imported(server, client, start)).rows_rejected).toBe(0);
  const { body } = await client.request('POST', '/api/v1/organizations', { display_name: 'Has an alias', external_id: 'OLD' });
  await client.request('PATCH', `/api/v1/organizations/${Object(body).organization.id}`, { external_id: 'NEW' });
  const before = await stateOf(client);
  const done = await imported(server, client, changes);
  expect([done.state, await errorsOf(client, done.id), done.undo]).toEqual(['DONE', [], null]);
  expect(await stateOf(client)).not.toEqual(before);
  const versions = await client.request('GET', '/api/v1/events?limit=1000');
  const seen = Object(versions.body).events.length;

  const { undo, state } = await undone(client, done.id);
  expect(await leftOf(client, done.id)).toEqual([]);
  expect(undo).toMatchObject({
    state: 'DONE',
    rows_done: changes.length,
    rows_total: changes.length,
    counts: {
      permission: { removed: 1, restored: 1, left: 0 },
      role: { removed: 4, restored: 1, left: 0 },
      organization: { removed: 1, restored: 2, left: 0 },
      user: { removed: 1, restored: 2, left: 0 },
      membership: { removed: 1, restored: 2, left: 0 },
    },
  });
  expect(state).toBe('DONE');
  expect(await stateOf(client)).toEqual(before);

  // Readers of the feed see it like any change, in an order in which nothing refers to what is gone.
  const { rows } = await server.database.pool.query('select type from events where environment_id = $1 order by sequence', [
    client.environmentId,
  ]);
  const types = rows.slice(seen).map(({ type }) => type);
  expect(types.filter((type) => /deleted$/.test(type))).toEqual([
    'user.organization_membership_deleted',
    'role.deleted',
    'role.deleted',
    'user.deleted',
    'organization.domain_deleted',
    'organization.domain_deleted',
    'organization.domain_deleted',
    'organization.deleted',
    'role.deleted',
    'role.deleted',
    'permission.deleted',
  ]);
  expect((await client.request('POST', `/api/v1/imports/${done.id}:undo`)).text).toContain('was undone already');
  // What was undone can be done again.
  expect((await imported(server, client, changes)).rows_rejected).toBe(0);
});

test('an undo of rows that found their records by former IDs leaves those aliases', async () => {
  const client = await server.addEnvironment('former');
  await imported(server, client, start);
  const named = async (path: string) => Object(Object((await client.request('GET', `/api/v1/${path}`)).body));
  const { organization } = await named('organizations:external/O-1');
  const { user } = await named('users:external/U-1');
  await client.request('PATCH', `/api/v1/organizations/${organization.id}`, { external_id: 'O-1b', external_ids: { stripe: 'cus_1b' } });
  await client.request('PATCH', `/api/v1/users/${user.id}`, { external_id: 'U-1b' });
  const before = await stateOf(client);
  const { id, counts } = await imported(server, client, [
    { kind: 'organization', external_id: 'O-1', external_ids: { stripe: 'cus_1' }, display_name: 'By former IDs' },
    { kind: 'user', external_id: 'U-1', email: 'former@one.example' },
  ]);
  expect(counts).toMatchObject({ organization: { updated: 1 }, user: { updated: 1 } });
  expect((await undone(client, id)).undo).toMatchObject({
    counts: { organization: { restored: 1, left: 0 }, user: { restored: 1, left: 0 } },
  });
  expect(await stateOf(client)).toEqual(before);
});

test('records that were changed, removed, or used since are left alone and listed; what they had is not touched', async () => {
  const client = await server.addEnvironment('left');
  await imported(server, client, start);
  const { id } = await imported(server, client, [
    { kind: 'organization', external_id: 'O-1', display_name: 'Changed', slug: 'free' },
    { kind: 'organization', external_id: 'O-2', external_ids: { stripe: 'x' }, slug: 'was-two' },
    { kind: 'organization', external_id: 'N-1', display_name: 'New, with a member since' },
    { kind: 'organization', external_id: 'N-2', display_name: 'New, with a domain since' },
    { kind: 'user', external_id: 'U-1', user_profile: { name: 'Changed' } },
    { kind: 'user', external_id: 'N-3', email: 'member@since.example' },
    { kind: 'user', external_id: 'N-4', email: 'gone@since.example' },
    { kind: 'user', external_id: 'N-5', email: 'plain@since.example' },
    { kind: 'role', name: 'given', display_name: 'Given since' },
    { kind: 'membership', organization: { external_id: 'O-2' }, user: { external_id: 'N-5' }, roles: [] },
  ]);
  const get = async (path: string) => Object((await client.request('GET', `/api/v1/${path}`)).body);
  const [one, two, made, withDomain] = await Promise.all(
    ['O-1', 'O-2', 'N-1', 'N-2'].map(async (key) => (await get(`organizations:external/${key}`)).organization),
  );
  const [changed, member, gone] = await Promise.all(['U-1', 'N-3', 'N-4'].map(async (key) => (await get(`users:external/${key}`)).user));
  await client.request('PATCH', `/api/v1/organizations/${one.id}`, { metadata: { since: 1 } });
  await client.request('PATCH', `/api/v1/organizations/${withDomain.id}`, {});
  await client.request('POST', `/api/v1/organizations/${withDomain.id}/domains`, { domain: 'since.example' });
  await client.request('POST', '/api/v1/organizations', { display_name: 'Takes what was given up', slug: 'two' });
  await client.request('PATCH', `/api/v1/users/${changed.id}`, { metadata: { since: 1 } });
  await client.request('DELETE', `/api/v1/users/${gone.id}`);
  const path = `/api/v1/memberships/organizations/${made.id}/users/${member.id}`;
  expect((await client.request('POST', path, { roles: [{ name: 'given' }], send_invitation_email: false })).status).toBe(201);

  const { undo } = await undone(client, id);
  expect(await leftOf(client, id)).toEqual([
    [1, 'organization', 'changed'],
    [2, 'organization', 'conflict'],
    [3, 'organization', 'in_use'],
    [4, 'organization', 'in_use'],
    [5, 'user', 'changed'],
    [6, 'user', 'in_use'],
    [7, 'user', 'gone'],
    [9, 'role', 'in_use'],
  ]);
  expect(undo).toMatchObject({ state: 'DONE', rows_done: 10, counts: { user: { removed: 1, left: 3 }, membership: { removed: 1 } } });
  expect(await leftOf(client, id, '?after=3&limit=2')).toEqual([
    [4, 'organization', 'in_use'],
    [5, 'user', 'changed'],
  ]);
  const { body } = await client.request('GET', `/api/v1/imports/${id}/left?limit=1`);
  expect(Object(body)).toMatchObject({ next_after: 1, left: [{ id: one.id, message: 'it is at version 4, and the import left it at 3' }] });
  expect((await get('organizations:external/O-1')).organization).toMatchObject({ display_name: 'Changed', metadata: { since: 1 } });
  expect((await get(`organizations/${two.id}`)).organization).toMatchObject({ slug: 'was-two', external_ids: { stripe: 'x' } });
});

test('what wrote nothing, has not ended, ended long ago or was undone cannot be undone; the message says why', async () => {
  const client = await server.addEnvironment('refused');
  const why = async (id: string) => {
    const { status, body } = await client.request('POST', `/api/v1/imports/${id}:undo`);
    return [status, Object(body).details[0].error_code, Object(body).message.replace(/^imp_[0-9]+ /, '')];
  };
  const rows = [{ kind: 'user', email: 'r@refused.example' }];
  const dry = await imported(server, client, rows, '?dry_run=true');
  expect(await why(dry.id)).toEqual([400, 'IMPORT_NOT_UNDOABLE', 'was a dry run, which writes nothing']);
  const failed = await imported(server, client, [...rows, { kind: 'user', email: 'no address' }], '?atomic=true');
  expect(await why(failed.id)).toEqual([400, 'IMPORT_NOT_UNDOABLE', 'wrote nothing: it was atomic and did not end well']);
  const atomic = await imported(server, client, rows, '?atomic=true');
  await server.database.pool.query("update imports set finish_time = now() - interval '31 days' where id = $1", [atomic.id.slice(4)]);
  expect((await why(atomic.id))[2]).toBe('ended more than 30 days ago, and its rows are not kept any longer');
  await server.database.pool.query('update imports set finish_time = now() where id = $1', [atomic.id.slice(4)]);
  expect((await undone(client, atomic.id)).undo?.counts.user).toEqual({ removed: 1, restored: 0, left: 0 });
  const waiting = Object((await upload(server, client, rows)).body).import.id;
  await server.database.pool.query(
    "update imports set state = 'RUNNING', finish_time = null, holder = 'x', lease_until = now() + interval '1 day' where id = $1",
    [waiting.slice(4)],
  );
  expect((await why(waiting))[2]).toBe('is RUNNING; cancel it, or wait until it has ended');
  expect(Object((await client.request('POST', '/api/v1/imports/imp_7:undo')).body).details[0].error_code).toBe('IMPORT_NOT_FOUND');
  expect(Object((await client.request('GET', '/api/v1/imports/imp_7/left')).body).details[0].error_code).toBe('IMPORT_NOT_FOUND');
});

test('an undo that is asked for again under its Idempotency-Key is answered as before, also when it has ended', async () => {
  const client = await server.addEnvironment('asked-again');
  const { id } = await imported(server, client, [{ kind: 'user', email: 'a@again.example' }]);
  const undo = () => client.request('POST', `/api/v1/imports/${id}:undo`, undefined, { 'idempotency-key': 'undo' });
  const first = await undo();
  expect(first.status).toBe(202);
  await undoEnded(client, id);
  const again = await undo();
  expect([again.status, again.text, again.headers.get('idempotent-replayed')]).toEqual([202, first.text, 'true']);
});

test('an undo goes on after the last batch of a worker that was killed, can be canceled, and goes on when it is asked for again', async () => {
  const client = await server.addEnvironment('resumed');
  const rows = Array.from({ length: 3000 }, (_, index) => ({
    kind: 'user',
    email: `u${index}@resumed.example`,
    external_id: `R-${index}`,
  }));
  const { id } = await imported(server, client, rows);
  const count = async () =>
    (await server.database.pool.query('select count(*)::int as count from users where environment_id = $1', [client.environmentId])).rows[0]
      .count;
  await client.request('POST', `/api/v1/imports/${id}:undo`);
  for (let users = await count(); users === 3000; users = await count());
  expect((await client.request('POST', `/api/v1/imports/${id}:cancel`)).status).toBe(200);
  const canceled = await undoEnded(client, id);
  const left = await count();
  expect(canceled.undo).toMatchObject({ state: 'CANCELED', rows_done: 3000 - left });
  expect(left).toBeGreaterThan(0);
  // What a worker leaves that was killed between two batches.
  await server.database.pool.query(
    `update imports set undo_state = 'RUNNING', undo_finish_time = null, holder = 'killed', lease_until = now() + interval '1 second' where id = $1`,
    [id.slice(4)],
  );
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(await count()).toBe(left);
  expect((await undoEnded(client, id)).undo).toMatchObject({
    state: 'DONE',
    rows_done: 3000,
    counts: { user: { removed: 3000, left: 0 } },
  });
  expect(await count()).toBe(0);
  const { rows: deleted } = await server.database.pool.query(
    "select count(*)::int as count from events where environment_id = $1 and type = 'user.deleted'",
    [client.environmentId],
  );
  expect(deleted[0].count).toBe(3000);

  const again = await imported(server, client, rows.slice(0, 500));
  await client.request('POST', `/api/v1/imports/${again.id}:undo`);
  await client.request('POST', `/api/v1/imports/${again.id}:cancel`);
  expect((await undone(client, again.id)).undo).toMatchObject({ state: 'DONE', counts: { user: { removed: 500 } } });
  expect(wholeKinds.map((kind) => canceled.undo?.counts[kind].left)).toEqual([0, 0, 0, 0, 0]);
});

test('rows of one record are one, unless somebody changed it between them', () => {
  const row = (line: number, version: number, before: number | null) => ({
    line,
    recordId: '1',
    version,
    restore: before === null ? null : { version: before },
  });
  expect(recordsOf([row(9, 4, 3), row(2, 3, 2)])).toMatchObject([{ isNew: false, isWhole: true, version: 4, before: { version: 2 } }]);
  expect(recordsOf([row(1, 1, null), row(2, 2, 1)])).toMatchObject([{ isNew: true, isWhole: true, version: 2, before: undefined }]);
  expect(recordsOf([row(1, 1, null), row(2, 3, 2)])).toMatchObject([{ isNew: true, isWhole: false, version: 3 }]);
});

test('names that go in a ring are refused, names that follow each other go in waves', () => {
  const item = (id: string, now: string, wanted: string) => ({
    id,
    now: { ids: new Map(), key: now },
    wanted: { ids: new Map(), key: wanted },
  });
  const ids = ({ waves, refused }: ReturnType<typeof wavesOf>) => [
    waves.map((wave) => wave.map(({ id }) => id)),
    refused.map(({ id }) => id),
  ];
  const keys = new Map([
    ['a', '1'],
    ['b', '2'],
  ]);
  expect(ids(wavesOf([item('2', 'b', 'a'), item('1', 'a', 'c')], new Map(), keys))).toEqual([[['1'], ['2']], []]);
  expect(ids(wavesOf([item('2', 'b', 'a'), item('1', 'a', 'b'), item('3', 'c', 'd')], new Map(), keys))).toEqual([[['3']], ['2', '1']]);
});

test('the events of an undo tell who asked for it, an operator too', async () => {
  const { id } = await imported(server, server.client, [{ kind: 'organization', external_id: 'by-operator', display_name: 'Undone' }]);
  const browser = await makeFirstOperator(server);
  const { operator } = Object((await browser.request('GET', '/api/v1/session')).body).session;
  const { status } = await browser.inside(environmentIdOf(server.client), 'POST', `/api/v1/imports/${id}:undo`);
  expect(status).toBe(202);
  await undoEnded(server.client, id);
  const { events } = Object((await server.client.request('GET', '/api/v1/events?types=organization&limit=1000')).body);
  const own = events.filter(({ external_id: externalId }: { external_id: string }) => externalId === 'by-operator');
  expect(own.map(({ type, actor }: { type: string; actor: object }) => [type, actor])).toEqual([
    ['organization.created', { type: 'client', id: server.client.clientId }],
    ['organization.deleted', { type: 'operator', id: operator.id }],
  ]);
});
