import { beforeAll, describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);
const pathOf = (organizationId: string, userId: string) => `/api/v1/memberships/organizations/${organizationId}/users/${userId}`;

let organizationId = '';
let count = 0;
beforeAll(async () => {
  const { body } = await request('POST', '/api/v1/organizations', { display_name: 'Acme' });
  organizationId = Object(body).organization.id;
  for (const name of ['a', 'b']) await request('POST', '/api/v1/roles', { name, display_name: name.toUpperCase() });
});

async function newUser(): Promise<{ id: string; externalId: string }> {
  count += 1;
  const { body } = await request('POST', '/api/v1/users', { email: `user${count}@example.com`, external_id: `E-${count}` });
  return { id: Object(body).user.id, externalId: `E-${count}` };
}

describe('create', () => {
  test('201: an invitation is open until it is accepted; 409 the second time', async () => {
    const { id } = await newUser();
    const first = await request('POST', pathOf(organizationId, id), { roles: [{ name: 'admin' }], inviter_email: 'boss@example.com' });
    expect([first.status, first.body]).toMatchObject([
      201,
      {
        membership: {
          membership_status: 'PENDING_INVITE',
          roles: [{ id: expect.stringMatching(/^role_/), name: 'admin', display_name: 'Admin' }],
        },
        invitation: { inviter_email: 'boss@example.com' },
      },
    ]);
    const second = await request('POST', pathOf(organizationId, id), {});
    expect([second.status, second.body]).toMatchObject([
      409,
      { details: [{ error_code: 'MEMBERSHIP_EXISTS', resource_info: { id: Object(first.body).membership.id } }] },
    ]);
  });

  test('404 names whichever is missing: organization or user', async () => {
    const { id } = await newUser();
    expect((await request('POST', pathOf('org_1', id), {})).body).toMatchObject({ details: [{ error_code: 'ORGANIZATION_NOT_FOUND' }] });
    expect((await request('POST', pathOf(organizationId, 'usr_1'), {})).body).toMatchObject({
      details: [{ error_code: 'USER_NOT_FOUND' }],
    });
  });

  test('the person may be named by external ID', async () => {
    const { externalId } = await newUser();
    const url = `/api/v1/memberships/organizations/${organizationId}/users:external/${externalId}`;
    expect((await request('POST', url, { send_invitation_email: false })).status).toBe(201);
    expect((await request('GET', url)).body).toMatchObject({ membership: { membership_status: 'ACTIVE' } });
  });
});

describe('update', () => {
  test('roles are replaced, metadata merges, a status may change; join_time is the first time it was active', async () => {
    const { id } = await newUser();
    await request('POST', pathOf(organizationId, id), { roles: [{ name: 'a' }], metadata: { x: 1 } });
    const { body } = await request('PATCH', pathOf(organizationId, id), {
      roles: [{ name: 'b' }],
      metadata: { y: 2 },
      membership_status: 'ACTIVE',
    });
    expect(body).toMatchObject({
      membership: { roles: [{ name: 'b' }], metadata: { x: 1, y: 2 }, membership_status: 'ACTIVE', version: 2 },
    });
    const { join_time: joined } = Object(body).membership;
    await request('PATCH', pathOf(organizationId, id), { membership_status: 'INACTIVE' });
    const again = await request('PATCH', pathOf(organizationId, id), { membership_status: 'ACTIVE' });
    expect(Object(again.body).membership).toMatchObject({ join_time: joined, version: 4 });
  });

  test('PUT of metadata replaces it; 412 for a stale version; 400 for a role named twice', async () => {
    const { id } = await newUser();
    await request('POST', pathOf(organizationId, id), { metadata: { x: 1 } });
    expect((await request('PUT', `${pathOf(organizationId, id)}/metadata`, { y: 2 })).body).toMatchObject({
      membership: { metadata: { y: 2 }, version: 2 },
    });
    expect((await request('PATCH', pathOf(organizationId, id), { roles: [] }, { 'if-match': '"1"' })).status).toBe(412);
    expect((await request('PATCH', pathOf(organizationId, id), { roles: [{ name: 'a' }, { name: 'a' }] })).body).toMatchObject({
      message: 'roles: names a twice',
    });
  });
});

