import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { ScalekitClient } from '@scalekit-sdk/node';
import { MembershipStatus } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/commons/commons_pb.js';
import { type User, UserService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/users/users_pb.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { messagesOf, refusal, scalekitOf, there, untyped } from './testing.ts';

const server = useTestServer();
let scalekit: ScalekitClient;
let users: ScalekitClient['user'];
let acme = '';
let other = '';
let count = 0;
beforeAll(async () => {
  scalekit = scalekitOf(server, server.client);
  users = scalekit.user;
  [acme, other] = [await newOrganization('Acme'), await newOrganization('Other')];
  const rest = (path: string, body: object) => server.client.request('POST', `/api/v1/${path}`, body);
  for (const name of ['reports:read', 'reports:write']) await rest('permissions', { name });
  await rest('roles', { name: 'reader', display_name: 'Reader', permissions: ['reports:read'] });
  await rest('roles', { name: 'writer', display_name: 'Writer', extends: 'reader', permissions: ['reports:write'] });
});
const messages = () => messagesOf(UserService, server, server.client.token);

async function newOrganization(name: string) {
  return there((await scalekit.organization.createOrganization(name)).organization).id;
}
type NewUser = Parameters<typeof users.createUserAndMembership>[1];
async function make(more: Partial<NewUser> = {}, organizationId = acme) {
  count += 1;
  const wanted = { email: `person${count}@example.com`, sendInvitationEmail: false, ...more };
  return there((await users.createUserAndMembership(organizationId, wanted)).user);
}
const get = async (id: string) => there((await users.getUser(id)).user);
const membershipIn = (user: User | undefined, organizationId: string) =>
  there(user).memberships.find((membership) => membership.organizationId === organizationId);
const memberIds = async (organizationId: string) => (await users.listOrganizationUsers(organizationId)).users.map(({ id }) => id);
const roleNames = (roles: { name: string }[]) => roles.map(({ name }) => name).sort();
const stored = async (id: string) => Object((await server.client.request('GET', `/api/v1/users/${id}`)).body).user;
const notFound = { exception: 'ScalekitNotFoundException', errorCode: 'USER_NOT_FOUND' };

describe('create', () => {
  test('a new user has what was sent, a numeric ID and the environment, and is found by ID and by external ID at once', async () => {
    const made = await make({ email: 'Ada@Example.com', externalId: 'E-ADA', metadata: { source: 'test', quota: '150000' } });
    expect(made).toMatchObject({
      id: expect.stringMatching(/^usr_[0-9]{15,21}$/),
      environmentId: server.client.environmentId.replace(/^(?:env_)?/, 'env_'),
      email: 'Ada@Example.com',
      externalId: 'E-ADA',
      metadata: { source: 'test', quota: '150000' },
    });
    expect(timestampDate(there(made.createTime)).getTime()).toBeGreaterThan(Date.UTC(2024));
    expect(await get(made.id)).toEqual(made);
    expect((await users.getUserByExternalId('E-ADA')).user).toEqual(made);
  });

  test('with an invitation the membership waits, for 15 days; without one it is active at once; the default is an invitation', async () => {
    const asked = await make({ sendInvitationEmail: true });
    const { user: silent } = await users.createUserAndMembership(acme, { email: 'silent@example.com' });
    for (const user of [asked, silent]) {
      const membership = there(membershipIn(user, acme));
      expect(membership.membershipStatus).toBe(MembershipStatus.PENDING_INVITE);
      expect([membership.joinTime, membership.acceptedAt]).toEqual([undefined, undefined]);
      const days =
        (timestampDate(there(membership.expiresAt)).getTime() - timestampDate(there(membership.createdAt)).getTime()) / 86_400_000;
      expect(Math.round(days)).toBe(15);
    }
    const active = there(membershipIn(await make({ sendInvitationEmail: false }), acme));
    expect([active.membershipStatus, typeof active.joinTime, active.expiresAt]).toEqual([MembershipStatus.ACTIVE, 'object', undefined]);
  });

  test('who is given no roles gets the default role', async () => {
    const [role] = there(membershipIn(await make(), acme)).roles;
    expect(role).toMatchObject({ id: expect.stringMatching(/^role_[0-9]+$/), name: 'member', displayName: 'Member' });
  });

  test('first and last name come back under both of their names, from whichever was sent', async () => {
    const names = { givenName: 'Ada', familyName: 'Lovelace', firstName: 'Ada', lastName: 'Lovelace' };
    expect((await make({ userProfile: { firstName: 'Ada', lastName: 'Lovelace' } })).userProfile).toMatchObject(names);
    const { user } = await messages().createUserAndMembership({
      organizationId: acme,
      user: { email: 'given@example.com', userProfile: { givenName: 'Ada', familyName: 'Lovelace' } },
    });
    expect(user?.userProfile).toMatchObject(names);
  });

  test('everything that the messages have is kept: profile, roles by name, metadata of user, profile and membership', async () => {
    const userProfile = {
      givenName: 'Grace',
      familyName: 'Hopper',
      name: 'Amazing Grace',
      locale: 'en-US',
      phoneNumber: '+15550100',
      preferredUsername: 'grace',
      picture: 'https://example.com/g.png',
      gender: 'female',
      groups: ['navy', 'yale'],
      customAttributes: { rank: 'admiral' },
      metadata: { source: 'import' },
    };
    const { user } = await messages().createUserAndMembership({
      organizationId: acme,
      user: {
        email: 'grace@example.com',
        externalId: 'E-GRACE',
        userProfile,
        metadata: { level: '7' },
        membership: { roles: [{ name: 'admin' }], metadata: { desk: '12' }, inviterEmail: 'boss@example.com' },
      },
      sendInvitationEmail: true,
    });
    expect(there(user)).toMatchObject({ externalId: 'E-GRACE', metadata: { level: '7' }, userProfile });
    expect(membershipIn(user, acme)).toMatchObject({
      roles: [{ id: expect.stringMatching(/^role_/), name: 'admin', displayName: 'Admin' }],
      metadata: { desk: '12' },
      inviterEmail: 'boss@example.com',
      membershipStatus: MembershipStatus.PENDING_INVITE,
    });
    expect(await get(there(user).id)).toEqual(user);
  });

  test('a telephone number, which the client drops, does no harm', async () => {
    expect((await make({ phoneNumber: '+15550100' })).userProfile?.phoneNumber).toBe('');
  });

  test.each<[string, () => Promise<unknown>, object]>([
    ['an address that is none', () => make({ email: 'nobody' }), { errorCode: 'INVALID_EMAIL', fields: ['email'] }],
    ['an external ID that is not allowed', () => make({ externalId: ' x' }), { errorCode: 'INVALID_EXTERNAL_ID', fields: ['external_id'] }],
    [
      'an object that became a text',
      () => make(untyped({ metadata: { crm: {} } })),
      { errorCode: 'INVALID_METADATA', fields: ['metadata.crm'], message: expect.stringContaining('your client made a text of an object') },
    ],
    ['an organization by a text that is no ID', () => make({}, 'acme'), { errorCode: 'INVALID_ID', fields: ['organization_id'] }],
    [
      'a role that there is not',
      () =>
        messages().createUserAndMembership({
          organizationId: acme,
          user: { email: 'roles@example.com', membership: { roles: [{ name: 'no_such' }] } },
        }),
      { errorCode: 'UNKNOWN_ROLE', fields: ['membership.roles.0.name'] },
    ],
    [
      'a role without a name',
      () =>
        messages().createUserAndMembership({
          organizationId: acme,
          user: { email: 'roles@example.com', membership: { roles: [{ id: 'x' }] } },
        }),
      { errorCode: 'INVALID_ARGUMENT' },
    ],
    [
      'two given names',
      () =>
        messages().createUserAndMembership({
          organizationId: acme,
          user: { email: 'two@example.com', userProfile: { givenName: 'A', firstName: 'B' } },
        }),
      { errorCode: 'INVALID_ARGUMENT', fields: ['user_profile.first_name'] },
    ],
    ['no user', () => messages().createUserAndMembership({ organizationId: acme }), { errorCode: 'INVALID_ARGUMENT', fields: ['user'] }],
  ])('%s is a bad request', async (_name, call, refused) => {
    expect(await refusal(call())).toMatchObject({ code: 'InvalidArgument', ...refused });
  });

  test.each<[string, string, string, string]>([
    ...['__proto__', 'constructor', 'prototype'].map((key): [string, string, string, string] => [`a key ${key}`, key, 'x', `.${key}`]),
    ['an empty key', '', 'x', ''],
    ['a key of 65 characters', 'k'.repeat(65), 'x', `.${'k'.repeat(65)}`],
    ['an object that became a text', 'crm', '[object Object]', '.crm'],
  ])('%s in the attributes of a profile is a bad request, at creation and in an update', async (_name, key, value, field) => {
    const user = { userProfile: { customAttributes: Object.fromEntries([[key, value]]) } };
    const refused = { code: 'InvalidArgument', errorCode: 'INVALID_ARGUMENT', fields: [`user_profile.custom_attributes${field}`] };
    const creation = messages().createUserAndMembership({ organizationId: acme, user: { email: 'attributes@example.com', ...user } });
    expect(await refusal(creation)).toMatchObject(refused);
    const { id } = await make();
    expect(await refusal(messages().updateUser({ identities: { case: 'id', value: id }, user }))).toMatchObject(refused);
  });

  test('an address or external ID that another has is a conflict; an organization that is not there is not found; nothing is made', async () => {
    const holder = await make({ email: 'held@example.com', externalId: 'E-HELD' });
    const before = await memberIds(acme);
    expect(await refusal(make({ email: 'HELD@example.com' }))).toMatchObject({
      exception: 'ScalekitConflictException',
      errorCode: 'EMAIL_TAKEN',
      message: expect.stringContaining(holder.id),
    });
    expect(await refusal(make({ externalId: 'E-HELD' }))).toMatchObject({
      exception: 'ScalekitConflictException',
      errorCode: 'EXTERNAL_ID_TAKEN',
    });
    expect(await refusal(make({ externalId: 'E-NEVER' }, 'org_1'))).toMatchObject({ errorCode: 'ORGANIZATION_NOT_FOUND' });
    expect(await memberIds(acme)).toEqual(before);
    expect(await refusal(users.getUserByExternalId('E-NEVER'))).toMatchObject(notFound);
  });

  test('an empty address or organization does not leave the client', async () => {
    await expect(users.createUserAndMembership('', { email: 'a@example.com' })).rejects.toThrow('organizationId is required');
    await expect(users.createUserAndMembership(acme, { email: '' })).rejects.toThrow('email is required');
  });
});

describe('get', () => {
  test.each<[string, () => Promise<unknown>, string, string]>([
    ['an ID that nobody has', () => users.getUser('usr_1'), 'ScalekitNotFoundException', 'USER_NOT_FOUND'],
    ['an external ID that nobody has', () => users.getUserByExternalId('never'), 'ScalekitNotFoundException', 'USER_NOT_FOUND'],
    ['a text that is no ID', () => users.getUser('ada'), 'ScalekitBadRequestException', 'INVALID_ID'],
    ['the ID of an organization', () => users.getUser('org_1'), 'ScalekitBadRequestException', 'INVALID_ID'],
    ['an empty external ID', () => users.getUserByExternalId(''), 'ScalekitBadRequestException', 'INVALID_EXTERNAL_ID'],
    ['neither', () => messages().getUser({}), 'ConnectError', 'INVALID_ARGUMENT'],
  ])('%s', async (_name, call, exception, errorCode) => {
    expect(await refusal(call())).toMatchObject({ exception, errorCode });
  });

  test('by external ID there is one argument: two are what the client makes of the first, which nobody has', async () => {
    await make({ externalId: 'E-SEED' });
    const twoArguments: (...ids: string[]) => Promise<unknown> = users.getUserByExternalId.bind(users);
    expect(await refusal(twoArguments(acme, 'E-SEED'))).toMatchObject(notFound);
  });

  test('a user of another environment is as absent as one that never was', async () => {
    const { id } = await make({ externalId: 'E-MINE' });
    const stranger = scalekitOf(server, await server.addEnvironment('other users')).user;
    for (const call of [
      () => stranger.getUser(id),
      () => stranger.getUserByExternalId('E-MINE'),
      () => stranger.updateUser(id, { metadata: { a: 'b' } }),
      () => stranger.deleteUser(id),
    ])
      expect(await refusal(call())).toMatchObject(notFound);
    expect(await refusal(stranger.listOrganizationUsers(acme))).toMatchObject({ errorCode: 'ORGANIZATION_NOT_FOUND' });
    expect((await stranger.listUsers({})).users).toEqual([]);
  });
});

describe('update', () => {
  test('by ID and by external ID names and metadata change and stay changed', async () => {
    const { id } = await make({ externalId: 'E-UPDATE', userProfile: { firstName: 'Before', lastName: 'Name' } });
    const { user } = await users.updateUser(id, { userProfile: { firstName: 'Updated' }, metadata: { source: 'update' } });
    expect(user?.userProfile).toMatchObject({ firstName: 'Updated', givenName: 'Updated', lastName: 'Name', familyName: 'Name' });
    expect(await get(id)).toEqual(user);
    const again = await users.updateUserByExternalId('E-UPDATE', {
      userProfile: { lastName: 'Changed' },
      metadata: { source: 'external' },
    });
    expect(again.user).toMatchObject({
      id,
      userProfile: { firstName: 'Updated', lastName: 'Changed' },
      metadata: { source: 'external' },
    });
    expect(await get(id)).toEqual(again.user);
  });

  test('an external ID is set, changed and cleared by an empty one; the one before still finds the user', async () => {
    const { id } = await make();
    expect((await users.updateUser(id, { externalId: 'E-FIRST' })).user?.externalId).toBe('E-FIRST');
    expect((await users.updateUser(id, { externalId: 'E-SECOND' })).user?.externalId).toBe('E-SECOND');
    expect((await users.getUserByExternalId('E-FIRST')).user?.id).toBe(id);
    expect((await users.updateUser(id, { externalId: '' })).user?.externalId).toBeUndefined();
  });

  test('in the profile a text that is there but empty clears, and empty lists and maps change nothing', async () => {
    const { id } = await make();
    const userProfile = {
      givenName: 'Ada',
      name: 'Countess Ada',
      locale: 'en-GB',
      phoneNumber: '+44',
      groups: ['a'],
      customAttributes: { team: 'x' },
      metadata: { source: 'y' },
    };
    const identities = { case: 'id' as const, value: id };
    const { user } = await messages().updateUser({ identities, user: { userProfile } });
    expect(user?.userProfile).toMatchObject({ ...userProfile, firstName: 'Ada' });
    const cleared = await messages().updateUser({
      identities,
      user: { userProfile: { givenName: 'Augusta', locale: '', phoneNumber: '', groups: [], customAttributes: {}, metadata: {} } },
    });
    expect(cleared.user?.userProfile).toMatchObject({
      ...userProfile,
      givenName: 'Augusta',
      firstName: 'Augusta',
      name: 'Countess Ada',
      locale: '',
      phoneNumber: '',
    });
  });

  test('metadata is replaced, keeps the types of what comes back unchanged, and an empty map changes nothing', async () => {
    const { id } = await make();
    await server.client.request('PUT', `/api/v1/users/${id}/metadata`, { quota: 150000, territory: 'West', tags: ['a'] });
    const seen = await get(id);
    expect(seen.metadata).toEqual({ quota: '150000', territory: 'West', tags: '["a"]' });
    await users.updateUser(id, { metadata: { ...seen.metadata, territory: 'East' } });
    expect((await stored(id)).metadata).toEqual({ quota: 150000, territory: 'East', tags: ['a'] });
    await users.updateUser(id, { metadata: {} });
    await users.updateUser(id, {});
    expect((await stored(id)).metadata).toEqual({ quota: 150000, territory: 'East', tags: ['a'] });
    await users.updateUser(id, untyped({ metadata: { quota: 175000 } }));
    expect((await get(id)).metadata).toEqual({ quota: '175000' });
  });

  test('metadata of the profile is replaced by itself, with its own types', async () => {
    const { id } = await make();
    await server.client.request('PATCH', `/api/v1/users/${id}`, { user_profile: { metadata: { age: 36, town: 'London' } } });
    const identities = { case: 'id' as const, value: id };
    await messages().updateUser({ identities, user: { userProfile: { metadata: { age: '36' } } } });
    expect((await stored(id)).user_profile.metadata).toEqual({ age: 36 });
    const lost = messages().updateUser({ identities, user: { userProfile: { metadata: { home: '[object Object]' } } } });
    expect(await refusal(lost)).toMatchObject({ errorCode: 'INVALID_METADATA', fields: ['user_profile.metadata.home'] });
  });

  test('an address cannot be changed: the client does not send it', async () => {
    const { id, email } = await make();
    expect((await users.updateUser(id, { email: 'new@example.com' })).user?.email).toBe(email);
  });

  test('an external ID of another is a conflict and changes nothing; who is not there is not found', async () => {
    await make({ externalId: 'E-OWNED' });
    const made = await make({ metadata: { a: 'b' } });
    const taken = users.updateUser(made.id, { externalId: 'E-OWNED', metadata: { a: 'c' } });
    expect(await refusal(taken)).toMatchObject({ exception: 'ScalekitConflictException', errorCode: 'EXTERNAL_ID_TAKEN' });
    expect(await get(made.id)).toEqual(made);
    expect(await refusal(users.updateUser('usr_1', {}))).toMatchObject(notFound);
    expect(await refusal(users.updateUserByExternalId('never', {}))).toMatchObject(notFound);
    expect(await refusal(users.updateUser('ada', {}))).toMatchObject({ errorCode: 'INVALID_ID' });
    expect(await refusal(messages().updateUser({ identities: { case: 'id', value: made.id } }))).toMatchObject({ fields: ['user'] });
  });
});

describe('list and search', () => {
  let full = '';
  const made: User[] = [];
  beforeAll(async () => {
    full = await newOrganization('Full');
    for (let index = 0; index < 7; index += 1) made.unshift(await make({ email: `findable${index}@search.example` }, full));
  });
  const ids = (page: { users: User[] }) => page.users.map(({ id }) => id);

  test('lists are newest first, of no more than was asked for, and each user says their environment and memberships', async () => {
    const page = await users.listUsers({ pageSize: 5 });
    expect(ids(page)).toEqual(made.slice(0, 5).map(({ id }) => id));
    for (const user of page.users) expect([user.environmentId, user.memberships.length]).toEqual([made[0]?.environmentId, 1]);
    expect((await users.listUsers()).totalSize).toBeGreaterThanOrEqual(7);
    expect(ids(await users.listOrganizationUsers(full))).toEqual(made.map(({ id }) => id));
  });

  test('page by page everyone is there once', async () => {
    const listings: ((pageToken: string) => Promise<{ users: User[]; nextPageToken: string; totalSize: number }>)[] = [
      (pageToken) => users.listOrganizationUsers(full, { pageSize: 3, pageToken }),
      (pageToken) => users.searchUsers('findable', 3, pageToken),
      (pageToken) => users.searchOrganizationUsers(full, 'search.example', 3, pageToken),
    ];
    for (const list of listings) {
      const walked: string[] = [];
      let token = '';
      do {
        const page = await list(token);
        expect([page.users.length <= 3, page.totalSize]).toEqual([true, 7]);
        walked.push(...ids(page));
        token = page.nextPageToken;
      } while (token !== '');
      expect(walked).toEqual(made.map(({ id }) => id));
    }
  });

  test('a search finds by a part of the address in any case of letters, by external ID and by ID; nothing found is empty', async () => {
    const { id } = await make({ email: 'needle.in@haystack.example', externalId: 'E-NEEDLE' });
    for (const query of ['needle', 'LE.IN@HAY', 'e-needle', id]) expect(ids(await users.searchUsers(query))).toEqual([id]);
    expect(ids(await users.searchOrganizationUsers(acme, 'needle'))).toEqual([id]);
    expect(await users.searchOrganizationUsers(full, 'needle')).toMatchObject({ users: [], totalSize: 0, nextPageToken: '' });
    expect(await users.searchUsers('nobody-has-this')).toMatchObject({ users: [], totalSize: 0, nextPageToken: '' });
  });

  test.each<[string, () => Promise<unknown>, object]>([
    ['a search by two characters', () => users.searchUsers('ab'), { errorCode: 'INVALID_ARGUMENT', fields: ['query'] }],
    ['a search by NUL', () => users.searchUsers('abc\0'), { errorCode: 'INVALID_ARGUMENT', fields: ['query'] }],
    [
      'a search of an organization by 101 characters',
      () => users.searchOrganizationUsers(acme, 'x'.repeat(101)),
      { errorCode: 'INVALID_ARGUMENT', fields: ['query'] },
    ],
    ['a page of 101', () => users.listUsers({ pageSize: 101 }), { errorCode: 'INVALID_ARGUMENT', fields: ['page_size'] }],
    ['a token that is none', () => users.listUsers({ pageToken: 'AAAA' }), { errorCode: 'INVALID_PAGE_TOKEN' }],
    ['an organization by no ID', () => users.listOrganizationUsers(''), { errorCode: 'INVALID_ID', fields: ['organization_id'] }],
    ['a search of what is no ID', () => users.searchOrganizationUsers('acme', 'abc'), { errorCode: 'INVALID_ID' }],
  ])('%s is refused', async (_name, call, refused) => {
    expect(await refusal(call())).toMatchObject({ exception: 'ScalekitBadRequestException', ...refused });
  });

  test('the users of an organization that is not there are not found', async () => {
    const missing = { exception: 'ScalekitNotFoundException', errorCode: 'ORGANIZATION_NOT_FOUND' };
    expect(await refusal(users.listOrganizationUsers('org_1'))).toMatchObject(missing);
    expect(await refusal(users.searchOrganizationUsers('org_1', 'abc'))).toMatchObject(missing);
  });

  test('a token of another list, organization or search is refused', async () => {
    const { nextPageToken: all } = await users.listUsers({ pageSize: 1 });
    const { nextPageToken: members } = await users.listOrganizationUsers(full, { pageSize: 1 });
    const { nextPageToken: found } = await users.searchUsers('findable', 1);
    for (const call of [
      () => users.listOrganizationUsers(full, { pageToken: all }),
      () => users.listOrganizationUsers(acme, { pageToken: members }),
      () => users.searchUsers('findable1', 1, found),
      () => users.searchOrganizationUsers(full, 'findable', 1, found),
      () => scalekit.organization.listOrganization({ pageToken: all }),
    ])
      expect(await refusal(call())).toMatchObject({ errorCode: 'INVALID_PAGE_TOKEN', fields: ['page_token'] });
  });
});

describe('delete', () => {
  test('afterwards the user is not found, and address and external ID are free at once for another, who is new', async () => {
    const old = await make({ email: 'again@example.com', externalId: 'E-AGAIN', metadata: { secret: 'old' } });
    expect(await users.deleteUserByExternalId('E-AGAIN')).toMatchObject({ $typeName: 'google.protobuf.Empty' });
    for (const call of [
      () => users.getUser(old.id),
      () => users.getUserByExternalId('E-AGAIN'),
      () => users.deleteUser(old.id),
      () => users.deleteUserByExternalId('E-AGAIN'),
    ])
      expect(await refusal(call())).toMatchObject(notFound);
    expect(await memberIds(acme)).not.toContain(old.id);
    const made = await make({ email: 'again@example.com', externalId: 'E-AGAIN' });
    expect([made.id === old.id, made.metadata]).toEqual([false, {}]);
    await users.deleteUser(made.id);
  });
});

describe('memberships', () => {
  test('by ID and by external ID a user appears in an organization and disappears from it, and stays a user', async () => {
    const { id } = await make({ externalId: 'E-MOVES' });
    const ways = [
      [() => users.createMembership(other, id), () => users.deleteMembership(other, id)],
      [() => users.createMembershipByExternalId(other, 'E-MOVES'), () => users.deleteMembershipByExternalId(other, 'E-MOVES')],
    ] as const;
    for (const [join, leave] of ways) {
      expect(membershipIn((await join()).user, other)).toMatchObject({ membershipStatus: MembershipStatus.PENDING_INVITE });
      expect(await memberIds(other)).toContain(id);
      await leave();
      expect(await memberIds(other)).not.toContain(id);
    }
    expect((await get(id)).memberships).toMatchObject([{ organizationId: acme }]);
  });

  test('whose last membership ends stays, and can be deleted then; cascade has to be asked for', async () => {
    const { id } = await make();
    await users.deleteMembership(acme, id);
    expect((await get(id)).memberships).toEqual([]);
    await users.deleteUser(id);
    for (const [cascade, stays] of [
      [false, true],
      [true, false],
    ]) {
      const { id: another } = await make();
      await messages().deleteMembership({ organizationId: acme, identities: { case: 'id', value: another }, cascade });
      expect(
        await users.getUser(another).then(
          () => true,
          () => false,
        ),
      ).toBe(stays);
    }
  });

  test('roles and metadata are given at the beginning, and an invitation can be left out', async () => {
    const { id } = await make();
    const options = { roles: ['admin', 'reader'], metadata: { desk: '1' }, sendInvitationEmail: false };
    const membership = there(membershipIn((await users.createMembership(other, id, options)).user, other));
    expect(membership).toMatchObject({ metadata: { desk: '1' }, membershipStatus: MembershipStatus.ACTIVE });
    expect(roleNames(membership.roles)).toEqual(['admin', 'reader']);
  });

  test('an update replaces roles and metadata; those that are empty stay', async () => {
    const { id } = await make({ externalId: 'E-ROLES' });
    await users.updateMembership(acme, id, { roles: ['admin', 'reader'], metadata: { desk: '1', floor: '2' } });
    const update = async (options: Parameters<typeof users.updateMembership>[2]) => {
      const { roles, metadata } = there(membershipIn((await users.updateMembershipByExternalId(acme, 'E-ROLES', options)).user, acme));
      return { roles: roleNames(roles), metadata };
    };
    expect(await update({ metadata: { desk: '3' } })).toEqual({ roles: ['admin', 'reader'], metadata: { desk: '3' } });
    expect(await update({ roles: ['member'] })).toEqual({ roles: ['member'], metadata: { desk: '3' } });
    expect(await update({})).toEqual({ roles: ['member'], metadata: { desk: '3' } });
    expect(await update({ roles: [], metadata: {} })).toEqual({ roles: ['member'], metadata: { desk: '3' } });
    const { roles } = there(membershipIn(await get(id), acme));
    expect(roles).toMatchObject([{ id: expect.stringMatching(/^role_/), name: 'member', displayName: 'Member' }]);
  });

  test('typed metadata of a membership keeps its types when it comes back unchanged', async () => {
    const { id } = await make();
    const path = `/api/v1/memberships/organizations/${acme}/users/${id}`;
    await server.client.request('PATCH', path, { metadata: { cost_center: 4711, remote: true } });
    const { metadata } = there(membershipIn(await get(id), acme));
    expect(metadata).toEqual({ cost_center: '4711', remote: 'true' });
    await users.updateMembership(acme, id, { metadata: { ...metadata, desk: '1' } });
    expect(Object((await server.client.request('GET', path)).body).membership.metadata).toEqual({
      cost_center: 4711,
      remote: true,
      desk: '1',
    });
  });

  test.each<[string, (id: string) => Promise<unknown>, object]>([
    [
      'a second membership is a conflict',
      (id) => users.createMembership(acme, id),
      { exception: 'ScalekitConflictException', errorCode: 'MEMBERSHIP_EXISTS' },
    ],
    ['nobody', () => users.createMembership(acme, 'usr_1'), notFound],
    ['nobody, by external ID', () => users.createMembershipByExternalId(acme, 'never'), notFound],
    [
      'an organization that is not there',
      (id) => users.createMembership('org_1', id),
      { exception: 'ScalekitNotFoundException', errorCode: 'ORGANIZATION_NOT_FOUND' },
    ],
    [
      'a role that there is not',
      (id) => users.createMembership(other, id, { roles: ['member', 'no_such'] }),
      { exception: 'ScalekitBadRequestException', errorCode: 'UNKNOWN_ROLE', fields: ['roles.1.name'] },
    ],
    [
      'a role that there is not, in an update',
      (id) => users.updateMembership(acme, id, { roles: ['no_such'] }),
      { exception: 'ScalekitBadRequestException', errorCode: 'UNKNOWN_ROLE', fields: ['roles.0.name'] },
    ],
    [
      'metadata that lost an object',
      (id) => users.updateMembership(acme, id, untyped({ metadata: { a: {} } })),
      { exception: 'ScalekitBadRequestException', errorCode: 'INVALID_METADATA' },
    ],
    [
      'an update without a membership',
      (id) => users.updateMembership(other, id, { roles: ['member'] }),
      { exception: 'ScalekitNotFoundException', errorCode: 'MEMBERSHIP_NOT_FOUND' },
    ],
    [
      'a deletion without a membership',
      (id) => users.deleteMembership(other, id),
      { exception: 'ScalekitNotFoundException', errorCode: 'MEMBERSHIP_NOT_FOUND' },
    ],
    [
      'a deletion by external ID of nobody',
      () => users.deleteMembershipByExternalId(other, 'never'),
      { exception: 'ScalekitNotFoundException', errorCode: 'USER_NOT_FOUND' },
    ],
    ['a deletion of what is no ID', () => users.deleteMembership(acme, 'ada'), { errorCode: 'INVALID_ID', fields: ['id'] }],
  ])('%s', async (_name, call, refused) => {
    expect(await refusal(call((await make()).id))).toMatchObject(refused);
  });

  test('the end of an organization ends its memberships and leaves its users', async () => {
    const gone = await newOrganization('Gone');
    const { id } = await make({}, gone);
    await scalekit.organization.deleteOrganization(gone);
    expect((await get(id)).memberships).toEqual([]);
  });
});

test('a mail is asked for by `sendInvitationEmail: true`, by leaving it out and by a resend, and by nothing else', async () => {
  const mails = async ({ id }: { id: string }) =>
    Object((await server.client.request('GET', `/api/v1/mailbox?user_id=${id}`)).body).total_size;
  const [asked, silent] = [await make({ sendInvitationEmail: true }), await make({ sendInvitationEmail: false })];
  const { user: usual } = await users.createUserAndMembership(acme, { email: 'usual.mail@example.com' });
  expect([await mails(asked), await mails(silent), await mails(there(usual))]).toEqual([1, 0, 1]);
  await users.resendInvite(acme, asked.id);
  expect(await mails(asked)).toBe(2);
});

describe('resendInvite', () => {
  test('an open invitation is sent again, is counted, and keeps its end', async () => {
    const made = await make({ sendInvitationEmail: true });
    const before = there(membershipIn(made, acme));
    const { invite } = await users.resendInvite(acme, made.id);
    expect(invite).toMatchObject({ userId: made.id, organizationId: acme, status: 'PENDING_INVITE', resentCount: 1 });
    expect([typeof there(invite).createdAt, typeof there(invite).resentAt]).toEqual(['object', 'object']);
    expect(invite?.expiresAt).toEqual(before.expiresAt);
    expect((await users.resendInvite(acme, made.id)).invite).toMatchObject({ resentCount: 2, expiresAt: before.expiresAt });
  });

  test('one that was accepted is a bad request; one that never was, of nobody or of no member, is not found', async () => {
    const invited = await make({ sendInvitationEmail: true });
    const path = `/api/v1/memberships/organizations/${acme}/users/${invited.id}`;
    await server.client.request('PATCH', path, { membership_status: 'ACTIVE' });
    expect(await refusal(users.resendInvite(acme, invited.id))).toMatchObject({
      exception: 'ScalekitBadRequestException',
      errorCode: 'INVITATION_CLOSED',
    });
    const { id } = await make({ sendInvitationEmail: false });
    const refused = [
      [() => users.resendInvite(acme, id), 'INVITATION_NOT_FOUND'],
      [() => users.resendInvite(other, id), 'MEMBERSHIP_NOT_FOUND'],
      [() => users.resendInvite(acme, 'usr_1'), 'MEMBERSHIP_NOT_FOUND'],
    ] as const;
    for (const [call, errorCode] of refused)
      expect(await refusal(call())).toMatchObject({ exception: 'ScalekitNotFoundException', errorCode });
    expect(await refusal(users.resendInvite(acme, 'ada'))).toMatchObject({ errorCode: 'INVALID_ID' });
  });
});

describe('what a membership tells of its organization and its roles', () => {
  const told = (user: User | undefined, organizationId = acme) => {
    const { name, displayName, permissions } = there(membershipIn(user, organizationId));
    return { name, displayName, permissions };
  };
  const writing = { name: 'Acme', displayName: 'Acme', permissions: ['reports:read', 'reports:write'] };

  test('every answer with a membership has the name of the organization and the effective permissions, inherited ones included', async () => {
    const metadata = { of: 'permissions' };
    const { user } = await messages().createUserAndMembership({
      organizationId: acme,
      user: { email: 'teller@example.com', metadata, membership: { roles: [{ name: 'writer' }] } },
    });
    const { id } = there(user);
    expect(told(user)).toEqual(writing);
    expect(there(user?.userProfile).id).toBe(id.replace('usr_', 'usp_'));
    const reading = { name: 'Other', displayName: 'Other', permissions: ['reports:read'] };
    const joined = await messages().createMembership({
      organizationId: other,
      identities: { case: 'id', value: id },
      membership: { roles: [{ name: 'reader' }] },
    });
    const changed = await users.updateUser(id, { metadata });
    const moved = await users.updateMembership(other, id, { metadata: { desk: '1' } });
    const found = [
      joined.user,
      changed.user,
      moved.user,
      await get(id),
      ...(await users.listUsers()).users,
      ...(await users.listOrganizationUsers(acme)).users,
      ...(await messages().searchUsers({ query: 'teller@' })).users,
      ...(await messages().searchOrganizationUsers({ organizationId: acme, query: 'teller@' })).users,
    ].filter((one) => one?.id === id);
    expect(found).toHaveLength(8);
    for (const one of found) expect([told(one), told(one, other)]).toEqual([writing, reading]);
  });

  test('a role of the organization counts with its base, several roles together, and no roles are no permissions', async () => {
    const path = `/api/v1/organizations/${acme}/roles`;
    await server.client.request('POST', path, { name: 'desk', display_name: 'Desk', extends: 'reader' });
    const create = async (roles: string[]) => {
      const { id } = await make();
      await server.client.request('PATCH', `/api/v1/memberships/organizations/${acme}/users/${id}`, {
        roles: roles.map((name) => ({ name })),
      });
      return told(await get(id)).permissions;
    };
    expect([await create(['desk']), await create(['desk', 'writer']), await create([])]).toEqual([
      ['reports:read'],
      ['reports:read', 'reports:write'],
      [],
    ]);
  });

  test('an answer that is kept for a key tells what the roles may do now', async () => {
    await server.client.request('POST', '/api/v1/roles', { name: 'changing', display_name: 'Changing', permissions: ['reports:read'] });
    const headers = { 'idempotency-key': 'permissions-of-now' };
    const create = () =>
      messages().createUserAndMembership(
        { organizationId: acme, user: { email: 'kept@example.com', membership: { roles: [{ name: 'changing' }] } } },
        { headers },
      );
    const first = await create();
    expect(told(first.user).permissions).toEqual(['reports:read']);
    await server.client.request('PUT', '/api/v1/roles/changing', { permissions: ['reports:write'] });
    const again = await create();
    expect([again.user?.id, told(again.user).permissions]).toEqual([first.user?.id, ['reports:write']]);
  });
});

describe('roles and permissions of a user', () => {
  test('assigned roles are added to those there are; a removed one stays away, the last one too', async () => {
    const { id } = await make();
    expect(roleNames((await users.assignUserRoles(acme, id, ['reader'])).roles)).toEqual(['member', 'reader']);
    expect(roleNames((await users.assignUserRoles(acme, id, ['reader', 'admin'])).roles)).toEqual(['admin', 'member', 'reader']);
    const { roles } = await users.listUserRoles(acme, id);
    expect(roleNames(roles)).toEqual(['admin', 'member', 'reader']);
    expect(roles.find(({ name }) => name === 'member')).toMatchObject({ id: expect.stringMatching(/^role_/), displayName: 'Member' });
    for (const name of ['reader', 'admin', 'member']) {
      await users.removeUserRole(acme, id, name);
      expect(roleNames((await users.listUserRoles(acme, id)).roles)).not.toContain(name);
    }
    expect((await users.listUserRoles(acme, id)).roles).toEqual([]);
    expect(there(membershipIn(await get(id), acme)).roles).toEqual([]);
  });

  test('inherited roles are listed with those a user has, and permissions are those of all of them', async () => {
    const { id } = await make();
    expect((await users.listUserPermissions(acme, id)).permissions).toEqual([]);
    await users.assignUserRoles(acme, id, ['writer']);
    expect(roleNames((await users.listUserRoles(acme, id)).roles)).toEqual(['member', 'reader', 'writer']);
    const { permissions } = await users.listUserPermissions(acme, id);
    expect(permissions).toMatchObject([
      { id: expect.stringMatching(/^perm_/), name: 'reports:read', description: '' },
      { name: 'reports:write' },
    ]);
    expect(await refusal(users.removeUserRole(acme, id, 'reader'))).toMatchObject({ errorCode: 'ROLE_NOT_FOUND' });
  });

  test.each<[string, (id: string) => Promise<unknown>, string, string]>([
    [
      'a role that there is not, beside one that there is',
      (id) => users.assignUserRoles(acme, id, ['reader', 'no_such']),
      'ScalekitBadRequestException',
      'UNKNOWN_ROLE',
    ],
    ['a role that can be none', (id) => users.assignUserRoles(acme, id, ['no.such']), 'ScalekitBadRequestException', 'INVALID_ARGUMENT'],
    ['no roles', (id) => users.assignUserRoles(acme, id, []), 'ScalekitBadRequestException', 'INVALID_ARGUMENT'],
    ['a role that the user does not have', (id) => users.removeUserRole(acme, id, 'admin'), 'ScalekitNotFoundException', 'ROLE_NOT_FOUND'],
    ['a role with NUL', (id) => users.removeUserRole(acme, id, 'a\0'), 'ScalekitNotFoundException', 'ROLE_NOT_FOUND'],
    ['roles of no member', (id) => users.listUserRoles(other, id), 'ScalekitNotFoundException', 'MEMBERSHIP_NOT_FOUND'],
    ['permissions of no member', (id) => users.listUserPermissions(other, id), 'ScalekitNotFoundException', 'MEMBERSHIP_NOT_FOUND'],
    ['roles for no member', (id) => users.assignUserRoles(other, id, ['reader']), 'ScalekitNotFoundException', 'MEMBERSHIP_NOT_FOUND'],
    ['roles of nobody', () => users.listUserRoles(acme, 'usr_1'), 'ScalekitNotFoundException', 'MEMBERSHIP_NOT_FOUND'],
    ['a user by what is no ID', () => users.listUserRoles(acme, 'ada'), 'ScalekitBadRequestException', 'INVALID_ID'],
  ])('%s is refused', async (_name, call, exception, errorCode) => {
    const { id } = await make();
    expect(await refusal(call(id))).toMatchObject({ exception, errorCode });
    expect(roleNames((await users.listUserRoles(acme, id)).roles)).toEqual(['member']);
  });

  test.each<[string, string[], string]>([
    ['a role that there is not', ['reader', 'no_such'], 'roles.1.role_name'],
    ['a role that can be none', ['no.such'], 'roles.0.role_name'],
    ['a role without a name', [''], 'roles.0.role_name'],
    ['no roles', [], 'roles'],
    ['1,000 roles', Array.from({ length: 1000 }, (_, index) => `role${index}`), 'roles'],
  ])('%s is named by its place in the message', async (_name, roleNames, field) => {
    const { id: userId } = await make();
    const call = messages().assignUserRoles({ organizationId: acme, userId, roles: roleNames.map((roleName) => ({ roleName })) });
    expect(await refusal(call)).toMatchObject({ fields: [field] });
  });
});

test.each(['getCurrentUser', 'getSupportHash'] as const)('%s is not offered, and the error says why', async (method) => {
  expect(await refusal(messages()[method]({}))).toMatchObject({
    code: 'Unimplemented',
    errorCode: 'NOT_OFFERED',
    message: expect.stringContaining('Crosswalk signs nobody in'),
  });
});
