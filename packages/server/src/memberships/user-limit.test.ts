import { beforeAll, describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { takesPlace } from './user-limit.ts';

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);
const hundred = Array.from({ length: 100 }, (_, index) => index);
const pathOf = (organizationId: string, userId: string) => `/api/v1/memberships/organizations/${organizationId}/users/${userId}`;
const active = { send_invitation_email: false };

let users: string[] = [];
let count = 0;
beforeAll(async () => {
  const made = await Promise.all(hundred.map((index) => request('POST', '/api/v1/users', { email: `place${index}@example.com` })));
  users = made.map(({ body }) => Object(body).user.id);
});

async function newOrganization(limit?: number): Promise<string> {
  const { body } = await request('POST', '/api/v1/organizations', { display_name: 'Limited' });
  const { id } = Object(body).organization;
  if (limit !== undefined) await setLimit(id, limit);
  return id;
}

const setLimit = (id: string, limit: number | null) =>
  request('PATCH', `/api/v1/organizations/${id}/settings/usermanagement`, { settings: { max_allowed_users: limit } });

const newMember = (organizationId: string, fields: object = active) => {
  count += 1;
  return request('POST', `/api/v1/organizations/${organizationId}/users`, { email: `limit${count}@example.com`, ...fields });
};

/** How many memberships there are by status, as the database has them. */
async function tally(organizationId: string): Promise<Record<string, number>> {
  const { rows } = await server.database.pool.query(
    'select status, count(*)::int as count from memberships where organization_id = $1 group by status',
    [organizationId.slice(4)],
  );
  return Object.fromEntries(rows.map(({ status, count: number }) => [status, number]));
}

const tallyOf = (answers: { status: number }[]) =>
  Object.fromEntries([200, 201, 400].map((status) => [status, answers.filter((answer) => answer.status === status).length]));

describe('the limit', () => {
  test('400 names the limit and the way out, and leaves nothing behind', async () => {
    const id = await newOrganization(1);
    await newMember(id);
    const { status, body } = await newMember(id);
    expect([status, body]).toMatchObject([
      400,
      {
        code: 9,
        message: `${id} is full: max_allowed_users is 1; raise it, or end or deactivate another membership first`,
        details: [{ error_code: 'USER_LIMIT_REACHED', resource_info: { id, kind: 'organization' } }],
      },
    ]);
    const orphans = await request('GET', `/api/v1/users?email=limit${count}@example.com`);
    expect(Object(orphans.body).total_size).toBe(0);
    const { rows } = await server.database.pool.query('select from events where organization_id = $1 and type like $2', [
      id.slice(4),
      'user.%',
    ]);
    expect(rows).toHaveLength(1);
  });

  test('counts active and invited users, not inactive ones; leaving frees a place, becoming active again takes one', async () => {
    const id = await newOrganization(2);
    const [first, second] = [await newMember(id), await newMember(id, {})];
    expect([first.status, second.status, (await newMember(id)).status]).toEqual([201, 201, 400]);
    const [one, two] = [first, second].map(({ body }) => pathOf(id, Object(body).user.id));
    expect((await request('PATCH', one ?? '', { membership_status: 'INACTIVE' })).status).toBe(200);
    expect((await newMember(id)).status).toBe(201);
    expect((await request('PATCH', one ?? '', { membership_status: 'ACTIVE' })).body).toMatchObject({
      details: [{ error_code: 'USER_LIMIT_REACHED' }],
    });
    expect((await request('GET', one ?? '')).body).toMatchObject({ membership: { membership_status: 'INACTIVE', version: 2 } });
    await request('DELETE', two ?? '');
    expect((await request('PATCH', one ?? '', { membership_status: 'ACTIVE' })).status).toBe(200);
    expect(await tally(id)).toEqual({ ACTIVE: 2 });
  });

  test('0 is no limit, nor is null', async () => {
    const id = await newOrganization(1);
    await newMember(id);
    await setLimit(id, 0);
    expect((await newMember(id)).status).toBe(201);
    await setLimit(id, 2);
    expect((await newMember(id)).status).toBe(400);
    await setLimit(id, null);
    expect((await newMember(id)).status).toBe(201);
  });

  test('one below the present number keeps everyone: a member may be changed, and who was invited may accept', async () => {
    const id = await newOrganization();
    const invited = pathOf(id, Object((await newMember(id, {})).body).user.id);
    await newMember(id);
    await setLimit(id, 1);
    expect((await request('PATCH', invited, { roles: [{ name: 'admin' }], membership_status: 'ACTIVE' })).status).toBe(200);
    expect((await newMember(id)).status).toBe(400);
    expect(await tally(id)).toEqual({ ACTIVE: 2 });
  });

  test('an upsert is held to it when it creates and when it makes active, not when it keeps inactive', async () => {
    const id = await newOrganization(1);
    const [one = '', two = ''] = users;
    expect((await request('PUT', pathOf(id, one), { membership_status: 'INACTIVE' })).status).toBe(201);
    expect((await request('PUT', pathOf(id, two), active)).status).toBe(201);
    expect((await request('PUT', pathOf(id, one), { membership_status: 'ACTIVE' })).status).toBe(400);
    expect((await request('PUT', pathOf(id, one), { metadata: { a: 1 } })).status).toBe(200);
    expect((await request('PUT', pathOf(id, two), { membership_status: 'ACTIVE' })).status).toBe(200);
  });
});

