import { roleLimits } from '@crosswalk/contract';
import { beforeAll, describe, expect, test } from 'vitest';
import { type TestAnswer, useTestServer } from '../testing.ts';

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);
const path = '/api/v1/roles';
const rolesOf = (organizationId: string) => `/api/v1/organizations/${organizationId}/roles`;

/** What a refused request says: status, code, field, message. */
function refusal({ status, body }: TestAnswer) {
  const { code, message, details } = Object(body);
  const [{ error_code, validation_error_info: violations }] = details;
  return { status, code, message, error_code, fields: (violations?.field_violations ?? []).map(({ field }: { field: string }) => field) };
}

async function make(name: string, more: object = {}, collection = path) {
  const answer = await request('POST', collection, { name, display_name: name, ...more });
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  return Object(answer.body).role;
}

async function newOrganization(): Promise<string> {
  return Object((await request('POST', '/api/v1/organizations', { display_name: 'Acme' })).body).organization.id;
}

let count = 0;
async function newMember(organizationId: string, roles?: string[]) {
  count += 1;
  const { body, status, text } = await request('POST', `/api/v1/organizations/${organizationId}/users`, {
    email: `member${count}@example.com`,
    send_invitation_email: false,
    ...(roles === undefined ? {} : { membership: { roles: roles.map((name) => ({ name })) } }),
  });
  expect([status, text]).toEqual([201, expect.any(String)]);
  return { id: String(Object(body).user.id), membership: Object(body).membership };
}

const names = ({ body }: TestAnswer) => Object(body).roles.map(({ name }: { name: string }) => name);
const permissionNames = (answer: { permissions: { name: string }[] }) => answer.permissions.map(({ name }) => name);

async function eventsOf(publicId: string): Promise<Record<string, unknown>[]> {
  const { rows } = await server.database.pool.query(
    'select type, record_kind, record_version, organization_id, changed from events where record_id = $1 order by sequence',
    [publicId.replace(/^\w+_/, '')],
  );
  return rows;
}

beforeAll(async () => {
  for (const name of ['a:read', 'a:write', 'b:read', 'b:write', 'c:read']) {
    expect((await request('POST', '/api/v1/permissions', { name, description: `May ${name}` })).status).toBe(201);
  }
});

test('an environment has admin, its default creator, and member, its default member, from its beginning, and they come first', async () => {
  const fresh = await server.addEnvironment('fresh');
  const { status, body } = await fresh.request('GET', path);
  expect([status, body]).toMatchObject([
    200,
    {
      roles: [
        {
          name: 'admin',
          display_name: 'Admin',
          default_creator: true,
          default_member: false,
          is_org_role: false,
          organization_id: null,
          version: 1,
        },
        { name: 'member', display_name: 'Member', default_creator: false, default_member: true, extends: null, dependent_roles_count: 0 },
      ],
    },
  ]);
  expect(Object(body).roles[0].id).toMatch(/^role_[0-9]+$/);
  expect((await fresh.request('GET', `${path}/admin`)).status).toBe(200);
});

