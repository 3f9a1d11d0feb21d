import { roleLimits } from '@crosswalk/contract';
import { beforeAll, expect, test } from 'vitest';
import { type TestAnswer, useTestServer } from '../testing.ts';

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);

let organizationId = '';
let count = 0;

beforeAll(async () => {
  organizationId = Object((await request('POST', '/api/v1/organizations', { display_name: 'Acme' })).body).organization.id;
  for (const name of ['a:read', 'b:read', 'c:read']) await request('POST', '/api/v1/permissions', { name });
  for (const [name, permissions, base] of [
    ['reader', ['a:read'], null],
    ['writer', ['b:read'], 'reader'],
    ['third', ['c:read'], null],
  ]) {
    expect((await request('POST', '/api/v1/roles', { name, display_name: `The ${name}`, permissions, extends: base })).status).toBe(201);
  }
  await request('POST', `/api/v1/organizations/${organizationId}/roles`, { name: 'local', display_name: 'Local', extends: 'third' });
});

/** A member with these roles: paths of the membership and of the user in the organization. */
async function newMember(roles: string[], active = true) {
  count += 1;
  const { body } = await request('POST', `/api/v1/organizations/${organizationId}/users`, {
    email: `user${count}@example.com`,
    external_id: `E-${count}`,
    send_invitation_email: !active,
    membership: { roles: roles.map((name) => ({ name })) },
  });
  const { id } = Object(body).user;
  return {
    membership: `/api/v1/memberships/organizations/${organizationId}/users/${id}`,
    user: `/api/v1/organizations/${organizationId}/users/${id}`,
    external: `/api/v1/organizations/${organizationId}/users:external/E-${count}`,
    query: (part: string) => `/api/v1/organizations/${organizationId}/users:external:${part}?external_id=E-${count}`,
  };
}

const assign = (user: string, names: string[], headers = {}) =>
  request(
    'POST',
    `${user}/roles`,
    names.map((name) => ({ role_name: name })),
    headers,
  );
const namesIn = ({ body }: TestAnswer, list = 'roles') => Object(body)[list].map(({ name }: { name: string }) => name);
const errorOf = ({ status, body }: TestAnswer) => [status, Object(body).details[0].error_code];

test('assigning adds to what there is, once, with a version and an event; the answer has all', async () => {
  const { user, membership } = await newMember(['reader']);
  const first = await assign(user, ['local', 'reader']);
  expect([first.status, first.body]).toMatchObject([
    200,
    {
      roles: [
        { name: 'reader', display_name: 'The reader', id: expect.stringMatching(/^role_/) },
        { name: 'local', display_name: 'Local' },
      ],
    },
  ]);
  expect((await assign(user, ['local'])).body).toEqual(first.body);
  expect(Object((await request('GET', membership)).body).membership).toMatchObject({ version: 2, roles: Object(first.body).roles });
});

test('listing shows what is given and then what that extends; removing takes only what is given', async () => {
  const { user } = await newMember(['writer', 'third']);
  expect(Object((await request('GET', `${user}/roles`)).body).roles).toMatchObject([
    { name: 'writer', inherited: false },
    { name: 'third', inherited: false },
    { name: 'reader', inherited: true },
  ]);
  expect(errorOf(await request('DELETE', `${user}/roles/reader`))).toEqual([404, 'ROLE_NOT_FOUND']);
  expect((await request('DELETE', `${user}/roles/writer`)).status).toBe(204);
  expect((await request('DELETE', `${user}/roles/third`)).status).toBe(204);
  expect(namesIn(await request('GET', `${user}/roles`))).toEqual([]);
  expect(errorOf(await request('DELETE', `${user}/roles/third`))).toEqual([404, 'ROLE_NOT_FOUND']);
  expect(errorOf(await request('DELETE', `${user}/roles/%00`))).toEqual([404, 'ROLE_NOT_FOUND']);
});

test('effective permissions are those of all roles and what they extend', async () => {
  const { user } = await newMember(['writer', 'local']);
  expect(Object((await request('GET', `${user}/permissions`)).body).permissions).toMatchObject([
    { name: 'a:read', role_name: 'reader' },
    { name: 'b:read', role_name: 'writer' },
    { name: 'c:read', role_name: 'third' },
  ]);
  expect((await request('GET', `${(await newMember([])).user}/permissions`)).body).toEqual({ permissions: [] });
});

