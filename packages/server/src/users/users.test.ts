import { describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);
const path = '/api/v1/users';
const byKey = (id: string, system?: string) =>
  `${path}:external/${encodeURIComponent(id)}${system === undefined ? '' : `?system=${system}`}`;

async function newOrganization(name = 'Acme'): Promise<string> {
  const { body } = await request('POST', '/api/v1/organizations', { display_name: name });
  return Object(body).organization.id;
}

describe('create with a membership', () => {
  test('201: user, membership and invitation are made together', async () => {
    const organizationId = await newOrganization();
    const { status, body } = await request('POST', `/api/v1/organizations/${organizationId}/users`, {
      email: 'John.Doe@Company.com',
      external_id: 'SALESFORCE-003921',
      metadata: { department: 'Sales', quota: 150000 },
      user_profile: { first_name: 'John', family_name: 'Doe' },
      membership: { roles: [{ name: 'member' }], metadata: { cost_center: 4711 } },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      user: {
        email: 'John.Doe@Company.com',
        external_id: 'SALESFORCE-003921',
        metadata: { department: 'Sales', quota: 150000 },
        user_profile: { first_name: 'John', given_name: 'John', last_name: 'Doe', family_name: 'Doe' },
        memberships: [{ organization_id: organizationId, membership_status: 'PENDING_INVITE', roles: [{ name: 'member' }] }],
      },
      membership: {
        organization_id: organizationId,
        membership_status: 'PENDING_INVITE',
        metadata: { cost_center: 4711 },
        join_time: null,
      },
      invitation: { organization_id: organizationId, status: 'PENDING_INVITE', resent_count: 0 },
    });
    const { created_at, expires_at } = Object(body).invitation;
    expect(Date.parse(expires_at) - Date.parse(created_at)).toBe(15 * 24 * 3600 * 1000);
  });

  test('without an invitation the membership is active at once', async () => {
    const { body } = await request('POST', `/api/v1/organizations/${await newOrganization()}/users`, {
      email: 'active@example.com',
      send_invitation_email: false,
    });
    expect(body).toMatchObject({ membership: { membership_status: 'ACTIVE', join_time: expect.any(String) }, invitation: null });
  });

  test('404 for an unknown organization, and no user is left behind', async () => {
    const { status, body } = await request('POST', '/api/v1/organizations/org_1/users', { email: 'nobody@example.com' });
    expect([status, body]).toMatchObject([404, { details: [{ error_code: 'ORGANIZATION_NOT_FOUND' }] }]);
    expect(Object((await request('GET', `${path}?email=nobody@example.com`)).body).total_size).toBe(0);
  });
});

describe('email', () => {
  test.each([
    ['case.FOLD@example.com', 'CASE.fold@EXAMPLE.com'],
    ['intl@münchen.de', 'intl@xn--mnchen-3ya.de'],
  ])('409: %s and %s are one address, stored as sent (M6, M10)', async (first, second) => {
    const { body: made } = await request('POST', path, { email: first });
    expect(Object(made).user.email).toBe(first);
    const { status, body } = await request('POST', path, { email: second });
    expect([status, body]).toMatchObject([409, { details: [{ error_code: 'EMAIL_TAKEN', resource_info: { id: Object(made).user.id } }] }]);
    expect(Object((await request('GET', `${path}?email=${encodeURIComponent(second)}`)).body).users[0].id).toBe(Object(made).user.id);
  });

  test('409: nor can a user be given the address of another, and nothing changes', async () => {
    await request('POST', path, { email: 'first@example.com' });
    const { body } = await request('POST', path, { email: 'second@example.com', metadata: { a: 1 } });
    const url = `${path}/${Object(body).user.id}`;
    expect((await request('PATCH', url, { email: 'FIRST@example.com', metadata: { a: 2 } })).status).toBe(409);
    expect(Object((await request('GET', url)).body).user).toMatchObject({ email: 'second@example.com', metadata: { a: 1 }, version: 1 });
  });
});

test('a user of several organizations is one user; the ETag follows the memberships, If-Match the user', async () => {
  const [one, two] = [await newOrganization('One'), await newOrganization('Two')];
  const { body, headers } = await request('POST', `/api/v1/organizations/${one}/users`, {
    email: 'both@example.com',
    send_invitation_email: false,
  });
  const url = `${path}/${Object(body).user.id}`;
  const joined = await request('POST', `/api/v1/memberships/organizations/${two}/users/${Object(body).user.id}`, {
    send_invitation_email: false,
  });
  expect(Object(joined.body).user.memberships.map((membership: { organization_id: string }) => membership.organization_id)).toEqual([
    one,
    two,
  ]);
  const now = await request('GET', url, undefined, { 'if-none-match': headers.get('etag') ?? '' });
  expect(now.status).toBe(200);
  expect((await request('GET', url, undefined, { 'if-none-match': now.headers.get('etag') ?? '' })).status).toBe(304);
  expect((await request('PATCH', url, { metadata: { a: 1 } }, { 'if-match': headers.get('etag') ?? '' })).status).toBe(200);
  expect((await request('PATCH', url, { metadata: { a: 2 } }, { 'if-match': headers.get('etag') ?? '' })).status).toBe(412);
});