describe('create', () => {
  test('201: with everything that was sent, found by its name; neither default', async () => {
    const { status, body, headers } = await request('POST', path, {
      name: 'editor',
      display_name: 'Editor',
      description: 'Writes.',
      extends: 'member',
      permissions: ['a:write', 'a:read'],
    });
    expect([status, body]).toMatchObject([
      201,
      {
        role: {
          name: 'editor',
          display_name: 'Editor',
          description: 'Writes.',
          extends: 'member',
          default_creator: false,
          default_member: false,
          version: 1,
          permissions: [
            { name: 'a:read', description: 'May a:read', role_name: 'editor' },
            { name: 'a:write', role_name: 'editor' },
          ],
        },
      },
    ]);
    expect(headers.get('etag')).toMatch(/^"1-[0-9]+-[0-9a-f]{16}"$/);
    const plain = Object((await request('GET', `${path}/editor`)).body).role;
    const { permissions: _, ...made } = Object(body).role;
    expect(plain).toEqual(made);
    expect(await eventsOf(made.id)).toEqual([
      {
        type: 'role.created',
        record_kind: 'role',
        record_version: '1',
        organization_id: null,
        changed: {
          name: [null, 'editor'],
          display_name: [null, 'Editor'],
          description: [null, 'Writes.'],
          extends: [null, 'member'],
          default_creator: [null, false],
          default_member: [null, false],
          permissions: [
            null,
            [
              { id: expect.stringMatching(/^perm_/), name: 'a:read' },
              { id: expect.stringMatching(/^perm_/), name: 'a:write' },
            ],
          ],
        },
      },
    ]);
  });

  test('400 for a name that is taken: INVALID_ARGUMENT over gRPC, the field and the holder are named', async () => {
    const { id } = await make('taken');
    const answer = await request('POST', path, { name: 'taken', display_name: 'Again' });
    expect(refusal(answer)).toMatchObject({ status: 400, code: 3, error_code: 'ROLE_NAME_TAKEN', fields: ['name'] });
    expect(Object(answer.body).details[0].resource_info).toEqual({ kind: 'role', value: 'taken', id });
    expect((await request('DELETE', `${path}/taken`)).status).toBe(204);
    await make('taken');
  });

  test.each([
    ['no name', { display_name: 'X' }, 'name'],
    ['an empty name', { name: '', display_name: 'X' }, 'name'],
    ['a dotted name', { name: 'a.b', display_name: 'X' }, 'name'],
    ['a name of 65 letters', { name: 'a'.repeat(65), display_name: 'X' }, 'name'],
    ['no name for people', { name: 'x' }, 'display_name'],
    ['a blank name for people', { name: 'x', display_name: '  ' }, 'display_name'],
    ['101 characters', { name: 'x', display_name: 'a'.repeat(101) }, 'display_name'],
    ['a line break', { name: 'x', display_name: 'a\nb' }, 'display_name'],
    ['a description of 2,001 characters', { name: 'x', display_name: 'X', description: 'a'.repeat(2001) }, 'description'],
    ['NUL', { name: 'x', display_name: 'X', description: 'a\u0000' }, 'description'],
    ['101 permissions', { name: 'x', display_name: 'X', permissions: Array.from({ length: 101 }, (_, n) => `p${n}`) }, 'permissions'],
    ['a base that is no name', { name: 'x', display_name: 'X', extends: '' }, 'extends'],
  ])('400 for %s, and the field is named', async (_name, body, field) => {
    const { status, fields } = refusal(await request('POST', path, body));
    expect([status, new Set(fields)]).toEqual([400, new Set([field])]);
  });

  test('400 for permissions and a base that are not there, all or nothing', async () => {
    const permissions = refusal(
      await request('POST', path, { name: 'x', display_name: 'X', permissions: ['a:read', 'no:such', 'nor:this'] }),
    );
    expect(permissions).toMatchObject({ status: 400, error_code: 'UNKNOWN_PERMISSION', fields: ['permissions.1', 'permissions.2'] });
    const base = refusal(await request('POST', path, { name: 'x', display_name: 'X', extends: 'nobody' }));
    expect(base).toMatchObject({ status: 400, code: 3, error_code: 'UNKNOWN_ROLE', fields: ['extends'] });
    expect((await request('GET', `${path}/x`)).status).toBe(404);
  });

  test('400 for one role too many', async () => {
    const other = await server.addEnvironment('full');
    await server.database.pool.query(
      "insert into roles (environment_id, id, name, display_name) select $1, n, 'r' || n, 'R' from generate_series(3, $2::int) n",
      [other.environmentId, roleLimits.roles],
    );
    expect(refusal(await other.request('POST', path, { name: 'more', display_name: 'More' }))).toMatchObject({
      status: 400,
      code: 9,
      error_code: 'TOO_MANY_ROLES',
    });
    expect(names(await other.request('GET', path))).toHaveLength(roleLimits.roles);
  });
});

describe('read', () => {
  test.each(['nobody', 'non.existent', 'a%00b', 'a'.repeat(200)])('404 for %s', async (name) => {
    expect(refusal(await request('GET', `${path}/${name}`))).toMatchObject({ status: 404, code: 5, error_code: 'ROLE_NOT_FOUND' });
  });

  test('a list shows permissions as it is asked to', async () => {
    await make('shown_base', { permissions: ['b:read'] });
    await make('shown', { permissions: ['a:read'], extends: 'shown_base' });
    const permissionsWith = async (query: string) => {
      const { body } = await request('GET', `${path}${query}`);
      return Object(body)
        .roles.find(({ name }: { name: string }) => name === 'shown')
        .permissions?.map(({ name, role_name }: { name: string; role_name: string }) => [name, role_name]);
    };
    expect(await permissionsWith('')).toBeUndefined();
    expect(await permissionsWith('?include=')).toBeUndefined();
    expect(await permissionsWith('?include=permissions')).toEqual([['a:read', 'shown']]);
    expect(await permissionsWith('?include=permissions:all')).toEqual([
      ['a:read', 'shown'],
      ['b:read', 'shown_base'],
    ]);
    expect(refusal(await request('GET', `${path}?include=everything`))).toMatchObject({ status: 400, fields: ['include'] });
  });

  test('304 until something of the answer changes, an inherited permission included', async () => {
    await make('cached_base');
    await make('cached', { extends: 'cached_base' });
    const url = `${path}/cached?include=permissions:all`;
    const etag = async () => (await request('GET', url)).headers.get('etag') ?? '';
    const first = await etag();
    expect((await request('GET', url, undefined, { 'if-none-match': first })).status).toBe(304);
    await request('POST', `${path}/cached_base/permissions`, { permission_names: ['a:read'] });
    expect((await request('GET', url, undefined, { 'if-none-match': first })).status).toBe(200);
    expect(await etag()).not.toBe(first);
  });
});