describe('roles', () => {
  test('a new member who is given none gets the default; an empty list means none, when creating and when updating', async () => {
    const [first, second] = [await newUser(), await newUser()];
    expect((await request('POST', pathOf(organizationId, first.id), {})).body).toMatchObject({
      membership: { roles: [{ name: 'member' }] },
    });
    expect((await request('PATCH', pathOf(organizationId, first.id), { roles: [] })).body).toMatchObject({ membership: { roles: [] } });
    expect((await request('PUT', pathOf(organizationId, first.id), { metadata: { a: 1 } })).body).toMatchObject({
      membership: { roles: [] },
    });
    expect((await request('POST', pathOf(organizationId, second.id), { roles: [] })).body).toMatchObject({ membership: { roles: [] } });
    const { id } = await newUser();
    expect((await request('PUT', pathOf(organizationId, id), {})).body).toMatchObject({ membership: { roles: [{ name: 'member' }] } });
  });

  test('400 for one that is not there: names its place, what there is, and changes nothing', async () => {
    const { id } = await newUser();
    const refused = async (method: string, body: object) => {
      const answer = await request(method, pathOf(organizationId, id), body);
      const { message, code, details } = Object(answer.body);
      return [answer.status, code, details[0].error_code, details[0].validation_error_info.field_violations[0].field, message];
    };
    const unknown = [400, 3, 'UNKNOWN_ROLE', 'roles.1.name', expect.stringMatching(/no role nobody.*create it first.*admin, member/)];
    expect(await refused('POST', { roles: [{ name: 'a' }, { name: 'nobody' }] })).toEqual(unknown);
    expect(await refused('PUT', { roles: [{ name: 'a' }, { name: 'nobody' }] })).toEqual(unknown);
    await request('POST', pathOf(organizationId, id), { roles: [{ name: 'a' }] });
    expect(await refused('PATCH', { roles: [{ name: 'b' }, { name: 'nobody' }], metadata: { x: 1 } })).toEqual(unknown);
    expect((await request('GET', pathOf(organizationId, id))).body).toMatchObject({
      membership: { roles: [{ name: 'a' }], metadata: {}, version: 1 },
    });
    const { body } = await request('POST', `/api/v1/organizations/${organizationId}/users`, {
      email: 'unknown.role@example.com',
      membership: { roles: [{ name: 'nobody' }] },
    });
    expect(Object(body).message).toMatch(/^membership\.roles\.0\.name: /);
  });

  test('a role of another organization is not there; that of its own is', async () => {
    const { body } = await request('POST', '/api/v1/organizations', { display_name: 'Other' });
    const other = Object(body).organization.id;
    await request('POST', `/api/v1/organizations/${other}/roles`, { name: 'theirs', display_name: 'Theirs' });
    const { id } = await newUser();
    expect((await request('POST', pathOf(organizationId, id), { roles: [{ name: 'theirs' }] })).status).toBe(400);
    expect((await request('POST', pathOf(other, id), { roles: [{ name: 'theirs' }] })).status).toBe(201);
  });

  test('can be sent back as they were answered; the ETag follows the name that people see', async () => {
    const { id } = await newUser();
    const { body } = await request('POST', pathOf(organizationId, id), { roles: [{ name: 'b' }] });
    const back = await request('PATCH', pathOf(organizationId, id), { roles: [...Object(body).membership.roles, { name: 'a' }] });
    expect(Object(back.body).membership.roles).toMatchObject([{ name: 'b' }, { name: 'a' }]);
    const etag = back.headers.get('etag') ?? '';
    const read = () => request('GET', pathOf(organizationId, id), undefined, { 'if-none-match': etag });
    expect((await read()).status).toBe(304);
    await request('PUT', '/api/v1/roles/b', { display_name: 'Bee' });
    expect(Object((await read()).body).membership.roles[0]).toMatchObject({ name: 'b', display_name: 'Bee' });
    expect((await request('PATCH', pathOf(organizationId, id), { metadata: { x: 1 } }, { 'if-match': etag })).status).toBe(200);
    const user = Object((await request('GET', `/api/v1/users/${id}`)).body).user;
    expect(user.memberships[0].roles).toMatchObject([{ display_name: 'Bee' }, { name: 'a' }]);
  });
});