test('a user of the organization is found by external ID; one who is not a member is as absent as none', async () => {
  const [mine, theirs] = [await newOrganization('Mine'), await newOrganization('Theirs')];
  await request('POST', `/api/v1/organizations/${mine}/users`, { email: 'member@example.com', external_id: 'EMP-1' });
  const [found, foreign, unknown] = [
    await request('GET', `/api/v1/organizations/${mine}/users:external/EMP-1`),
    await request('GET', `/api/v1/organizations/${theirs}/users:external?external_id=EMP-1`),
    await request('GET', `/api/v1/organizations/${theirs}/users:external?external_id=EMP-9`),
  ];
  expect([found.status, foreign.status, unknown.status]).toEqual([200, 404, 404]);
  expect(Object(foreign.body).message).toBe(Object(unknown.body).message.replace('EMP-9', 'EMP-1'));
});

test('upsert by external ID: an address is needed to create, and updates keep what they do not name', async () => {
  expect((await request('PUT', byKey('HR-7', 'workday'), { metadata: { a: 1 } })).body).toMatchObject({
    details: [{ validation_error_info: { field_violations: [{ field: 'email', constraint: 'required' }] } }],
  });
  expect((await request('PUT', byKey('HR-7', 'workday'), { email: 'hr7@example.com', metadata: { a: 1 } })).status).toBe(201);
  const { status, body } = await request('PUT', byKey('HR-7', 'workday'), { user_profile: { name: 'Seven' }, metadata: { b: 2 } });
  expect([status, body]).toMatchObject([
    200,
    {
      created: false,
      user: { email: 'hr7@example.com', external_ids: { workday: 'HR-7' }, metadata: { a: 1, b: 2 }, user_profile: { name: 'Seven' } },
    },
  ]);
});

test('profile: null clears a field, both names of a field may be sent if they agree', async () => {
  const { body } = await request('POST', path, {
    email: 'profile@example.com',
    user_profile: { given_name: 'Ada', locale: 'en-GB', groups: ['a', 'b'] },
  });
  const url = `${path}/${Object(body).user.id}`;
  const changed = await request('PATCH', url, { user_profile: { locale: null, first_name: 'Augusta', given_name: 'Augusta' } });
  expect(Object(changed.body).user.user_profile).toEqual({ given_name: 'Augusta', first_name: 'Augusta', groups: ['a', 'b'] });
  expect((await request('PATCH', url, { user_profile: { first_name: 'A', given_name: 'B' } })).body).toMatchObject({
    message: expect.stringContaining('user_profile.first_name'),
  });
});

test('profile: metadata of its own keeps types and merges, groups and attributes are replaced, null clears each', async () => {
  const { body } = await request('POST', path, {
    email: 'profile.metadata@example.com',
    user_profile: {
      metadata: { desk: 4711, seat: { floor: 2, row: 'B' }, none: null },
      groups: ['a'],
      custom_attributes: { badge: 'blue' },
    },
  });
  const url = `${path}/${Object(body).user.id}`;
  expect(Object(body).user.user_profile.metadata).toEqual({ desk: 4711, seat: { floor: 2, row: 'B' } });
  const merged = await request('PATCH', url, {
    user_profile: { metadata: { desk: null, seat: { floor: 3 } }, groups: null, custom_attributes: { pass: 'x' } },
  });
  expect(Object(merged.body).user.user_profile).toEqual({ metadata: { seat: { floor: 3, row: 'B' } }, custom_attributes: { pass: 'x' } });
  const { rows } = await server.database.pool.query('select changed from events where record_id = $1 order by sequence desc limit 1', [
    Object(body).user.id.slice(4),
  ]);
  expect(rows[0].changed).toEqual({
    'user_profile.metadata.desk': [4711, null],
    'user_profile.metadata.seat': [
      { floor: 2, row: 'B' },
      { floor: 3, row: 'B' },
    ],
    'user_profile.groups': [['a'], null],
    'user_profile.custom_attributes': [{ badge: 'blue' }, { pass: 'x' }],
  });
  const cleared = await request('PATCH', url, { user_profile: { metadata: null, custom_attributes: null } });
  expect(Object(cleared.body).user.user_profile).toEqual({});
});

test.each([
  [{ metadata: { constructor: 2 } }, 'user_profile.metadata.constructor'],
  [{ metadata: { _own: 1 } }, 'user_profile.metadata._own'],
  [{ metadata: { text: 'a\u0000' } }, 'user_profile.metadata.text'],
  [{ metadata: Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`k${index}`, index])) }, 'user_profile.metadata'],
  [{ metadata: 'text' }, 'user_profile.metadata'],
  [{ email_verified: true }, 'user_profile.email_verified'],
  [{ custom_attributes: { constructor: 'x' } }, 'user_profile.custom_attributes.constructor: this key is not allowed'],
  [{ custom_attributes: { prototype: 'x' } }, 'user_profile.custom_attributes.prototype: this key is not allowed'],
  [{ custom_attributes: { '': 'x' } }, 'user_profile.custom_attributes: a key must not be empty'],
  [{ custom_attributes: { ['k'.repeat(65)]: 'x' } }, `.${'k'.repeat(65)}: a key must have at most 64 characters`],
])('profile: 400 names the field of %j', async (profile, field) => {
  const { status, body } = await request('POST', path, { email: 'profile.bad@example.com', user_profile: profile });
  expect([status, Object(body).message]).toEqual([400, expect.stringContaining(field)]);
});