describe('update', () => {
  test('fields that are not named stay, permissions are replaced, an empty list takes all', async () => {
    await make('changed', { description: 'Kept.', extends: 'member', permissions: ['a:read', 'a:write'] });
    const renamed = await request('PUT', `${path}/changed`, { display_name: 'Renamed' });
    expect(Object(renamed.body).role).toMatchObject({
      name: 'changed',
      display_name: 'Renamed',
      description: 'Kept.',
      extends: 'member',
      version: 2,
    });
    expect(permissionNames(Object(renamed.body).role)).toEqual(['a:read', 'a:write']);
    const replaced = await request('PUT', `${path}/changed`, { permissions: ['b:read', 'a:write', 'b:read'] });
    expect(permissionNames(Object(replaced.body).role)).toEqual(['a:write', 'b:read']);
    const cleared = await request('PUT', `${path}/changed`, { permissions: [], description: '', extends: null });
    expect(Object(cleared.body).role).toMatchObject({ permissions: [], description: '', extends: null, version: 4 });
    const { role } = Object(cleared.body);
    expect(
      (await eventsOf(role.id)).map(({ type, record_version, changed }) => [type, record_version, Object.keys(Object(changed)).sort()]),
    ).toEqual([
      ['role.created', '1', expect.any(Array)],
      ['role.updated', '2', ['display_name']],
      ['role.updated', '3', ['permissions']],
      ['role.updated', '4', ['description', 'extends', 'permissions']],
    ]);
  });

  test('what changes nothing raises no version and writes no event', async () => {
    const { id } = await make('same', { permissions: ['a:read'] });
    const { body } = await request('PUT', `${path}/same`, { display_name: 'same', permissions: ['a:read'], extends: null });
    expect(Object(body).role.version).toBe(1);
    expect((await request('DELETE', `${path}/same/base`)).status).toBe(204);
    expect(await eventsOf(id)).toHaveLength(1);
  });

  test('412 for a stale version, 400 for a field that is not there, 404 for an unknown role', async () => {
    await make('guarded');
    const etag = (await request('GET', `${path}/guarded`)).headers.get('etag') ?? '';
    expect((await request('PUT', `${path}/guarded`, { display_name: 'One' }, { 'if-match': etag })).status).toBe(200);
    expect(refusal(await request('PUT', `${path}/guarded`, { display_name: 'Two' }, { 'if-match': etag }))).toMatchObject({
      status: 412,
      error_code: 'VERSION_MISMATCH',
    });
    expect(refusal(await request('PUT', `${path}/guarded`, { name: 'other' }))).toMatchObject({ status: 400, error_code: 'UNKNOWN_FIELD' });
    expect(refusal(await request('PUT', `${path}/nobody`, { display_name: 'X' }))).toMatchObject({
      status: 404,
      error_code: 'ROLE_NOT_FOUND',
    });
  });

  test('the same key repeats the answer and has its effect once', async () => {
    const create = () => request('POST', path, { name: 'keyed', display_name: 'Keyed' }, { 'idempotency-key': 'role-1' });
    const [first, second] = [await create(), await create()];
    expect([second.status, second.text]).toEqual([first.status, first.text]);
    const add = () => request('POST', `${path}/keyed/permissions`, { permission_names: ['a:read'] }, { 'idempotency-key': 'role-2' });
    expect((await add()).text).toBe((await add()).text);
  });
});

