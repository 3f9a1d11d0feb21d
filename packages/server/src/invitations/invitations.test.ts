import { describe, expect, test } from 'vitest';
import { tagOf } from '../testing.ts';
import { useInvitingServer } from './testing.ts';

const { server, request, newOrganization, organization, invite, membershipOf, expire, eventsOf } = useInvitingServer();
const fifteenDays = 15 * 24 * 3600 * 1000;
const resendPath = (of: string, userId: string) => `/api/v1/invites/organizations/${of}/users/${userId}/resend`;

describe('resend', () => {
  test('an open invitation keeps its end; it is counted, and an event says that there is something to send', async () => {
    const { userId, membershipId, invitation, email } = await invite();
    const { status, headers, body } = await request('PATCH', resendPath(organization(), userId), {});
    expect([status, headers.get('etag')]).toEqual([200, tagOf(2)]);
    expect(body).toEqual({
      invite: {
        organization_id: organization(),
        user_id: userId,
        email,
        inviter_email: 'boss@example.com',
        state: 'PENDING',
        status: 'PENDING_INVITE',
        accepted_at: null,
        created_at: invitation.created_at,
        expires_at: invitation.expires_at,
        resent_at: expect.any(String),
        resent_count: 1,
      },
    });
    const again = Object((await request('PATCH', resendPath(organization(), userId))).body).invite;
    expect(again).toMatchObject({ resent_count: 2, expires_at: invitation.expires_at });
    expect(Date.parse(again.resent_at)).toBeGreaterThan(Date.parse(Object(body).invite.resent_at));
    const events = await eventsOf(membershipId);
    expect(events.map(({ type, record_version }) => [type, record_version])).toEqual([
      ['user.organization_membership_created', '1'],
      ['user.organization_invitation', '1'],
      ['user.organization_invitation', '2'],
      ['user.organization_invitation', '3'],
    ]);
    expect(events.at(1)).toMatchObject({ data: { id: membershipId, invitation: { ...invitation, resent_count: 0 } } });
    expect(events.at(-1)).toMatchObject({
      changed: { invitation: [{ resent_count: 1 }, { resent_count: 2 }] },
      data: { id: membershipId, user_id: userId, invitation: again },
    });
  });

  test.each([
    ['before anyone noticed that it expired', async () => {}],
    ['after it was marked as expired', () => server.purge()],
  ])('one that has expired gets a new end: %s', async (_when, notice) => {
    const { userId, membershipId } = await invite();
    await expire(membershipId);
    await notice();
    const before = await membershipOf(userId);
    const { status, body } = await request('PATCH', resendPath(organization(), userId), {});
    const { expires_at, resent_at, resent_count } = Object(body).invite;
    expect([status, Object(body).invite.status, resent_count]).toEqual([200, 'PENDING_INVITE', 1]);
    expect(Date.parse(expires_at) - Date.parse(resent_at)).toBe(fifteenDays);
    expect(await membershipOf(userId)).toMatchObject({ membership_status: 'PENDING_INVITE', expires_at, version: before.version + 1 });
    const last = (await eventsOf(membershipId)).filter(({ record_version }) => record_version === String(before.version + 1));
    const updated = before.membership_status === 'INVITE_EXPIRED' ? ['user.organization_membership_updated'] : [];
    expect(last.map(({ type }) => type)).toEqual([...updated, 'user.organization_invitation']);
  });

  test('400 when it was accepted, also when the membership was set inactive later', async () => {
    const { userId } = await invite();
    const membership = `/api/v1/memberships/organizations/${organization()}/users/${userId}`;
    await request('PATCH', membership, { membership_status: 'ACTIVE' });
    expect(await membershipOf(userId)).toMatchObject({ expires_at: null });
    for (const status of ['ACTIVE', 'INACTIVE']) {
      await request('PATCH', membership, { membership_status: status });
      const answer = await request('PATCH', resendPath(organization(), userId), {});
      expect([answer.status, answer.body]).toMatchObject([
        400,
        {
          code: 9,
          message: `${userId} has accepted the invitation to ${organization()} already`,
          details: [{ error_code: 'INVITATION_CLOSED' }],
        },
      ]);
    }
  });

  test('400 when the membership was set inactive before it was accepted', async () => {
    const { userId } = await invite();
    await request('PATCH', `/api/v1/memberships/organizations/${organization()}/users/${userId}`, { membership_status: 'INACTIVE' });
    const { status, body } = await request('PATCH', resendPath(organization(), userId), {});
    expect([status, Object(body).message]).toEqual([400, expect.stringContaining('was set inactive before it was accepted')]);
  });

  test('404 when the user, the organization, the membership or the invitation is missing', async () => {
    const { userId } = await invite();
    const uninvited = await invite({ send_invitation_email: false, membership: {} });
    const other = await newOrganization();
    const codes = async (path: string) => {
      const { status, body } = await request('PATCH', path, {});
      return [status, Object(body).details[0].error_code];
    };
    expect(await codes(resendPath(organization(), 'usr_1'))).toEqual([404, 'MEMBERSHIP_NOT_FOUND']);
    expect(await codes(resendPath('org_1', userId))).toEqual([404, 'MEMBERSHIP_NOT_FOUND']);
    expect(await codes(resendPath(other, userId))).toEqual([404, 'MEMBERSHIP_NOT_FOUND']);
    expect(await codes(resendPath(organization(), uninvited.userId))).toEqual([404, 'INVITATION_NOT_FOUND']);
    expect(await codes(`/api/v1/invites/organizations/${organization()}/users:external/nobody/resend`)).toEqual([404, 'USER_NOT_FOUND']);
  });

  test('the person may be named by an external ID; 400 for other kinds of ID and for a body with fields', async () => {
    const { userId, externalId } = await invite();
    const external = `/api/v1/invites/organizations/${organization()}/users:external`;
    expect((await request('PATCH', `${external}/${externalId}/resend`)).body).toMatchObject({
      invite: { user_id: userId, resent_count: 1 },
    });
    expect((await request('PATCH', `${external}:resend?external_id=${externalId}`, {})).body).toMatchObject({
      invite: { resent_count: 2 },
    });
    expect((await request('PATCH', resendPath('usr_1', userId), {})).body).toMatchObject({ details: [{ error_code: 'INVALID_ID' }] });
    expect((await request('PATCH', resendPath(organization(), userId), { force: true })).body).toMatchObject({
      details: [{ error_code: 'UNKNOWN_FIELD' }],
    });
  });

  test('412 for a stale version of the membership; a repeated request with an Idempotency-Key counts once', async () => {
    const { userId } = await invite();
    expect((await request('PATCH', resendPath(organization(), userId), {}, { 'if-match': '"7"' })).status).toBe(412);
    const send = () => request('PATCH', resendPath(organization(), userId), {}, { 'if-match': '"1"', 'idempotency-key': 'resend-once' });
    const [first, second] = [await send(), await send()];
    expect([second.text, second.headers.get('idempotent-replayed')]).toEqual([first.text, 'true']);
    expect((await membershipOf(userId)).version).toBe(2);
  });

  test('fifty at once are fifty sendings, each with its version and its event', async () => {
    const { userId, membershipId } = await invite();
    const answers = await Promise.all(Array.from({ length: 50 }, () => request('PATCH', resendPath(organization(), userId), {})));
    const counts = answers.map(({ body }) => Number(Object(body).invite.resent_count)).sort((a, b) => a - b);
    expect(counts).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect((await membershipOf(userId)).version).toBe(51);
    expect((await eventsOf(membershipId)).filter(({ type }) => type === 'user.organization_invitation')).toHaveLength(51);
  });
});

