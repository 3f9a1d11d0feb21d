import { describe, expect, test } from 'vitest';
import { tagOf } from '../testing.ts';
import { stateOf } from './invitation.ts';
import { useInvitingServer } from './testing.ts';

const { server, request, newOrganization, organization, invite, membershipOf, expire, eventsOf } = useInvitingServer();
const pathOf = (userId: string, of = organization()) => `/api/v1/invites/organizations/${of}/users/${userId}`;

describe('the states', () => {
  const now = new Date('2026-11-24T12:00:00Z');
  const before = '2026-11-24T11:59:59.999Z';
  const after = '2026-11-24T12:00:00.001Z';

  test.each([
    ['PENDING', 'PENDING_INVITE', null, after],
    ['EXPIRED', 'PENDING_INVITE', null, now.toISOString()],
    ['EXPIRED', 'PENDING_INVITE', null, before],
    ['EXPIRED', 'INVITE_EXPIRED', null, before],
    ['REVOKED', 'INACTIVE', null, after],
    ['ACCEPTED', 'ACTIVE', before, null],
    ['ACCEPTED', 'INACTIVE', before, null],
  ] as const)('%s: %s, joined %s, expires %s', (state, membership_status, join_time, expires_at) => {
    expect(stateOf({ membership_status, join_time, expires_at }, now)).toBe(state);
  });
});