describe('inheritance', () => {
  test('effective permissions are those of the whole chain; a permission that is both own and inherited counts as own', async () => {
    await make('chain_a', { permissions: ['a:read', 'c:read'] });
    await make('chain_b', { permissions: ['b:read'], extends: 'chain_a' });
    await make('chain_c', { permissions: ['c:read'], extends: 'chain_b' });
    const effective = Object((await request('GET', `${path}/chain_c/permissions:all`)).body).permissions;
    expect(effective.map(({ name, role_name }: { name: string; role_name: string }) => [name, role_name])).toEqual([
      ['a:read', 'chain_a'],
      ['b:read', 'chain_b'],
      ['c:read', 'chain_c'],
    ]);
    expect(permissionNames(Object((await request('GET', `${path}/chain_c/permissions`)).body))).toEqual(['c:read']);
    expect(names(await request('GET', `${path}/chain_a/dependents`))).toEqual(['chain_b']);
    expect(Object((await request('GET', `${path}/chain_a`)).body).role.dependent_roles_count).toBe(1);
    expect((await request('DELETE', `${path}/chain_b/base`)).status).toBe(204);
    expect(Object((await request('GET', `${path}/chain_b`)).body).role.extends).toBeNull();
    expect(permissionNames(Object((await request('GET', `${path}/chain_c/permissions:all`)).body))).toEqual(['b:read', 'c:read']);
  });

  test('400 for a circle, of one role or of several', async () => {
    await make('circle_a');
    await make('circle_b', { extends: 'circle_a' });
    await make('circle_c', { extends: 'circle_b' });
    for (const base of ['circle_a', 'circle_c']) {
      expect(refusal(await request('PUT', `${path}/circle_a`, { extends: base }))).toMatchObject({
        status: 400,
        code: 3,
        error_code: 'INVALID_ROLE_BASE',
        fields: ['extends'],
      });
    }
  });

  test('400 for a chain that is too long, wherever it is made longer', async () => {
    const chain = Array.from({ length: roleLimits.depth }, (_, index) => `deep_${index}`);
    for (const [index, name] of chain.entries()) await make(name, index === 0 ? {} : { extends: chain[index - 1] });
    const last = chain.at(-1);
    const longer = await request('POST', path, { name: 'too_deep', display_name: 'X', extends: last });
    expect(refusal(longer)).toMatchObject({ status: 400, error_code: 'INVALID_ROLE_BASE', fields: ['extends'] });
    await make('under');
    expect(refusal(await request('PUT', `${path}/deep_0`, { extends: 'under' }))).toMatchObject({ error_code: 'INVALID_ROLE_BASE' });
    await make('top', { permissions: ['c:read'] });
    await request('PUT', `${path}/deep_1`, { extends: 'top' });
    expect(permissionNames(Object((await request('GET', `${path}/${last}/permissions:all`)).body))).toEqual(['c:read']);
  });

  test('a base is deleted when nothing extends it any more', async () => {
    await make('base_role');
    await make('derived', { extends: 'base_role' });
    expect(refusal(await request('DELETE', `${path}/base_role`))).toMatchObject({
      status: 400,
      code: 9,
      error_code: 'ROLE_HAS_DEPENDENTS',
    });
    await request('DELETE', `${path}/derived/base`);
    expect((await request('DELETE', `${path}/base_role`)).status).toBe(204);
  });
});

describe('permissions of a role', () => {
  test('are added all or none, the answer has all; they are removed one by one', async () => {
    const { id } = await make('granted');
    const add = (...permissions: string[]) => request('POST', `${path}/granted/permissions`, { permission_names: permissions });
    expect(permissionNames(Object((await add('a:read')).body))).toEqual(['a:read']);
    expect(permissionNames(Object((await add('b:read', 'a:read')).body))).toEqual(['a:read', 'b:read']);
    expect(refusal(await add('c:read', 'no:such'))).toMatchObject({
      status: 400,
      error_code: 'UNKNOWN_PERMISSION',
      fields: ['permission_names.1'],
    });
    expect(refusal(await add())).toMatchObject({ status: 400, fields: ['permission_names'] });
    expect((await request('DELETE', `${path}/granted/permissions/a:read`)).status).toBe(204);
    expect(permissionNames(Object((await request('GET', `${path}/granted/permissions`)).body))).toEqual(['b:read']);
    for (const name of ['a:read', 'no:such', 'non.existent', '%00']) {
      expect(refusal(await request('DELETE', `${path}/granted/permissions/${name}`))).toMatchObject({
        status: 404,
        error_code: 'PERMISSION_NOT_FOUND',
      });
    }
    expect((await eventsOf(id)).map(({ record_version }) => record_version)).toEqual(['1', '2', '3', '4']);
  });

  test('404 for an unknown role', async () => {
    for (const [method, rest, body] of [
      ['GET', 'permissions'],
      ['GET', 'permissions:all'],
      ['GET', 'dependents'],
      ['GET', 'users:count'],
      ['DELETE', 'base'],
      ['POST', 'permissions', { permission_names: ['a:read'] }],
      ['DELETE', 'permissions/a:read'],
    ] as const) {
      expect(refusal(await request(method, `${path}/nobody/${rest}`, body))).toMatchObject({ status: 404, error_code: 'ROLE_NOT_FOUND' });
    }
  });

  test('400 for more than a role may have', async () => {
    const many = Array.from({ length: roleLimits.permissions }, (_, index) => `many:${index}`);
    await server.database.pool.query(
      'insert into permissions (environment_id, id, name) select $1, n, name from unnest($2::text[]) with ordinality as p (name, n)',
      [server.client.environmentId, many],
    );
    await make('greedy', { permissions: many });
    const { status, fields, message } = refusal(await request('POST', `${path}/greedy/permissions`, { permission_names: ['a:read'] }));
    expect([status, fields, message]).toEqual([400, ['permission_names'], expect.stringContaining('101')]);
    expect(Object((await request('GET', `${path}/greedy/permissions`)).body).permissions).toHaveLength(roleLimits.permissions);
  });
});