describe('expiry', () => {
  test('an invitation that nobody accepted is marked by the system, with one event', async () => {
    const { userId, membershipId } = await invite();
    await expire(membershipId);
    await server.purge();
    await server.purge();
    expect(await membershipOf(userId)).toMatchObject({ membership_status: 'INVITE_EXPIRED', version: 2 });
    expect((await eventsOf(membershipId)).at(-1)).toMatchObject({
      type: 'user.organization_membership_updated',
      record_version: '2',
      actor_type: 'system',
      actor_id: null,
      changed: { membership_status: ['PENDING_INVITE', 'INVITE_EXPIRED'] },
    });
    const listed = await request('GET', `/api/v1/memberships?organization_id=${organization()}&membership_status=INVITE_EXPIRED`);
    expect(Object(listed.body).memberships.map(({ id }: { id: string }) => id)).toContain(membershipId);
  });

  test('each environment gets its own events', async () => {
    const other = await server.addEnvironment('expiry');
    const { body } = await other.request('POST', '/api/v1/organizations', { display_name: 'Other' });
    const joined = await other.request('POST', `/api/v1/organizations/${Object(body).organization.id}/users`, { email: 'x@example.com' });
    const theirs = String(Object(joined.body).membership.id);
    const { membershipId: mine } = await invite();
    await Promise.all([expire(theirs), expire(mine)]);
    await server.purge();
    const environments = await Promise.all([mine, theirs].map(async (id) => (await eventsOf(id)).at(-1)?.environment_id));
    expect(environments).toEqual([server.client.environmentId, other.environmentId]);
  });

  test('what is open, accepted or inactive stays as it is', async () => {
    const [open, accepted] = [await invite(), await invite()];
    await request('PATCH', `/api/v1/memberships/organizations/${organization()}/users/${accepted.userId}`, { membership_status: 'ACTIVE' });
    await server.purge();
    expect([await membershipOf(open.userId), await membershipOf(accepted.userId)]).toMatchObject([
      { membership_status: 'PENDING_INVITE', version: 1 },
      { membership_status: 'ACTIVE', version: 2 },
    ]);
  });

  test('an end of the membership, of the user or of the organization ends the invitation with it, expired or not', async () => {
    const left = async () => Number((await server.database.pool.query('select count(*) from invitations')).rows[0].count);
    const before = await left();
    const other = await newOrganization();
    const [one, two, three] = [await invite({}, other), await invite({}, other), await invite({}, other)];
    await Promise.all([expire(one.membershipId), expire(three.membershipId)]);
    await server.purge();
    await request('DELETE', `/api/v1/memberships/organizations/${other}/users/${one.userId}`);
    await request('DELETE', `/api/v1/users/${two.userId}`);
    await request('DELETE', `/api/v1/organizations/${other}`);
    expect(await left()).toBe(before);
  });
});