describe('list and get', () => {
  test('by state, newest first, page by page, by any ID of the organization; members without an invitation are not among them', async () => {
    const { body } = await request('POST', '/api/v1/organizations', { display_name: 'Listing', external_id: 'INV/1' });
    const id = Object(body).organization.id;
    const [pending, accepted, revoked, expired, marked] = [
      await invite({}, id),
      await invite({}, id),
      await invite({}, id),
      await invite({}, id),
      await invite({}, id),
    ];
    await invite({ send_invitation_email: false, membership: {} }, id);
    await request('POST', `${pathOf(accepted.userId, id)}/accept`, {});
    await request('POST', `${pathOf(revoked.userId, id)}/revoke`, {});
    await expire(marked.membershipId);
    await server.purge();
    await expire(expired.membershipId);
    const list = async (query: string) => Object((await request('GET', `/api/v1/organizations/${id}/invitations${query}`)).body);
    const idsOf = async (query: string) => (await list(query)).invitations.map(({ user_id }: { user_id: string }) => user_id);
    const all = [marked, expired, revoked, accepted, pending].map(({ userId }) => userId);
    expect([await idsOf(''), (await list('')).total_size]).toEqual([all, 5]);
    expect(await idsOf('?state=PENDING')).toEqual([pending.userId]);
    expect(await idsOf('?state=ACCEPTED')).toEqual([accepted.userId]);
    expect(await idsOf('?state=REVOKED')).toEqual([revoked.userId]);
    expect(await idsOf('?state=EXPIRED')).toEqual([marked.userId, expired.userId]);
    const first = await list('?page_size=2');
    expect(await idsOf(`?page_size=2&page_token=${first.next_page_token}`)).toEqual(all.slice(2, 4));
    for (const { invitation } of [accepted, revoked]) expect(invitation).toMatchObject({ state: 'PENDING' });
    const byExternalId = await request('GET', '/api/v1/organizations:external:invitations?external_id=INV/1&state=PENDING');
    const got = await request('GET', pathOf(pending.userId, id));
    expect(Object(byExternalId.body).invitations).toEqual([Object(got.body).invitation]);
    expect((await request('GET', `/api/v1/organizations:external/${encodeURIComponent('INV/1')}/invitations`)).status).toBe(200);
  });

  test('of the whole environment: by state, newest first, page by page; another environment has its own', async () => {
    const orgs = [await newOrganization(), await newOrganization()];
    const [pending, accepted, revoked, first, marked, second] = [
      await invite({}, orgs[0]),
      await invite({}, orgs[1]),
      await invite({}, orgs[0]),
      await invite({}, orgs[1]),
      await invite({}, orgs[0]),
      await invite({}, orgs[1]),
    ];
    await invite({ send_invitation_email: false, membership: {} }, orgs[0]);
    await request('POST', `${pathOf(accepted.userId, orgs[1])}/accept`, {});
    await request('POST', `${pathOf(revoked.userId, orgs[0])}/revoke`, {});
    await expire(marked.membershipId);
    await server.purge();
    for (const { membershipId } of [first, second]) await expire(membershipId);
    const list = async (query: string) => Object((await request('GET', `/api/v1/invitations${query}`)).body);
    const idsOf = async (query: string): Promise<string[]> => {
      const { invitations } = await list(query);
      return invitations.map(({ user_id }: { user_id: string }) => user_id);
    };
    const all = [second, marked, first, revoked, accepted, pending].map(({ userId }) => userId);
    expect((await idsOf('?page_size=6')).slice(0, 6)).toEqual(all);
    for (const [state, newest] of [
      ['PENDING', pending],
      ['ACCEPTED', accepted],
      ['REVOKED', revoked],
    ] as const)
      expect((await idsOf(`?state=${state}&page_size=1`))[0]).toBe(newest.userId);
    // Those that are marked and those that are not yet are one list.
    const page = await list('?state=EXPIRED&page_size=2');
    expect(page.invitations.map(({ user_id }: { user_id: string }) => user_id)).toEqual([second.userId, marked.userId]);
    const next = await list(`?state=EXPIRED&page_size=2&page_token=${page.next_page_token}`);
    expect(next.invitations[0].user_id).toBe(first.userId);
    expect(await idsOf(`?state=EXPIRED&page_size=2&page_token=${next.prev_page_token}`)).toEqual([second.userId, marked.userId]);
    const { total_size: total } = await list('');
    const counts = await Promise.all(
      ['PENDING', 'ACCEPTED', 'REVOKED', 'EXPIRED'].map(async (state) => (await list(`?state=${state}`)).total_size),
    );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(total);
    const other = await server.addEnvironment('elsewhere');
    expect((await other.request('GET', '/api/v1/invitations')).body).toMatchObject({ invitations: [], total_size: 0 });
    expect((await request('GET', '/api/v1/invitations?state=OPEN')).status).toBe(400);
  });

  test('get: the ETag is that of the membership, 304; 404 for what is not there', async () => {
    const { userId, externalId } = await invite();
    const { headers, body } = await request('GET', pathOf(userId));
    expect([headers.get('etag'), body]).toMatchObject([tagOf(1), { invitation: { user_id: userId, state: 'PENDING', accepted_at: null } }]);
    expect((await request('GET', pathOf(userId), undefined, { 'if-none-match': headers.get('etag') ?? '' })).status).toBe(304);
    const external = `/api/v1/invites/organizations/${organization()}/users:external`;
    expect((await request('GET', `${external}/${externalId}`)).body).toEqual(body);
    const uninvited = await invite({ send_invitation_email: false, membership: {} });
    expect((await request('GET', pathOf(uninvited.userId))).body).toMatchObject({ details: [{ error_code: 'INVITATION_NOT_FOUND' }] });
    expect((await request('GET', '/api/v1/organizations/org_7/invitations')).status).toBe(404);
    expect((await request('GET', `/api/v1/organizations/${organization()}/invitations?state=OPEN`)).status).toBe(400);
  });
});