describe('delete', () => {
  test('204, and the name is free at once; 404 the second time', async () => {
    const { id } = await make('gone', { permissions: ['a:read'] });
    expect((await request('DELETE', `${path}/gone`)).status).toBe(204);
    expect(refusal(await request('GET', `${path}/gone`))).toMatchObject({ status: 404, error_code: 'ROLE_NOT_FOUND' });
    expect((await request('DELETE', `${path}/gone`)).status).toBe(404);
    expect((await eventsOf(id)).at(-1)).toMatchObject({ type: 'role.deleted', record_version: '2', changed: { name: ['gone', null] } });
    await make('gone');
  });

  test('400 with the words that clients know when people have it, invited ones included; with another role in its place it is done', async () => {
    await make('assigned');
    const organizationId = await newOrganization();
    const { id } = await newMember(organizationId, ['assigned', 'admin']);
    await request('PATCH', `/api/v1/memberships/organizations/${organizationId}/users/${id}`, { membership_status: 'INACTIVE' });
    const refused = await request('DELETE', `${path}/assigned`);
    expect(refusal(refused)).toEqual({
      status: 400,
      code: 9,
      message: 'role cannot be deleted as it is assigned to users',
      error_code: 'ROLE_HAS_USERS',
      fields: ['reassign_role_name'],
    });
    expect(Object((await request('GET', `${path}/assigned/users:count`)).body)).toEqual({ count: 1 });
    for (const [other, code] of [
      ['nobody', 'UNKNOWN_ROLE'],
      ['assigned', 'INVALID_ARGUMENT'],
      ['a.b', 'INVALID_ARGUMENT'],
    ]) {
      expect(refusal(await request('DELETE', `${path}/assigned?reassign_role_name=${other}`))).toMatchObject({
        status: 400,
        error_code: code,
        fields: ['reassign_role_name'],
      });
    }
    expect((await request('DELETE', `${path}/assigned?reassign_role_name=member`)).status).toBe(204);
    const { membership } = Object((await request('GET', `/api/v1/memberships/organizations/${organizationId}/users/${id}`)).body);
    expect(membership).toMatchObject({ roles: [{ name: 'member' }, { name: 'admin' }], version: 3 });
    expect((await eventsOf(membership.id)).at(-1)).toMatchObject({
      type: 'user.organization_membership_updated',
      record_version: '3',
      changed: {
        roles: [
          [expect.objectContaining({ name: 'assigned' }), expect.objectContaining({ name: 'admin' })],
          [expect.objectContaining({ name: 'member' }), expect.objectContaining({ name: 'admin' })],
        ],
      },
    });
  });

  test('2,500 memberships get the other role in one go, each with its version and event, and nobody has it twice', async () => {
    await make('crowded');
    await make('crowded_other');
    const organizationId = await newOrganization();
    const { pool } = server.database;
    const environment = server.client.environmentId;
    await pool.query(
      `insert into users (environment_id, id, email, email_key)
       select $1, 7000000 + n, 'crowd' || n || '@example.com', 'crowd' || n || '@example.com' from generate_series(1, 2500) n`,
      [environment],
    );
    await pool.query(
      `insert into memberships (environment_id, id, organization_id, user_id, status, roles)
       select $1, 8000000 + n, $2, 7000000 + n, 'ACTIVE', case when n % 5 = 0 then array['crowded', 'crowded_other'] else array['crowded'] end
       from generate_series(1, 2500) n`,
      [environment, organizationId.slice(4)],
    );
    expect(Object((await request('GET', `${path}/crowded/users:count`)).body)).toEqual({ count: 2500 });
    expect((await request('DELETE', `${path}/crowded?reassign_role_name=crowded_other`)).status).toBe(204);
    const { rows } = await pool.query(
      'select roles, version, count(*)::int as count from memberships where organization_id = $1 group by roles, version',
      [organizationId.slice(4)],
    );
    expect(rows).toEqual([{ roles: ['crowded_other'], version: '2', count: 2500 }]);
    const events = await pool.query(
      `select count(*)::int as count, count(distinct record_id)::int as records, min(record_version)::int as version from events
       where type = 'user.organization_membership_updated' and organization_id = $1`,
      [organizationId.slice(4)],
    );
    expect(events.rows).toEqual([{ count: 2500, records: 2500, version: 2 }]);
  });

  test('412 for a stale version', async () => {
    await make('watched');
    await request('PUT', `${path}/watched`, { display_name: 'Seen' });
    expect((await request('DELETE', `${path}/watched`, undefined, { 'if-match': '"1"' })).status).toBe(412);
    expect((await request('DELETE', `${path}/watched`, undefined, { 'if-match': '"2"' })).status).toBe(204);
  });
});