describe('the user limit', () => {
  const setLimit = (id: string, limit: number) =>
    request('PATCH', `/api/v1/organizations/${id}/settings/usermanagement`, { settings: { max_allowed_users: limit } });

  test('an expired invitation takes no place, marked or not; a resend takes one again, and is refused without one', async () => {
    const id = await newOrganization();
    const first = await invite({}, id);
    await setLimit(id, 1);
    await expire(first.membershipId);
    const second = await invite({}, id);
    expect((await membershipOf(first.userId, id)).membership_status).toBe('PENDING_INVITE');
    const refused = await request('PATCH', resendPath(id, first.userId), {});
    expect([refused.status, refused.body]).toMatchObject([400, { details: [{ error_code: 'USER_LIMIT_REACHED' }] }]);
    expect((await request('PATCH', resendPath(id, second.userId), {})).status).toBe(200);
    await request('DELETE', `/api/v1/memberships/organizations/${id}/users/${second.userId}`);
    expect((await request('PATCH', resendPath(id, first.userId), {})).status).toBe(200);
  });

  test('an expired invitation that becomes active without being sent again needs a place too', async () => {
    const id = await newOrganization();
    const late = await invite({}, id);
    await setLimit(id, 1);
    await expire(late.membershipId);
    await invite({}, id);
    const url = `/api/v1/memberships/organizations/${id}/users/${late.userId}`;
    expect((await request('PATCH', url, { membership_status: 'ACTIVE' })).body).toMatchObject({
      details: [{ error_code: 'USER_LIMIT_REACHED' }],
    });
  });

  test('thirty expired invitations that are sent again at once share the five places that are left', async () => {
    const id = await newOrganization();
    const invited = [];
    for (let index = 0; index < 30; index += 1) invited.push(await invite({}, id));
    await Promise.all(invited.map(({ membershipId }) => expire(membershipId)));
    await setLimit(id, 5);
    const answers = await Promise.all(invited.map(({ userId }) => request('PATCH', resendPath(id, userId), {})));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(25);
  });
});