test('upsert creates with 201 and updates with 200; a hundred at once make one membership', async () => {
  const { id } = await newUser();
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      request('PUT', pathOf(organizationId, id), { metadata: { [`k${index}`]: index }, send_invitation_email: false }),
    ),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array(99).fill(200), 201]);
  const { body } = await request('GET', pathOf(organizationId, id));
  expect(Object.keys(Object(body).membership.metadata)).toHaveLength(100);
  expect(Object(body).membership.version).toBe(100);
});

test.each([
  ['inviter_email', { inviter_email: 'nobody' }],
  ['invitation_days', { send_invitation_email: false, invitation_days: 5 }],
  ['invitation_days', { membership_status: 'ACTIVE', invitation_days: 5 }],
])('upsert refuses a wrong %s with 400, whether or not the person is a member: %j', async (field, body) => {
  const { id } = await newUser();
  for (const create of [true, false]) {
    const answer = await request('PUT', pathOf(organizationId, id), body);
    expect([create, answer.status, answer.body]).toMatchObject([
      create,
      400,
      { details: [{ validation_error_info: { field_violations: [{ field }] } }] },
    ]);
    if (create) await request('PUT', pathOf(organizationId, id), {});
  }
});

test('delete ends the membership and keeps the user', async () => {
  const { id } = await newUser();
  await request('POST', pathOf(organizationId, id), {});
  expect((await request('DELETE', pathOf(organizationId, id))).status).toBe(204);
  expect((await request('DELETE', pathOf(organizationId, id))).body).toMatchObject({ details: [{ error_code: 'MEMBERSHIP_NOT_FOUND' }] });
  expect((await request('GET', `/api/v1/users/${id}`)).body).toMatchObject({ user: { memberships: [] } });
});

test('a user shows the first hundred memberships, fewer of large metadata, and the list has all', async () => {
  const member = { send_invitation_email: false };
  const organizations = await Promise.all(
    Array.from({ length: 101 }, (_, n) => request('POST', '/api/v1/organizations', { display_name: `Of ${n}` })),
  );
  const join = (id: string, count: number, body: object) =>
    Promise.all(organizations.slice(0, count).map((of) => request('POST', pathOf(Object(of.body).organization.id, id), body)));
  for (const [count, shown, metadata] of [
    [101, 100, {}],
    [12, 8, { note: 'x'.repeat(31_000) }],
  ] as const) {
    const { id } = await newUser();
    await join(id, count, { ...member, metadata });
    const { memberships } = Object((await request('GET', `/api/v1/users/${id}`)).body).user;
    const { body } = await request('GET', `/api/v1/memberships?user_id=${id}&page_size=100`);
    expect([memberships.length, Object(body).total_size]).toEqual([shown, count]);
    // Newest first, a page of a hundred.
    if (count <= 100) expect(memberships).toMatchObject(Object(body).memberships.toReversed().slice(0, shown));
  }
});