describe('what existing clients send', () => {
  test('the replacement of a role by its older parameter', async () => {
    await request('POST', path, { name: 'older_one', display_name: 'Older' });
    for (const [query, field] of [
      ['reassign_role_id=member&reassign_role_name=admin', 'reassign_role_id'],
      ['reassign_role_id=no.such', 'reassign_role_id'],
      ['reassign_role=member', 'reassign_role'],
    ]) {
      expect(refusal(await request('DELETE', `${path}/older_one?${query}`))).toMatchObject({ status: 400, fields: [field] });
    }
    expect((await request('DELETE', `${path}/older_one?reassign_role_id=member`)).status).toBe(204);
  });

  test('default roles as objects, by name or by ID; two that are not the same are refused', async () => {
    const other = await server.addEnvironment('older defaults');
    const set = (body: object) => other.request('PATCH', `${path}:set_defaults`, body);
    const { id } = Object((await other.request('POST', path, { name: 'owner', display_name: 'Owner' })).body).role;
    expect(await set({ default_creator: { name: 'owner' } })).toMatchObject({ status: 200, body: { default_creator: { name: 'owner' } } });
    expect(await set({ default_member: { id } })).toMatchObject({ status: 200, body: { default_member: { name: 'owner' } } });
    for (const [body, field] of [
      [{ default_creator: { id, name: 'admin' } }, 'default_creator.id'],
      [{ default_creator: { name: 'owner' }, default_creator_role: 'admin' }, 'default_creator.name'],
      [{ default_creator: {} }, 'default_creator'],
      [{ default_member: { id: 'role_1' } }, 'default_member.id'],
      [{ default_member: 'owner' }, 'default_member'],
    ] as const) {
      expect(refusal(await set(body))).toMatchObject({ status: 400, fields: [field] });
    }
  });
});