test('profile: a hundred patches of different metadata keys at once keep all of them', async () => {
  const { body } = await request('POST', path, { email: 'profile.race@example.com' });
  const url = `${path}/${Object(body).user.id}`;
  await Promise.all(
    Array.from({ length: 100 }, (_, index) => request('PATCH', url, { user_profile: { metadata: { [`key${index}`]: index } } })),
  );
  const { user } = Object((await request('GET', url)).body);
  expect([Object.keys(user.user_profile.metadata).length, user.version]).toEqual([100, 101]);
});

test('whether an invitation is wanted may be said in the query, as Scalekit does; 400 when two places differ', async () => {
  const organizationId = await newOrganization();
  const members = `/api/v1/organizations/${organizationId}/users`;
  const { body } = await request('POST', `${members}?send_invitation_email=false`, { email: 'query.invite@example.com' });
  expect(body).toMatchObject({ membership: { membership_status: 'ACTIVE' }, invitation: null });
  const { body: made } = await request('POST', path, { email: 'query.member@example.com' });
  const membership = `/api/v1/memberships/organizations/${organizationId}/users/${Object(made).user.id}`;
  for (const answer of [
    await request('POST', `${members}?send_invitation_email=true`, { email: 'q2@example.com', send_invitation_email: false }),
    await request('POST', members, { email: 'q2@example.com', send_invitation_email: true, membership: { send_invitation_email: false } }),
    await request('POST', `${membership}?send_invitation_email=true`, { send_invitation_email: false }),
  ]) {
    expect([answer.status, answer.body]).toMatchObject([400, { message: 'send_invitation_email: is given twice, with different values' }]);
  }
  expect((await request('POST', `${membership}?send_invitation_email=false`, {})).body).toMatchObject({
    membership: { membership_status: 'ACTIVE' },
  });
  expect((await request('POST', `${members}?send_invitation_mail=false`, { email: 'q3@example.com' })).body).toMatchObject({
    details: [{ error_code: 'UNKNOWN_FIELD' }],
  });
});

test('400 for an inviter who has no address', async () => {
  const organizationId = await newOrganization();
  const { status, body } = await request('POST', `/api/v1/organizations/${organizationId}/users`, {
    email: 'inviter@example.com',
    membership: { inviter_email: 'The boss' },
  });
  expect([status, body]).toMatchObject([
    400,
    {
      details: [{ error_code: 'INVALID_EMAIL', validation_error_info: { field_violations: [{ field: 'membership.inviter_email' }] } }],
    },
  ]);
});

test('delete ends the memberships and frees address and external IDs', async () => {
  const organizationId = await newOrganization();
  const { body } = await request('POST', `/api/v1/organizations/${organizationId}/users`, {
    email: 'gone@example.com',
    external_id: 'GONE',
  });
  expect((await request('DELETE', byKey('GONE'))).status).toBe(204);
  expect((await request('GET', `${path}/${Object(body).user.id}`)).status).toBe(404);
  expect(Object((await request('GET', `/api/v1/memberships?organization_id=${organizationId}`)).body).total_size).toBe(0);
  expect((await request('POST', path, { email: 'gone@example.com', external_id: 'GONE' })).status).toBe(201);
});

test('lists narrow by organization, address, external ID and metadata; search finds addresses, names and IDs', async () => {
  const organizationId = await newOrganization('List');
  await request('POST', `/api/v1/organizations/${organizationId}/users`, {
    email: 'list.one@example.com',
    metadata: { level: 3 },
    user_profile: { given_name: 'Grace', family_name: 'Hopper' },
  });
  await request('POST', `/api/v1/organizations/${organizationId}/users`, {
    email: 'list.two@example.com',
    external_ids: { crm: 'LIST-2' },
    metadata: { level: 5 },
  });
  const emails = async (url: string) => {
    const { body } = await request('GET', url);
    return Object(body).users.map((user: { email: string }) => user.email);
  };
  const members = `/api/v1/organizations/${organizationId}/users`;
  expect(await emails(members)).toEqual(['list.two@example.com', 'list.one@example.com']);
  expect(await emails(`${members}?filter=${encodeURIComponent('metadata.level <= 3')}`)).toEqual(['list.one@example.com']);
  expect(await emails(`${members}:search?query=grace%20hop`)).toEqual(['list.one@example.com']);
  expect(await emails(`${path}:search?query=list-2`)).toEqual(['list.two@example.com']);
  expect(await emails(`${path}?email=LIST.one@example.com`)).toEqual(['list.one@example.com']);
  expect((await request('GET', '/api/v1/organizations/org_1/users')).status).toBe(404);
});
