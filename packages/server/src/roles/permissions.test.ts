import { expect, test } from 'vitest';
import { type TestAnswer, tagOf, useTestServer } from '../testing.ts';

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);
const path = '/api/v1/permissions';

function refusal({ status, body }: TestAnswer) {
  const { code, details } = Object(body);
  const [{ error_code, validation_error_info: violations }] = details;
  return { status, code, error_code, fields: (violations?.field_violations ?? []).map(({ field }: { field: string }) => field) };
}

async function eventsOf(publicId: string): Promise<Record<string, unknown>[]> {
  const { rows } = await server.database.pool.query(
    'select type, record_kind, record_version, organization_id, changed from events where record_id = $1 order by sequence',
    [publicId.replace(/^\w+_/, '')],
  );
  return rows;
}

test('create, read, update, delete; a description may be empty; each change has its event', async () => {
  const made = await request('POST', path, { name: 'invoices:read' });
  expect([made.status, made.body]).toMatchObject([201, { permission: { name: 'invoices:read', description: '', version: 1 } }]);
  const { permission } = Object(made.body);
  const url = `${path}/invoices:read`;
  const read = await request('GET', url);
  expect([read.status, read.body, read.headers.get('etag')]).toEqual([200, { permission }, tagOf(1)]);
  expect((await request('GET', `${path}/invoices%3Aread`)).body).toEqual({ permission });
  const changed = await request('PUT', url, { name: 'invoices:read', description: 'See invoices.' });
  expect([changed.status, changed.body]).toMatchObject([200, { permission: { description: 'See invoices.', version: 2 } }]);
  expect((await request('PUT', url, {})).body).toEqual(changed.body);
  expect((await request('DELETE', url)).status).toBe(204);
  expect((await eventsOf(permission.id)).map(({ type, record_kind, record_version }) => [type, record_kind, record_version])).toEqual([
    ['permission.created', 'permission', '1'],
    ['permission.updated', 'permission', '2'],
    ['permission.deleted', 'permission', '3'],
  ]);
  expect((await request('POST', path, { name: 'invoices:read' })).status).toBe(201);
});

test('400 for a name that is taken: INVALID_ARGUMENT over gRPC, with the field and the holder', async () => {
  const { body } = await request('POST', path, { name: 'taken' });
  const answer = await request('POST', path, { name: 'taken' });
  expect(refusal(answer)).toEqual({ status: 400, code: 3, error_code: 'PERMISSION_NAME_TAKEN', fields: ['name'] });
  expect(Object(answer.body).details[0].resource_info).toMatchObject({ id: Object(body).permission.id });
});

test.each([
  [{}, 'name'],
  [{ name: '' }, 'name'],
  [{ name: 'non.existent.permission' }, 'name'],
  [{ name: 'a'.repeat(65) }, 'name'],
  [{ name: 'x', description: 'a'.repeat(2001) }, 'description'],
  [{ name: 'x', description: 'a\u0000' }, 'description'],
  [{ name: 'x', id: 'perm_1' }, 'id'],
])('400 for %j', async (body, field) => {
  expect(refusal(await request('POST', path, body))).toMatchObject({ status: 400, fields: [field] });
});

test('404 for an unknown one, whatever the name; 400 for another name in the body; 412 for a stale version', async () => {
  for (const name of ['unknown', 'non.existent.permission', '%00', 'a'.repeat(200)]) {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      expect(refusal(await request(method, `${path}/${name}`, method === 'PUT' ? { description: 'x' } : undefined))).toMatchObject({
        status: 404,
        code: 5,
        error_code: 'PERMISSION_NOT_FOUND',
      });
    }
  }
  await request('POST', path, { name: 'fixed' });
  expect(refusal(await request('PUT', `${path}/fixed`, { name: 'other' }))).toMatchObject({ status: 400, fields: ['name'] });
  expect((await request('PUT', `${path}/fixed`, { description: 'x' }, { 'if-match': '"7"' })).status).toBe(412);
  expect((await request('DELETE', `${path}/fixed`, undefined, { 'if-match': '"7"' })).status).toBe(412);
});

test('a list is paged, newest first', async () => {
  const other = await server.addEnvironment('pages');
  for (let index = 0; index < 5; index += 1) await other.request('POST', path, { name: `p:${index}`, description: `P${index}` });
  const names: string[] = [];
  for (let token = ''; ; ) {
    const { status, body } = await other.request('GET', `${path}?page_size=2&page_token=${token}`);
    expect([status, Object(body).total_size]).toEqual([200, 5]);
    names.push(...Object(body).permissions.map(({ name }: { name: string }) => name));
    token = Object(body).next_page_token;
    if (token === '') break;
  }
  expect(names).toEqual(['p:4', 'p:3', 'p:2', 'p:1', 'p:0']);
  expect(Object((await other.request('GET', path)).body).permissions[0]).toMatchObject({ name: 'p:4', description: 'P4' });
  const { next_page_token: token } = Object((await other.request('GET', `${path}?page_size=2`)).body);
  expect(refusal(await request('GET', `${path}?page_token=${token}`))).toMatchObject({ status: 400, error_code: 'INVALID_PAGE_TOKEN' });
});

test('a permission that is deleted is taken from every role that has it, each with its version and event', async () => {
  await request('POST', path, { name: 'spread' });
  await request('POST', path, { name: 'kept' });
  const { pool } = server.database;
  const environment = server.client.environmentId;
  const { organization } = Object((await request('POST', '/api/v1/organizations', { display_name: 'O' })).body);
  await pool.query(
    `insert into roles (environment_id, id, organization_id, name, display_name)
     select $1, 9000000 + n, case when n > 400 then $2::bigint end, 'spread_' || n, 'R' from generate_series(1, 1200) n`,
    [environment, organization.id.slice(4)],
  );
  await pool.query(
    `insert into role_permissions (environment_id, role_id, permission_id)
     select $1, r.id, p.id from roles r, permissions p where r.name like 'spread\\_%' and p.name in ('spread', 'kept')`,
    [environment],
  );
  expect((await request('DELETE', `${path}/spread`)).status).toBe(204);
  const { rows } = await pool.query(
    `select r.version, count(*)::int as count, count(g.role_id)::int as kept from roles r
     left join role_permissions g on g.environment_id = r.environment_id and g.role_id = r.id where r.name like 'spread\\_%' group by r.version`,
  );
  expect(rows).toEqual([{ version: '2', count: 1200, kept: 1200 }]);
  const events = await pool.query(
    "select organization_id, count(*)::int as count from events where type = 'role.updated' group by 1 order by 2",
  );
  expect(events.rows).toEqual([
    { organization_id: null, count: 400 },
    { organization_id: organization.id.slice(4), count: 800 },
  ]);
  expect((await eventsOf('role_9000001'))[0]).toMatchObject({
    changed: {
      permissions: [
        [expect.objectContaining({ name: 'kept' }), expect.objectContaining({ name: 'spread' })],
        [expect.objectContaining({ name: 'kept' })],
      ],
    },
  });
});

test('a list is narrowed by type: all there are belong to the environment', async () => {
  await request('POST', path, { name: 'typed' });
  const named = async (type: string) => Object((await request('GET', `${path}?type=${type}`)).body).permissions?.length;
  expect([await named('ALL'), await named('ENVIRONMENT')].every((length) => length > 0)).toBe(true);
  expect(await named('SCALEKIT')).toBe(0);
  expect(await request('GET', `${path}?type=OTHER`)).toMatchObject({ status: 400, body: { message: expect.stringMatching(/^type: /) } });
});