describe('defaults', () => {
  test('are set by name, one or both; each role that gains or loses is a new version with its event', async () => {
    const other = await server.addEnvironment('defaults');
    await other.request('POST', path, { name: 'owner', display_name: 'Owner' });
    const set = (body: object) => other.request('PATCH', `${path}:set_defaults`, body);
    const both = await set({ default_creator_role: 'owner', default_member_role: 'owner' });
    expect([both.status, both.body]).toMatchObject([
      200,
      {
        default_creator: { name: 'owner', default_creator: true, default_member: true, version: 2 },
        default_member: { name: 'owner', version: 2 },
      },
    ]);
    const back = await set({ default_member_role: 'member' });
    expect(back.body).toMatchObject({ default_creator: { name: 'owner', version: 3 }, default_member: { name: 'member', version: 3 } });
    expect((await set({})).body).toEqual(back.body);
    expect((await eventsOf(Object(both.body).default_creator.id)).map(({ changed }) => changed)).toEqual([
      expect.anything(),
      { default_creator: [false, true], default_member: [false, true] },
      { default_member: [true, false] },
    ]);
    for (const field of ['default_creator_role', 'default_member_role']) {
      expect(refusal(await set({ [field]: '__invalid_role_name__' }))).toMatchObject({
        status: 400,
        code: 3,
        error_code: 'UNKNOWN_ROLE',
        fields: [field],
      });
    }
  });

  test('a default cannot be deleted, and can once another has its place', async () => {
    const other = await server.addEnvironment('default deletion');
    for (const name of ['admin', 'member']) {
      expect(refusal(await other.request('DELETE', `${path}/${name}`))).toMatchObject({
        status: 400,
        code: 9,
        error_code: 'ROLE_IS_DEFAULT',
      });
      expect((await other.request('DELETE', `${path}/${name}?reassign_role_name=${name === 'admin' ? 'member' : 'admin'}`)).status).toBe(
        400,
      );
    }
    await other.request('PATCH', `${path}:set_defaults`, { default_creator_role: 'member' });
    expect((await other.request('DELETE', `${path}/admin`)).status).toBe(204);
  });

  test('of an organization: new members get it; the organization tells it, with a version and an event', async () => {
    const organizationId = await newOrganization();
    await make('org_default', {}, rolesOf(organizationId));
    const set = (name: string | null) => request('PATCH', `${rolesOf(organizationId)}:set_defaults`, { default_member_role: name });
    expect((await newMember(organizationId)).membership.roles).toMatchObject([{ name: 'member' }]);
    const changed = await set('org_default');
    expect([changed.status, changed.body]).toMatchObject([
      200,
      { default_member: { name: 'org_default', default_member: true, is_org_role: true } },
    ]);
    expect((await newMember(organizationId)).membership.roles).toMatchObject([{ name: 'org_default' }]);
    const { roles } = Object((await request('GET', rolesOf(organizationId))).body);
    expect(roles.filter((role: { default_member: boolean }) => role.default_member)).toMatchObject([{ name: 'org_default' }]);
    expect(Object((await request('GET', `/api/v1/organizations/${organizationId}`)).body).organization).toMatchObject({
      default_member_role: 'org_default',
      version: 2,
    });
    expect((await eventsOf(organizationId)).at(-1)).toMatchObject({
      type: 'organization.updated',
      changed: { default_member_role: [null, 'org_default'] },
    });
    expect(refusal(await request('DELETE', `${rolesOf(organizationId)}/org_default`))).toMatchObject({
      error_code: 'ROLE_IS_DEFAULT',
      message: expect.stringContaining(organizationId),
    });
    expect(refusal(await set('nobody'))).toMatchObject({ status: 400, error_code: 'UNKNOWN_ROLE', fields: ['default_member_role'] });
    expect((await set('admin')).body).toMatchObject({ default_member: { name: 'admin' } });
    expect((await set(null)).body).toMatchObject({ default_member: { name: 'member' } });
    expect((await newMember(organizationId)).membership.roles).toMatchObject([{ name: 'member' }]);
  });
});