describe('a hundred at once', { timeout: 60_000 }, () => {
  test('new users for ten places: exactly ten get in', async () => {
    const id = await newOrganization(10);
    const answers = await Promise.all(hundred.map((index) => newMember(id, { send_invitation_email: index % 2 === 0 })));
    expect(tallyOf(answers)).toEqual({ 200: 0, 201: 10, 400: 90 });
    expect(new Set(answers.filter(({ status }) => status === 400).map(({ body }) => Object(body).details[0].error_code))).toEqual(
      new Set(['USER_LIMIT_REACHED']),
    );
    const { ACTIVE = 0, PENDING_INVITE = 0 } = await tally(id);
    expect(ACTIVE + PENDING_INVITE).toBe(10);
  });

  test('memberships, upserts and new users mixed: exactly ten get in', async () => {
    const id = await newOrganization(10);
    const answers = await Promise.all(
      users.map((user, index) =>
        index % 3 === 0
          ? request('POST', pathOf(id, user), active)
          : index % 3 === 1
            ? request('PUT', pathOf(id, user), { membership_status: 'ACTIVE' })
            : newMember(id),
      ),
    );
    expect(tallyOf(answers)).toEqual({ 200: 0, 201: 10, 400: 90 });
    expect(await tally(id)).toEqual({ ACTIVE: 10 });
  });

  test('inactive members who become active again: exactly ten do', async () => {
    const id = await newOrganization();
    await Promise.all(users.map((user) => request('PUT', pathOf(id, user), { membership_status: 'INACTIVE' })));
    await setLimit(id, 10);
    const answers = await Promise.all(users.map((user) => request('PATCH', pathOf(id, user), { membership_status: 'ACTIVE' })));
    expect(tallyOf(answers)).toEqual({ 200: 10, 201: 0, 400: 90 });
    expect(await tally(id)).toEqual({ ACTIVE: 10, INACTIVE: 90 });
  });

  test('coming and going while the organization is deleted: nothing is left, nobody fails but with a reason', async () => {
    const id = await newOrganization(10);
    const work = users.map((user, index) =>
      index === 50
        ? request('DELETE', `/api/v1/organizations/${id}`)
        : index % 2 === 0
          ? request('PUT', pathOf(id, user), { membership_status: 'ACTIVE' })
          : request('PATCH', pathOf(id, users[index - 1] ?? ''), { membership_status: index % 4 === 1 ? 'INACTIVE' : 'ACTIVE' }),
    );
    const statuses = new Set((await Promise.all(work)).map(({ status }) => status));
    expect([...statuses].filter((status) => ![200, 201, 204, 400, 404].includes(status))).toEqual([]);
    expect(await tally(id)).toEqual({});
  });

  test('an organization without a limit lets all of them in', async () => {
    const id = await newOrganization();
    const answers = await Promise.all(users.map((user) => request('POST', pathOf(id, user), active)));
    expect(tallyOf(answers)).toEqual({ 200: 0, 201: 100, 400: 0 });
  });
});

test.each([
  ['ACTIVE', null, true],
  ['INACTIVE', null, false],
  ['INACTIVE', '2026-01-02T00:00:00.000Z', false],
  ['PENDING_INVITE', '2026-01-02T00:00:00.000Z', true],
  ['PENDING_INVITE', '2026-01-01T00:00:00.000Z', false],
  ['INVITE_EXPIRED', '2025-12-01T00:00:00.000Z', false],
] as const)('%s until %s takes a place: %s', (membership_status, expires_at, takes) => {
  const membership = {
    id: 'mem_1',
    organization_id: 'org_1',
    user_id: 'usr_1',
    membership_status,
    expires_at,
    roles: [],
    metadata: {},
    inviter_email: null,
    join_time: null,
    version: 1,
    create_time: '',
    update_time: '',
  };
  expect(takesPlace(membership, new Date('2026-01-01T00:00:00.000Z'))).toBe(takes);
});