describe('delete with cascade', () => {
  const active = { send_invitation_email: false };
  async function newOrganization(): Promise<string> {
    const { body } = await request('POST', '/api/v1/organizations', { display_name: 'Other' });
    return Object(body).organization.id;
  }

  test('deletes the user with the last membership, not before; address and external ID are free again', async () => {
    const { id, externalId } = await newUser();
    const other = await newOrganization();
    for (const organization of [organizationId, other]) await request('POST', pathOf(organization, id), active);
    expect((await request('DELETE', `${pathOf(other, id)}?cascade=true`)).status).toBe(204);
    expect((await request('GET', `/api/v1/users/${id}`)).status).toBe(200);
    const external = `/api/v1/memberships/organizations/${organizationId}/users:external?external_id=${externalId}&cascade=true`;
    expect((await request('DELETE', external)).status).toBe(204);
    expect((await request('GET', `/api/v1/users/${id}`)).status).toBe(404);
    const { rows } = await server.database.pool.query('select type from events where record_id = $1 order by sequence', [id.slice(4)]);
    expect(rows.map(({ type }) => type)).toEqual(['user.created', 'user.deleted']);
    expect((await request('POST', '/api/v1/users', { email: `user${count}@example.com`, external_id: externalId })).status).toBe(201);
  });

  test('without it, or with false, the user stays; 400 for what is neither true nor false', async () => {
    const { id } = await newUser();
    for (const query of ['', '?cascade=false']) {
      await request('POST', pathOf(organizationId, id), active);
      expect((await request('DELETE', pathOf(organizationId, id) + query)).status).toBe(204);
    }
    expect((await request('GET', `/api/v1/users/${id}`)).status).toBe(200);
    expect((await request('DELETE', `${pathOf(organizationId, id)}?cascade=yes`)).body).toMatchObject({
      message: expect.stringContaining('cascade: '),
    });
  });

  test('404 and 412 delete nobody', async () => {
    const { id } = await newUser();
    expect((await request('DELETE', `${pathOf(organizationId, id)}?cascade=true`)).body).toMatchObject({
      details: [{ error_code: 'MEMBERSHIP_NOT_FOUND' }],
    });
    await request('POST', pathOf(organizationId, id), active);
    expect((await request('DELETE', `${pathOf(organizationId, id)}?cascade=true`, undefined, { 'if-match': '"9"' })).status).toBe(412);
    expect((await request('GET', `/api/v1/users/${id}`)).body).toMatchObject({ user: { memberships: [{ version: 1 }] } });
  });

  test('of memberships that end at once the last takes the user along; one that begins meanwhile keeps them or finds none', async () => {
    const others = await Promise.all(Array.from({ length: 5 }, newOrganization));
    for (let round = 0; round < 10; round += 1) {
      const { id } = await newUser();
      await Promise.all(others.map((other) => request('POST', pathOf(other, id), active)));
      const ends = others.map((other) => request('DELETE', `${pathOf(other, id)}?cascade=true`));
      const [joined, ...ended] = await Promise.all([
        round % 2 === 0 ? request('POST', pathOf(organizationId, id), active) : undefined,
        ...ends,
      ]);
      expect(ended.map((answer) => answer?.status)).toEqual(Array(5).fill(204));
      expect((await request('GET', `/api/v1/users/${id}`)).status).toBe(joined?.status === 201 ? 200 : 404);
      if (joined !== undefined) expect([201, 404]).toContain(joined.status);
    }
  });
});

test('lists narrow by organization, user, status and metadata', async () => {
  const { id } = await newUser();
  await request('POST', pathOf(organizationId, id), { send_invitation_email: false, metadata: { desk: 'north' } });
  const ids = async (query: string) => {
    const { body } = await request('GET', `/api/v1/memberships?${query}`);
    return Object(body).memberships.map((membership: { user_id: string }) => membership.user_id);
  };
  expect(await ids(`user_id=${id}`)).toEqual([id]);
  expect(
    await ids(`organization_id=${organizationId}&membership_status=ACTIVE&filter=${encodeURIComponent('metadata.desk = "north"')}`),
  ).toEqual([id]);
  expect(await ids(`user_id=${id}&membership_status=INACTIVE`)).toEqual([]);
});