describe('revoke', () => {
  test('the membership stays, inactive, with what was reserved for it; one version, one event; again it changes nothing', async () => {
    const { userId, membershipId } = await invite({ membership: { roles: [{ name: 'admin' }], metadata: { desk: 7 } } });
    const { status, headers, body } = await request('POST', `${pathOf(userId)}/revoke`, {});
    expect([status, headers.get('etag'), body]).toMatchObject([200, tagOf(2), { invitation: { state: 'REVOKED', status: 'INACTIVE' } }]);
    expect(await membershipOf(userId)).toMatchObject({ membership_status: 'INACTIVE', join_time: null, metadata: { desk: 7 }, version: 2 });
    expect((await membershipOf(userId)).roles).toMatchObject([{ name: 'admin' }]);
    expect((await request('POST', `${pathOf(userId)}/revoke`)).headers.get('etag')).toEqual(tagOf(2));
    expect((await eventsOf(membershipId)).at(-1)).toMatchObject({
      type: 'user.organization_membership_updated',
      record_version: '2',
      actor_type: 'client',
      changed: { membership_status: ['PENDING_INVITE', 'INACTIVE'] },
    });
  });

  test('it frees its place in the user limit; afterwards it can neither be sent nor accepted; ended, the person can be invited anew', async () => {
    const id = await newOrganization();
    const { userId } = await invite({}, id);
    await request('PATCH', `/api/v1/organizations/${id}/settings/usermanagement`, { settings: { max_allowed_users: 1 } });
    await request('POST', `${pathOf(userId, id)}/revoke`, {});
    for (const [method, path] of [
      ['PATCH', 'resend'],
      ['POST', 'accept'],
    ] as const) {
      expect((await request(method, `${pathOf(userId, id)}/${path}`, {})).body).toMatchObject({
        details: [{ error_code: 'INVITATION_CLOSED' }],
      });
    }
    const membership = `/api/v1/memberships/organizations/${id}/users/${userId}`;
    expect((await request('POST', membership, {})).status).toBe(409);
    await request('DELETE', membership);
    const again = await request('POST', membership, {});
    expect([again.status, again.body]).toMatchObject([201, { invitation: { state: 'PENDING', resent_count: 0 } }]);
  });

  test('400 when it was accepted; 412 for a stale version; one that has expired can be revoked', async () => {
    const { userId } = await invite();
    expect((await request('POST', `${pathOf(userId)}/revoke`, {}, { 'if-match': '"9"' })).status).toBe(412);
    await request('POST', `${pathOf(userId)}/accept`, {});
    expect((await request('POST', `${pathOf(userId)}/revoke`, {})).body).toMatchObject({ details: [{ error_code: 'INVITATION_CLOSED' }] });
    const late = await invite();
    await expire(late.membershipId);
    expect((await request('POST', `${pathOf(late.userId)}/revoke`, {})).body).toMatchObject({ invitation: { state: 'REVOKED' } });
  });
});

describe('accept', () => {
  test('the membership begins with what was reserved for it; one version, one event', async () => {
    const { userId, membershipId, externalId } = await invite({ membership: { roles: [{ name: 'admin' }], metadata: { desk: 7 } } });
    const external = `/api/v1/invites/organizations/${organization()}/users:external`;
    const { status, headers, body } = await request('POST', `${external}/${externalId}/accept`, {});
    expect([status, headers.get('etag'), body]).toMatchObject([
      200,
      tagOf(2),
      { invitation: { user_id: userId, state: 'ACCEPTED', status: 'ACTIVE', expires_at: null, accepted_at: expect.any(String) } },
    ]);
    expect(await membershipOf(userId)).toMatchObject({ membership_status: 'ACTIVE', metadata: { desk: 7 }, roles: [{ name: 'admin' }] });
    const { accepted_at } = Object(body).invitation;
    expect((await eventsOf(membershipId)).at(-1)).toMatchObject({
      type: 'user.organization_membership_updated',
      record_version: '2',
      actor_type: 'client',
      changed: {
        membership_status: ['PENDING_INVITE', 'ACTIVE'],
        join_time: [null, accepted_at],
        expires_at: [expect.any(String), null],
      },
    });
  });

  test('of a hundred at once one succeeds, and there is one event; the others are told', async () => {
    const { userId, membershipId } = await invite();
    const answers = await Promise.all(Array.from({ length: 100 }, () => request('POST', `${pathOf(userId)}/accept`, {})));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const others = answers.filter(({ status }) => status !== 200).map(({ body }) => Object(body).details[0].error_code);
    expect(new Set(others)).toEqual(new Set(['INVITATION_CLOSED']));
    expect(await eventsOf(membershipId)).toHaveLength(3);
  });

  test('400 when it has expired, marked or not; the same Idempotency-Key repeats the answer', async () => {
    const late = await invite();
    await expire(late.membershipId);
    const refused = await request('POST', `${pathOf(late.userId)}/accept`, {});
    expect([refused.status, refused.body]).toMatchObject([400, { message: expect.stringContaining('has expired; send it again first') }]);
    const { userId } = await invite();
    const accept = () => request('POST', `${pathOf(userId)}/accept`, {}, { 'idempotency-key': 'accept-once' });
    const [first, second] = [await accept(), await accept()];
    expect([second.status, second.text]).toEqual([200, first.text]);
  });

  test('accept, revoke, resend and expiry at once: one outcome, and a chain of events that tells it', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { userId, membershipId } = await invite();
      const path = pathOf(userId);
      await Promise.all([
        request('POST', `${path}/accept`, {}),
        request('POST', `${path}/revoke`, {}),
        request('PATCH', `${path}/resend`, {}),
        request('POST', `${path}/accept`, {}),
        expire(membershipId).then(() => server.purge()),
      ]);
      const { invitation } = Object((await request('GET', path)).body);
      const events = await eventsOf(membershipId);
      const last = Object(events.at(-1)?.data);
      expect([last.membership_status, last.version]).toEqual([invitation.status, (await membershipOf(userId)).version]);
      expect(invitation.state === 'ACCEPTED').toBe((await membershipOf(userId)).join_time !== null);
      const versions = events.map(({ record_version }) => Number(record_version));
      expect(new Set(versions)).toEqual(new Set(Array.from({ length: last.version }, (_, index) => index + 1)));
    }
  });
});