test('a check tells whether it is allowed now and by which role; only an active membership allows anything', async () => {
  const { user, membership } = await newMember(['writer'], false);
  const check = async (name: string) => (await request('GET', `${user}/permissions/${name}`)).body;
  expect(await check('a:read')).toEqual({ allowed: false, role_name: 'reader' });
  await request('PATCH', membership, { membership_status: 'ACTIVE' });
  expect(await check('a:read')).toEqual({ allowed: true, role_name: 'reader' });
  expect(await check('c:read')).toEqual({ allowed: false, role_name: null });
  for (const name of ['no:such', 'non.existent', '%00'])
    expect(errorOf(await request('GET', `${user}/permissions/${name}`))).toEqual([404, 'PERMISSION_NOT_FOUND']);
});

test('the person may be named by external ID, in the path or in the query', async () => {
  const { external, query } = await newMember(['writer']);
  expect(namesIn(await assign(external, ['third']))).toEqual(['writer', 'third']);
  expect((await request('POST', query('roles'), [{ role_name: 'local' }])).status).toBe(200);
  expect((await request('DELETE', `${external}/roles/third`)).status).toBe(204);
  expect((await request('DELETE', query('roles').replace('?', '/local?'))).status).toBe(204);
  expect(namesIn(await request('GET', query('roles')))).toEqual(['writer', 'reader']);
  expect(namesIn(await request('GET', query('permissions')), 'permissions')).toEqual(['a:read', 'b:read']);
  expect((await request('GET', query('permissions').replace('?', '/a:read?'))).body).toMatchObject({ allowed: true });
});

test('400 for a role that is not there, by its place, and nothing is given; 412 for a stale version; 400 for too many', async () => {
  const { user, membership } = await newMember(['reader']);
  const refused = await assign(user, ['third', 'nobody']);
  expect(errorOf(refused)).toEqual([400, 'UNKNOWN_ROLE']);
  expect(Object(refused.body).details[0].validation_error_info.field_violations[0].field).toBe('1.role_name');
  expect((await request('POST', `${user}/roles`, [])).status).toBe(400);
  expect((await request('POST', `${user}/roles`, {})).status).toBe(400);
  expect((await assign(user, ['third'], { 'if-match': '"9"' })).status).toBe(412);
  expect((await request('DELETE', `${user}/roles/reader`, undefined, { 'if-match': '"9"' })).status).toBe(412);
  expect(Object((await request('GET', membership)).body).membership).toMatchObject({ version: 1, roles: [{ name: 'reader' }] });
  const many = Array.from({ length: roleLimits.perMembership }, (_, index) => `many_${index}`);
  await server.database.pool.query(
    'insert into roles (environment_id, id, name, display_name) select $1, 100 + n, name, name from unnest($2::text[]) with ordinality as r (name, n)',
    [server.client.environmentId, many],
  );
  const tooMany = await assign(user, many);
  expect([tooMany.status, Object(tooMany.body).message]).toEqual([400, expect.stringContaining('51')]);
});

test('404 for whoever is no member and for an unknown organization', async () => {
  const { body } = await request('POST', '/api/v1/users', { email: 'stranger@example.com' });
  const user = `/api/v1/organizations/${organizationId}/users/${Object(body).user.id}`;
  for (const answer of [
    await request('GET', `${user}/roles`),
    await request('GET', `${user}/permissions`),
    await request('GET', `${user}/permissions/a:read`),
    await assign(user, ['reader']),
    await request('DELETE', `${user}/roles/reader`),
  ]) {
    expect(errorOf(answer)).toEqual([404, 'MEMBERSHIP_NOT_FOUND']);
  }
  expect(errorOf(await assign(user.replace(organizationId, 'org_1'), ['reader']))).toEqual([404, 'ORGANIZATION_NOT_FOUND']);
});

test('a hundred at once lose none of their roles', async () => {
  const { user, membership } = await newMember([]);
  const names = Array.from({ length: roleLimits.perMembership }, (_, index) => `many_${index}`);
  const answers = await Promise.all(names.map((name) => assign(user, [name])));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  const { roles, version } = Object((await request('GET', membership)).body).membership;
  expect([roles.map(({ name }: { name: string }) => name).sort(), version]).toEqual([[...names].sort(), 1 + names.length]);
});

test('the ID of a role may be sent beside its name, and must be that of the same role', async () => {
  const { user } = await newMember([]);
  const { id } = Object((await request('GET', '/api/v1/roles/admin')).body).role;
  const give = (body: object[]) => request('POST', `${user}/roles`, body);
  expect(await give([{ role_name: 'member' }, { id, role_name: 'member' }])).toMatchObject({
    status: 400,
    body: { message: expect.stringMatching(/^1\.id: /) },
  });
  expect(Object((await request('GET', `${user}/roles`)).body).roles).toEqual([]);
  expect((await give([{ id, role_name: 'admin' }])).body).toMatchObject({ roles: [{ id, name: 'admin' }] });
});