describe('roles of an organization', () => {
  test('are its own: listed after those of the environment, seen by no other organization', async () => {
    const [mine, theirs] = [await newOrganization(), await newOrganization()];
    const made = await make('own_role', { extends: 'member', permissions: ['a:read'] }, rolesOf(mine));
    expect(made).toMatchObject({ is_org_role: true, organization_id: mine, extends: 'member' });
    expect((await eventsOf(made.id))[0]).toMatchObject({ organization_id: mine.slice(4) });
    expect(names(await request('GET', rolesOf(mine))).at(-1)).toBe('own_role');
    expect(names(await request('GET', rolesOf(mine))).slice(0, 2)).toEqual(['admin', 'member']);
    expect(names(await request('GET', rolesOf(theirs)))).not.toContain('own_role');
    expect(names(await request('GET', path))).not.toContain('own_role');
    expect((await request('GET', `${path}/own_role`)).status).toBe(404);
    expect((await request('GET', `${rolesOf(theirs)}/own_role`)).status).toBe(404);
    expect((await request('GET', `${rolesOf(mine)}/own_role`)).status).toBe(200);
    await make('own_role', {}, rolesOf(theirs));
    expect(names(await request('GET', `${path}/member/dependents`))).toContain('own_role');
  });

  test('members may have them; counted in the organization alone', async () => {
    const [mine, theirs] = [await newOrganization(), await newOrganization()];
    for (const organizationId of [mine, theirs]) await make('counted', {}, rolesOf(organizationId));
    await newMember(mine, ['counted', 'admin']);
    await newMember(mine, ['counted']);
    await newMember(theirs, ['counted']);
    const counted = async (url: string) => Object((await request('GET', `${url}/users:count`)).body).count;
    expect([await counted(`${rolesOf(mine)}/counted`), await counted(`${rolesOf(mine)}/admin`)]).toEqual([2, 1]);
    expect(refusal(await request('DELETE', `${rolesOf(mine)}/counted`))).toMatchObject({ error_code: 'ROLE_HAS_USERS' });
    expect((await request('DELETE', `${rolesOf(mine)}/counted?reassign_role_name=member`)).status).toBe(204);
    expect(await counted(`${rolesOf(theirs)}/counted`)).toBe(1);
    expect(await counted(`${rolesOf(mine)}/member`)).toBe(2);
  });

  test('no name is both of the environment and of an organization', async () => {
    const organizationId = await newOrganization();
    await make('either_env');
    await make('either_org', {}, rolesOf(organizationId));
    for (const [url, name] of [
      [rolesOf(organizationId), 'either_env'],
      [rolesOf(organizationId), 'either_org'],
      [path, 'either_org'],
    ]) {
      expect(refusal(await request('POST', String(url), { name, display_name: 'X' }))).toMatchObject({
        status: 400,
        code: 3,
        error_code: 'ROLE_NAME_TAKEN',
        fields: ['name'],
      });
    }
  });

  test('a role of the environment is read there and changed at its own path; it does not extend one of an organization', async () => {
    const organizationId = await newOrganization();
    await make('local', {}, rolesOf(organizationId));
    expect((await request('GET', `${rolesOf(organizationId)}/member`)).status).toBe(200);
    for (const [method, body] of [
      ['PUT', { display_name: 'X' }],
      ['DELETE', undefined],
    ] as const) {
      expect(refusal(await request(method, `${rolesOf(organizationId)}/member`, body))).toMatchObject({
        status: 404,
        error_code: 'ROLE_NOT_FOUND',
        message: expect.stringContaining('/api/v1/roles/member'),
      });
    }
    expect(refusal(await request('POST', path, { name: 'global', display_name: 'X', extends: 'local' }))).toMatchObject({
      error_code: 'UNKNOWN_ROLE',
    });
  });

  test('are updated, lose their base, get permissions and are deleted like any other', async () => {
    const organizationId = await newOrganization();
    const url = `${rolesOf(organizationId)}/whole`;
    await make('whole', { extends: 'member' }, rolesOf(organizationId));
    expect(Object((await request('PUT', url, { display_name: 'Whole' })).body).role).toMatchObject({
      display_name: 'Whole',
      extends: 'member',
    });
    expect((await request('DELETE', `${url}/base`)).status).toBe(204);
    expect(permissionNames(Object((await request('POST', `${url}/permissions`, { permission_names: ['a:read'] })).body))).toEqual([
      'a:read',
    ]);
    expect((await request('DELETE', `${url}/permissions/a:read`)).status).toBe(204);
    expect(Object((await request('GET', `${url}?include=permissions`)).body).role).toMatchObject({
      extends: null,
      permissions: [],
      version: 5,
    });
    expect((await request('DELETE', url)).status).toBe(204);
  });

  test('404 for an unknown organization, 400 for what is no ID of one', async () => {
    for (const [method, url, body] of [
      ['GET', rolesOf('org_1')],
      ['GET', `${rolesOf('org_1')}/member`],
      ['POST', rolesOf('org_1'), { name: 'x', display_name: 'X' }],
      ['PUT', `${rolesOf('org_1')}/member`, {}],
      ['DELETE', `${rolesOf('org_1')}/member`],
      ['PATCH', `${rolesOf('org_1')}:set_defaults`, { default_member_role: 'member' }],
    ] as const) {
      expect(refusal(await request(method, url, body))).toMatchObject({ status: 404, error_code: 'ORGANIZATION_NOT_FOUND' });
    }
    expect(refusal(await request('GET', rolesOf('usr_1')))).toMatchObject({
      status: 400,
      error_code: 'INVALID_ID',
      fields: ['organization_id'],
    });
  });

  test('go with their organization, each with its event', async () => {
    const organizationId = await newOrganization();
    const base = await make('leaving', { permissions: ['a:read'] }, rolesOf(organizationId));
    const derived = await make('leaving_too', { extends: 'leaving' }, rolesOf(organizationId));
    await request('PATCH', `${rolesOf(organizationId)}:set_defaults`, { default_member_role: 'leaving' });
    await newMember(organizationId);
    expect((await request('DELETE', `/api/v1/organizations/${organizationId}`)).status).toBe(204);
    for (const { id } of [base, derived]) expect((await eventsOf(id)).at(-1)).toMatchObject({ type: 'role.deleted' });
    expect((await server.database.pool.query('select from roles where organization_id = $1', [organizationId.slice(4)])).rowCount).toBe(0);
  });
});