describe('how long it is open', () => {
  const days = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 86_400_000;

  test('as the invitation says, else as the environment does, else 15 days; a new end is as long', async () => {
    const environment = await server.addEnvironment('days');
    const { body } = await environment.request('POST', '/api/v1/organizations', { display_name: 'Days' });
    const users = `/api/v1/organizations/${Object(body).organization.id}/users`;
    const open = async (email: string, membership: object) =>
      Object((await environment.request('POST', users, { email, membership })).body);
    const usual = await open('usual@example.com', {});
    await environment.request('PATCH', '/api/v1/invitation-settings', { invitation_days: 3 });
    const set = await open('set@example.com', {});
    const own = await open('own@example.com', { invitation_days: 30 });
    for (const [made, length] of [
      [usual, 15],
      [set, 3],
      [own, 30],
    ] as const) {
      expect(days(made.invitation.created_at, made.invitation.expires_at)).toBe(length);
    }
    for (const [made, length] of [
      [usual, 3],
      [own, 30],
    ] as const) {
      await expire(made.membership.id);
      const path = `/api/v1/invites/organizations/${made.membership.organization_id}/users/${made.user.id}/resend`;
      const { invite: renewed } = Object((await environment.request('PATCH', path, {})).body);
      expect(days(renewed.resent_at, renewed.expires_at)).toBe(length);
    }
  });

  test.each([
    [{ invitation_days: 0 }, 'membership.invitation_days'],
    [{ invitation_days: 366 }, 'membership.invitation_days'],
    [{ invitation_days: '7' }, 'membership.invitation_days'],
    [{ invitation_days: 7, send_invitation_email: false }, 'membership.invitation_days'],
  ])('400: %j', async (membership, field) => {
    const { status, body } = await request('POST', `/api/v1/organizations/${organization()}/users`, {
      email: 'days@example.com',
      membership,
    });
    expect([status, Object(body).details[0].validation_error_info.field_violations[0].field]).toEqual([400, field]);
  });
});

describe('one invitation for an organization and an address (A6)', () => {
  test('409 for the same address, in other case too, and for a member; a hundred at once make one', async () => {
    const users = `/api/v1/organizations/${organization()}/users`;
    const email = 'once@example.com';
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => request('POST', users, { email: n % 2 ? email : 'Once@Example.com' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(99).fill(409)]);
    const { user } = Object(answers.find(({ status }) => status === 201)?.body);
    const membership = `/api/v1/memberships/organizations/${organization()}/users/${user.id}`;
    expect((await request('POST', membership, {})).body).toMatchObject({ details: [{ error_code: 'MEMBERSHIP_EXISTS' }] });
    await request('POST', `${pathOf(user.id)}/accept`, {});
    expect((await request('POST', membership, {})).status).toBe(409);
    const { rows } = await server.database.pool.query("select from events where record_id = $1 and type = 'user.organization_invitation'", [
      Object((await request('GET', membership)).body).membership.id.slice(4),
    ]);
    expect(rows).toHaveLength(1);
  });

  test('an API client has no roles of its own, so it may invite with any role there is (A8); `inviter_email` is told and not checked', async () => {
    const { userId } = await invite({ membership: { inviter_email: 'nobody@example.com', roles: [{ name: 'admin' }] } });
    expect((await request('GET', pathOf(userId))).body).toMatchObject({ invitation: { inviter_email: 'nobody@example.com' } });
  });
});
