import { describe, expect, test } from 'vitest';
import { useTestServer } from '../../server/src/testing.ts';
import { toSnakeCase } from './case.ts';
import { type ChangeOptions, ConflictError, Crosswalk, NotFoundError, PreconditionError, ValidationError } from './index.ts';

const server = useTestServer();
const connect = (options?: ConstructorParameters<typeof Crosswalk>[3]) =>
  new Crosswalk(server.url, server.client.clientId, server.client.clientSecret, options);

describe('records', () => {
  test('snake_case and camelCase are both read; keys inside metadata are never touched', async () => {
    const crosswalk = connect();
    const made = await crosswalk.organization.create({
      displayName: 'Camel',
      externalIds: { stripe: 'cus_camel' },
      metadata: { camelKey: 1, snake_key: { innerKey: 2 } },
    });
    expect(made).toMatchObject({
      display_name: 'Camel',
      external_ids: { stripe: 'cus_camel' },
      metadata: { camelKey: 1, snake_key: { innerKey: 2 } },
    });
    const { user } = await crosswalk.user.createUserAndMembership(made.id, {
      email: 'camel@example.com',
      user_profile: { given_name: 'C', customAttributes: { shoeSize: '42' } },
      membership: { metadata: { deskNumber: 7 } },
      sendInvitationEmail: false,
    });
    expect(user.user_profile.custom_attributes).toEqual({ shoeSize: '42' });
    expect(user.memberships[0]?.metadata).toEqual({ deskNumber: 7 });
    expect(await crosswalk.organization.replaceMetadata(made.id, { newKey: 1 })).toMatchObject({ metadata: { newKey: 1 } });
  });

  test('a field under both spellings with different values is refused before it is sent', () => {
    expect(() => toSnakeCase({ externalId: 'a', external_id: 'b' })).toThrow(TypeError);
    expect(toSnakeCase({ userProfile: [{ firstName: 'a' }], metadata: { keepMe: { andMe: 1 } } })).toEqual({
      user_profile: [{ first_name: 'a' }],
      metadata: { keepMe: { andMe: 1 } },
    });
  });

  test('update, upsert and delete by external ID and system; null when there is none', async () => {
    const crosswalk = connect();
    const first = await crosswalk.organization.upsertByExternalId('acc/1 ü', { display_name: 'Up' }, { system: 'crm' });
    const second = await crosswalk.organization.upsertByExternalId('acc/1 ü', { metadata: { a: 1 } }, { system: 'crm' });
    expect([first.created, second.created, second.organization.id]).toEqual([true, false, first.organization.id]);
    expect(await crosswalk.organization.updateByExternalId('acc/1 ü', { externalIds: { crm: '..' } }, { system: 'crm' })).toMatchObject({
      external_ids: { crm: '..' },
    });
    expect((await crosswalk.organization.getByExternalId('..', { system: 'crm' }))?.id).toBe(first.organization.id);
    await crosswalk.organization.deleteByExternalId('..', { system: 'crm' });
    expect(await crosswalk.organization.getByExternalId('..', { system: 'crm' })).toBeNull();
    await expect(crosswalk.organization.get(first.organization.id)).rejects.toThrow(NotFoundError);
    await crosswalk.user.upsertByExternalId('E-1', { email: 'e1@example.com' });
    expect((await crosswalk.user.getByExternalId('E-1'))?.email).toBe('e1@example.com');
    expect((await crosswalk.user.getByEmail('E1@example.com'))?.external_id).toBe('E-1');
  });

  test('a change is held to a record that was read, whatever its ID is called; what is no record is refused before it is sent', async () => {
    const { organization, organizationClient } = connect();
    const read = await organization.create({ display_name: 'Seen' });
    const { client } = await organizationClient.create(read.id, { name: 'Robot' });
    const changed = await organizationClient.update(read.id, client.client_id, { name: 'Robots' }, { ifMatch: client });
    await expect(organizationClient.delete(read.id, client.client_id, { ifMatch: client })).rejects.toThrow(PreconditionError);
    await organizationClient.delete(read.id, client.client_id, { ifMatch: changed });
    for (const ifMatch of [{}, { version: 1 }, { id: read.id }, null, []])
      await expect(organization.update(read.id, {}, Object({ ifMatch }))).rejects.toThrow(
        new TypeError('ifMatch must be a record as it was read, with its ID and its version, or a version, an ETag or "*"'),
      );
    expect((await organization.update(read.id, { display_name: 'Held' }, { ifMatch: read })).version).toBe(2);
  });

  test('a list is awaited for a page and iterated for all', async () => {
    const crosswalk = connect();
    for (let index = 0; index < 5; index += 1)
      await crosswalk.organization.create({ display_name: `List ${index}`, metadata: { list: true, index } });
    const list = () => crosswalk.organization.list({ filter: 'metadata.list = true', pageSize: 2 });
    const page = await list();
    expect([page.organizations.length, page.total_size]).toEqual([2, 5]);
    const names: string[] = [];
    for await (const organization of list()) names.push(organization.display_name);
    expect(names).toEqual(['List 4', 'List 3', 'List 2', 'List 1', 'List 0']);
  });

  test('declared metadata types reach the results', async () => {
    const typed = new Crosswalk<{ organization: { plan: string; seats: number } }>(
      server.url,
      server.client.clientId,
      server.client.clientSecret,
    );
    const { metadata } = await typed.organization.create({ display_name: 'Typed', metadata: { plan: 'pro', seats: 5 } });
    const seats: number = metadata.seats + 1;
    expect(seats).toBe(6);
    // @ts-expect-error seats is a number
    const misspelled = typed.organization.create({ display_name: 'Typed', metadata: { plan: 'pro', seats: 'five' } });
    expect(await misspelled).toMatchObject({ display_name: 'Typed' });
  });

  test('a part of metadata at any depth is a change of the declared type, and null removes a key at any depth', async () => {
    interface Customer {
      plan: string;
      address: { city: string; zip: string; place?: { floor: number } };
      tags: { name: string; colour: string }[];
    }
    const { clientId, clientSecret } = server.client;
    const { organization } = new Crosswalk<{ organization: Customer }>(server.url, clientId, clientSecret);
    const address = { city: 'Bern', zip: '3000', place: { floor: 2 } };
    const { id } = await organization.create({ display_name: 'Deep', metadata: { plan: 'pro', address, tags: [] } });
    const { metadata } = await organization.update(id, { metadata: { address: { city: 'Basel', place: { floor: null } } } });
    expect(metadata).toEqual({ plan: 'pro', address: { city: 'Basel', zip: '3000', place: {} }, tags: [] });
    await organization.upsertByExternalId('DEEP', { display_name: 'Deep', metadata: { address: { place: null } } });
    // @ts-expect-error a city is a text
    await organization.update(id, { metadata: { address: { city: 7 } } });
    // @ts-expect-error a list is put in place as a whole
    await organization.update(id, { metadata: { tags: [{ name: 'a' }] } });
    // @ts-expect-error there is no such key
    await organization.update(id, { metadata: { address: { town: 'Bern' } } });
  });

  test('memberships, clients, resolve and rekey', async () => {
    const crosswalk = connect();
    const { id } = await crosswalk.organization.create({ display_name: 'M', external_id: 'SDK-1' });
    const user = await crosswalk.user.createUser({ email: 'm@example.com' });
    await crosswalk.membership.create(id, user.id, { sendInvitationEmail: false });
    expect(await crosswalk.membership.update(id, user.id, { membershipStatus: 'INACTIVE' })).toMatchObject({
      membership: { membership_status: 'INACTIVE' },
    });
    expect((await crosswalk.membership.upsert(id, user.id, { roles: [{ name: 'admin' }] })).created).toBe(false);
    expect((await crosswalk.membership.list({ userId: user.id })).memberships).toHaveLength(1);
    await crosswalk.membership.delete(id, user.id);
    expect(await crosswalk.rekey({ kind: 'organization', pairs: [{ from: 'SDK-1', to: 'SDK-2' }] })).toMatchObject({ rekeyed: 1 });
    expect((await crosswalk.resolve(['SDK-1']))[0]?.matches[0]).toMatchObject({ id, matched_by: 'alias' });
    expect(await crosswalk.organization.getByExternalId('SDK-1')).toMatchObject({ id, matched_by: 'alias' });
    expect(await crosswalk.organization.updateByExternalId('SDK-2', { display_name: 'N' })).toMatchObject({
      id,
      matched_by: 'external_id',
    });
    expect(await crosswalk.organization.upsertByExternalId('SDK-1', { display_name: 'O' })).toMatchObject({
      created: false,
      matched_by: 'alias',
    });
    await crosswalk.user.updateUser(user.id, { external_id: 'SDK-U1' });
    await crosswalk.user.updateByExternalId('SDK-U1', { external_id: 'SDK-U2' });
    expect(await crosswalk.user.getByExternalId('SDK-U1')).toMatchObject({ id: user.id, matched_by: 'alias' });
    const { client } = await crosswalk.client.create({ name: 'From the SDK' });
    expect((await crosswalk.client.list()).map(({ name }) => name)).toContain('From the SDK');
    await crosswalk.client.delete(client.id);
  });

  test('settings of an organization', async () => {
    const crosswalk = connect();
    const { id } = await crosswalk.organization.create({ display_name: 'Settings' });
    const { settings, version } = await crosswalk.organization.updateSettings(id, { features: [{ name: 'sso', enabled: true }] });
    expect([settings.features[0], version]).toEqual([{ name: 'sso', enabled: true }, 2]);
    expect(await crosswalk.organization.getUserManagementSettings(id)).toEqual({});
    expect(await crosswalk.organization.upsertUserManagementSettings(id, { maxAllowedUsers: 1 }, { ifMatch: 2 })).toEqual({
      max_allowed_users: 1,
    });
    expect(await crosswalk.organization.getSessionPolicy(id)).toEqual({ policy_source: 'APPLICATION' });
    const policy = await crosswalk.organization.updateSessionPolicy(id, {
      policySource: 'CUSTOM',
      absoluteSessionTimeout: 8,
      absoluteSessionTimeoutUnit: 'HOURS',
    });
    expect(policy).toEqual({ policy_source: 'CUSTOM', absolute_session_timeout: 480, absolute_session_timeout_unit: 'MINUTES' });
    expect(await crosswalk.organization.getApplicationSessionPolicy(id)).toMatchObject({ access_token_expiry: 5 });
    await crosswalk.user.createUserAndMembership(id, { email: 'settings.one@example.com' });
    await expect(crosswalk.user.createUserAndMembership(id, { email: 'settings.two@example.com' })).rejects.toMatchObject({
      name: 'ValidationError',
      errorCode: 'USER_LIMIT_REACHED',
      resource: { id },
    });
  });

  test('users of an organization are invited again, found, and leave for good', async () => {
    const crosswalk = connect();
    const { id } = await crosswalk.organization.create({ display_name: 'Invites' });
    const { user, invitation } = await crosswalk.user.createUserAndMembership(id, {
      email: 'invited.again@example.com',
      externalId: 'SDK-INVITED',
      userProfile: { metadata: { camelKey: 1 } },
    });
    expect(user.user_profile.metadata).toEqual({ camelKey: 1 });
    expect(await crosswalk.user.resendInvite(id, user.id)).toMatchObject({
      status: 'PENDING_INVITE',
      resent_count: 1,
      expires_at: invitation?.expires_at,
    });
    expect((await crosswalk.user.searchOrganizationUsers(id, 'invited.ag')).users.map((found) => found.id)).toEqual([user.id]);
    expect((await crosswalk.user.listOrganizationUsers(id, { externalId: 'SDK-INVITED' })).total_size).toBe(1);
    expect((await crosswalk.user.listOrganizationUsers(id, { email: 'nobody@example.com' })).total_size).toBe(0);
    await crosswalk.membership.delete(id, user.id, { cascade: true });
    await expect(crosswalk.user.getUser(user.id)).rejects.toThrow(NotFoundError);
  });
});

describe('credentials of organizations', () => {
  test('clients: made, listed, changed, rotated, revoked; keys of claims are never touched', async () => {
    const { organizationClient, organization } = connect();
    const { id } = await organization.create({ displayName: 'Machines' });
    const made = await organizationClient.create(id, { name: 'Robot', scopes: ['run'], customClaims: [{ key: 'camelKey', value: 'v' }] });
    expect(made).toMatchObject({
      plain_secret: expect.stringMatching(/^cwk_/),
      client: { name: 'Robot', custom_claims: [{ key: 'camelKey', value: 'v' }] },
    });
    const { client_id: clientId } = made.client;
    expect(await organizationClient.update(id, clientId, { scopes: ['run', 'stop'] }, { ifMatch: 1 })).toMatchObject({ version: 2 });
    const { secret } = await organizationClient.createSecret(id, clientId);
    await organizationClient.deleteSecret(id, clientId, made.client.secrets[0]?.id ?? '');
    expect((await organizationClient.get(id, clientId)).secrets).toEqual([secret]);
    await organizationClient.create(id);
    const names: (string | null)[] = [];
    for await (const client of organizationClient.list(id, { pageSize: 1 })) names.push(client.name);
    expect(names).toEqual([null, 'Robot']);
    await organizationClient.delete(id, clientId);
    await expect(organizationClient.get(id, clientId)).rejects.toThrow(NotFoundError);
  });

  test('a change is held to its version wherever the API takes one', async () => {
    const { client, organizationClient, organization, domain, apiToken, signingKey } = connect();
    const { id } = await organization.create({ displayName: 'Held' });
    const own = await client.create({ name: 'Held' });
    const machine = (await organizationClient.create(id)).client;
    const token = (await apiToken.create({ organizationId: id })).token_info;
    const { id: domainId } = await domain.create(id, { domain: 'held.example' });
    const key = await signingKey.rotate();
    const secretOf = ({ secrets }: { secrets: { id: string }[] }) => secrets[0]?.id ?? '';
    const changes: ((options: ChangeOptions) => Promise<unknown>)[] = [
      (options) => client.createSecret(own.client.id, options),
      (options) => client.deleteSecret(own.client.id, own.secret_id, options),
      (options) => client.delete(own.client.id, options),
      (options) => organizationClient.createSecret(id, machine.client_id, options),
      (options) => organizationClient.deleteSecret(id, machine.client_id, secretOf(machine), options),
      (options) => domain.verify(id, domainId, options),
      (options) => apiToken.update(token.token_id, { description: 'B' }, options),
      (options) => apiToken.invalidate(token.token_id, options),
      (options) => signingKey.revoke(key.id, options),
    ];
    for (const change of changes) await expect(change({ ifMatch: 99 })).rejects.toThrow(PreconditionError);
    await apiToken.update(token.token_id, { description: 'B' }, { ifMatch: token });
    await expect(apiToken.invalidate(token.token_id, { ifMatch: token })).rejects.toThrow(PreconditionError);
    await client.createSecret(own.client.id, { ifMatch: own.client });
  });

  test('API tokens: made, validated, listed, changed, ended; what is not valid is null', async () => {
    const { apiToken, organization } = connect();
    const { id } = await organization.create({ displayName: 'Tokens' });
    const made = await apiToken.create({ organizationId: id, customClaims: { camelKey: 'v' }, description: 'One' });
    expect(await apiToken.validate(made.token)).toEqual(made.token_info);
    expect(made.token_info.custom_claims).toEqual({ camelKey: 'v' });
    await apiToken.update(made.token_id, { customClaims: { otherKey: 'w' } });
    expect(await apiToken.validate(made.token_id)).toMatchObject({ description: 'One', custom_claims: { otherKey: 'w' } });
    await apiToken.create({ organization_id: id });
    expect([(await apiToken.list(id)).total_count, (await apiToken.list(id, { userId: 'usr_7' })).tokens]).toEqual([2, []]);
    const seen: string[] = [];
    for await (const { token_id } of apiToken.list(id, { pageSize: 1 })) seen.push(token_id);
    expect([seen.length, seen[1]]).toEqual([2, made.token_id]);
    await apiToken.invalidate(made.token);
    await apiToken.invalidate(made.token);
    expect([await apiToken.validate(made.token), await apiToken.validate('nonsense'), await apiToken.validate('')]).toEqual([
      null,
      null,
      null,
    ]);
  });
});

describe('roles and permissions', () => {
  test('of the environment: both spellings are read; permissions, base, defaults, users and deletion', async () => {
    const crosswalk = connect();
    await crosswalk.permission.create({ name: 'reports:read', description: 'See reports.' });
    await crosswalk.permission.create({ name: 'reports:write' });
    const made = await crosswalk.role.create({ name: 'analyst', displayName: 'Analyst', extends: 'member', permissions: ['reports:read'] });
    expect(made).toMatchObject({ name: 'analyst', display_name: 'Analyst', extends: 'member', is_org_role: false });
    expect((await crosswalk.role.update('analyst', { display_name: 'Analysts' }, { ifMatch: made.version })).version).toBe(2);
    expect((await crosswalk.role.addPermissions('analyst', ['reports:write'])).map(({ name }) => name)).toEqual([
      'reports:read',
      'reports:write',
    ]);
    await crosswalk.role.removePermission('analyst', 'reports:write');
    expect(await crosswalk.role.listPermissions('analyst')).toMatchObject([{ name: 'reports:read', role_name: 'analyst' }]);
    await crosswalk.role.create({ name: 'lead', display_name: 'Lead', extends: 'analyst' });
    expect(await crosswalk.role.listEffectivePermissions('lead')).toMatchObject([{ name: 'reports:read', role_name: 'analyst' }]);
    expect((await crosswalk.role.get('lead', { include: 'permissions:all' })).permissions).toHaveLength(1);
    expect((await crosswalk.role.listDependents('analyst')).map(({ name }) => name)).toEqual(['lead']);
    await crosswalk.role.deleteBase('lead');
    expect((await crosswalk.role.get('lead')).extends).toBeNull();
    expect((await crosswalk.role.list({ include: 'permissions' })).map(({ name }) => name)).toEqual(['admin', 'member', 'analyst', 'lead']);
    expect(await crosswalk.role.setDefaults({ defaultMemberRole: 'analyst' })).toMatchObject({
      default_creator: { name: 'admin' },
      default_member: { name: 'analyst' },
    });
    await crosswalk.role.setDefaults({ default_member_role: 'member' });
    expect(await crosswalk.role.countUsers('lead')).toBe(0);
    await crosswalk.role.delete('lead');
    await expect(crosswalk.role.get('lead')).rejects.toThrow(NotFoundError);
    await expect(crosswalk.role.create({ name: 'analyst', displayName: 'X' })).rejects.toThrow(ValidationError);
  });

  test('of an organization and of its users', async () => {
    const crosswalk = connect();
    const { id: organizationId } = await crosswalk.organization.create({ display_name: 'Roles' });
    const { id: userId } = await crosswalk.user.createUser({ email: 'roles@example.com' });
    const scope = { organizationId };
    await crosswalk.permission.create({ name: 'local:read' });
    await crosswalk.role.create({ name: 'local', displayName: 'Local', permissions: ['local:read'] }, scope);
    expect((await crosswalk.role.setOrganizationDefault(organizationId, 'local')).name).toBe('local');
    expect(await crosswalk.membership.hasPermission(organizationId, userId, 'local:read')).toBe(false);
    const { membership } = await crosswalk.membership.create(organizationId, userId, { sendInvitationEmail: false });
    expect(membership.roles).toMatchObject([{ name: 'local', display_name: 'Local' }]);
    expect(await crosswalk.membership.hasPermission(organizationId, userId, 'local:read')).toBe(true);
    await expect(crosswalk.membership.hasPermission(organizationId, userId, 'no:such')).rejects.toThrow(NotFoundError);
    expect((await crosswalk.membership.assignRoles(organizationId, userId, ['admin'])).map(({ name }) => name)).toEqual(['local', 'admin']);
    expect(await crosswalk.membership.listRoles(organizationId, userId)).toMatchObject([{ inherited: false }, { name: 'admin' }]);
    expect((await crosswalk.membership.listPermissions(organizationId, userId)).map(({ name }) => name)).toEqual(['local:read']);
    await crosswalk.membership.removeRole(organizationId, userId, 'admin');
    expect(await crosswalk.role.countUsers('local', scope)).toBe(1);
    await crosswalk.role.setOrganizationDefault(organizationId, null);
    await expect(crosswalk.role.delete('local', scope)).rejects.toThrow('role cannot be deleted as it is assigned to users');
    await crosswalk.role.delete('local', { ...scope, reassignRoleName: 'member' });
    expect((await crosswalk.membership.get(organizationId, userId)).roles).toMatchObject([{ name: 'member' }]);
  });

  test('permissions are listed by page or all', async () => {
    const crosswalk = connect();
    for (let index = 0; index < 3; index += 1) await crosswalk.permission.create({ name: `list:${index}` });
    const page = await crosswalk.permission.list({ pageSize: 2 });
    expect(page.permissions.map(({ name }) => name)).toEqual(['list:2', 'list:1']);
    const names: string[] = [];
    for await (const { name } of crosswalk.permission.list({ pageSize: 2 })) names.push(name);
    expect(names).toHaveLength(page.total_size);
    expect(await crosswalk.permission.update('list:0', { description: 'First.' }, { ifMatch: 1 })).toMatchObject({ version: 2 });
    await crosswalk.permission.delete('list:0');
    await expect(crosswalk.permission.get('list:0')).rejects.toThrow(NotFoundError);
  });
});

describe('domains', () => {
  test('are given, read, listed and taken away, by the ID of the organization or by one of your own', async () => {
    const crosswalk = connect();
    const { id } = await crosswalk.organization.create({ display_name: 'D', external_ids: { crm: 'acc/7 ü' } });
    const mine = { externalId: 'acc/7 ü', system: 'crm' };
    const own = await crosswalk.domain.create(id, { domain: 'Sdk.example' });
    const allowed = await crosswalk.domain.create(mine, { domain: 'sdk.example', domainType: 'ALLOWED_EMAIL_DOMAIN' });
    expect([own.domain, own.organization_id, allowed.organization_id]).toEqual(['sdk.example', id, id]);
    expect(await crosswalk.domain.get(mine, own.id)).toEqual(own);
    expect((await crosswalk.domain.list(mine, { domainType: 'ALLOWED_EMAIL_DOMAIN' })).domains).toEqual([allowed]);
    expect(await crosswalk.domain.verify(mine, allowed.id)).toMatchObject({ verified: true, domain: { id: allowed.id } });
    await expect(crosswalk.domain.create(id, { domain: 'sdk.example' })).rejects.toMatchObject({
      name: 'ConflictError',
      errorCode: 'DOMAIN_TAKEN',
      resource: { id },
    });
    await crosswalk.domain.delete(mine, own.id);
    await expect(crosswalk.domain.get(id, own.id)).rejects.toThrow(NotFoundError);
    expect(() => crosswalk.domain.list('')).toThrow(TypeError);
  });

  test('a list is awaited for a page and iterated for all, over numbered pages', async () => {
    const crosswalk = connect();
    const { id } = await crosswalk.organization.create({ display_name: 'P' });
    for (let index = 0; index < 4; index += 1) await crosswalk.domain.create(id, { domain: `page${index}.example` });
    const second = await crosswalk.domain.list(id, { pageSize: 2, pageToken: '1' });
    expect([second.domains.map(({ domain }) => domain), second.next_page_token, second.prev_page_token, second.total_size]).toEqual([
      ['page1.example', 'page0.example'],
      '',
      '0',
      4,
    ]);
    const names: string[] = [];
    for await (const { domain } of crosswalk.domain.list(id, { pageSize: 3 })) names.push(domain);
    expect(names).toEqual(['page3.example', 'page2.example', 'page1.example', 'page0.example']);
  });
});

describe('errors', () => {
  test('are typed and carry status, code, field violations, the record in the way and the request ID', async () => {
    const crosswalk = connect();
    const { id } = await crosswalk.organization.create({ display_name: 'Holder', external_id: 'HELD' });
    const conflict: unknown = await crosswalk.organization
      .create({ display_name: 'B', external_id: 'HELD' })
      .catch((error: unknown) => error);
    expect(conflict).toBeInstanceOf(ConflictError);
    expect(conflict).toMatchObject({
      name: 'ConflictError',
      status: 409,
      code: 6,
      errorCode: 'EXTERNAL_ID_TAKEN',
      requestId: expect.stringMatching(/^req_/),
      resource: { id, value: 'HELD' },
      fieldViolations: [{ field: 'external_id' }],
    });
    await expect(crosswalk.organization.create({ display_name: '' })).rejects.toThrow(ValidationError);
    await expect(crosswalk.organization.update(id, { display_name: 'C' }, { ifMatch: 9 })).rejects.toThrow(PreconditionError);
    await expect(crosswalk.organization.upsertByExternalId('HELD', { display_name: 'C' }, { ifNoneMatch: '*' })).rejects.toThrow(
      PreconditionError,
    );
    await expect(new Crosswalk(server.url, server.client.clientId, 'wrong').resolve(['x'])).rejects.toMatchObject({
      name: 'AuthenticationError',
      status: 401,
      message: expect.stringContaining('invalid_client'),
    });
  });

  test('an empty ID and missing credentials are told before anything is sent', async () => {
    await expect(connect().organization.get('')).rejects.toThrow(TypeError);
    await expect(connect().organization.getByExternalId('')).rejects.toThrow(/externalId must be a text/);
    expect(() => new Crosswalk(server.url, '', 'x')).toThrow(/clientId is missing/);
    expect(() => new Crosswalk('example.com', 'a', 'b')).toThrow(/http/);
  });

  test.each([
    'https://someone:hush@example.com',
    'http://hush@example.com',
    'someone:hush@example.com',
    'ftp://someone:hush@example.com',
    'https://someone:hush@example.com:99999',
    `ftp://someone:hush${'x'.repeat(200)}@example.com`,
  ])('a URL with a password in it is refused, and the password is told nowhere: %s', (url) => {
    expect(() => new Crosswalk(url, 'a', 'b')).toThrow(TypeError);
    expect(() => new Crosswalk(url, 'a', 'b')).not.toThrow(/hush/);
  });

  /** Calls with an ID in their path: each of them addressed another record, or all of them, by a name that paths are shortened by. */
  const named: Record<string, (crosswalk: Crosswalk, id: string) => unknown> = {
    'organization.get': (c, id) => c.organization.get(id),
    'organization.replaceMetadata': (c, id) => c.organization.replaceMetadata(id, {}),
    'organization.history.list': (c, id) => c.organization.history.list(id),
    'user.getUserByExternalId': (c, id) => c.user.getUserByExternalId(id, 'E-1'),
    'user.listOrganizationUsers': (c, id) => c.user.listOrganizationUsers(id),
    'membership.delete': (c, id) => c.membership.delete('org_1', id),
    'membership.removeRole': (c, id) => c.membership.removeRole('org_1', 'usr_1', id),
    'organizationClient.create': (c, id) => c.organizationClient.create(id, { name: 'Stray' }),
    'organizationClient.list': (c, id) => c.organizationClient.list(id),
    'invitation.list': (c, id) => c.invitation.list(id),
    'domain.list': (c, id) => c.domain.list(id),
    'role.delete': (c, id) => c.role.delete(id),
    'role.list': (c, id) => c.role.list({ organizationId: id }),
    'permission.delete': (c, id) => c.permission.delete(id),
    'system.delete': (c, id) => c.system.delete(id),
    'client.deleteSecret': (c, id) => c.client.deleteSecret('skc_1', id),
    'imports.cancel': (c, id) => c.imports.cancel(id),
    'webhookEndpoint.delivery': (c, id) => c.webhookEndpoint.delivery('whe_1', id),
  };
  test.each(Object.entries(named))('%s sends nothing to the address that . and .. lead to', async (_name, call) => {
    let sent = 0;
    const crosswalk = connect({
      fetch: async () => {
        sent += 1;
        return Response.json({});
      },
    });
    for (const id of ['.', '..']) {
      const refused = (async () => call(crosswalk, id))();
      await expect(refused).rejects.toThrow(TypeError);
      await expect(refused).rejects.toThrow(`must not be "${id}": in a path that is no name. Give the ID that Crosswalk made`);
    }
    expect(sent).toBe(0);
  });

  test('every part of a record is reached by an ID of your own, of a system too', async () => {
    const { organization, user, membership, invitation } = connect();
    const acme = { externalId: 'parts-acme', system: 'crm' };
    const made = await organization.create({ displayName: 'Parts', externalIds: { crm: 'parts-acme' }, metadata: { plan: 'pro' } });
    expect((await organization.replaceMetadata(acme, { plan: 'basic' }, { ifMatch: 1 })).metadata).toEqual({ plan: 'basic' });
    const reverted = await organization.history.revertMetadata(acme, { key: 'plan', version: 1 });
    expect(reverted).toMatchObject({ id: made.id, version: 3, metadata: { plan: 'pro' } });
    const { events } = await organization.history.list(acme, { pageSize: 2 });
    expect(events.map(({ record_id: id, type }) => [id, type])).toEqual(Array(2).fill([made.id, 'organization.updated']));
    expect((await organization.history.asOf(acme, { version: 2 })).record).toMatchObject({ metadata: { plan: 'basic' } });
    await organization.update(made.id, { externalIds: { crm: 'parts-renamed' } });
    expect(await organization.aliases(acme)).toMatchObject([{ value: 'parts-acme', system: 'crm' }]);
    expect(await organization.updateSettings(acme, { features: [{ name: 'sso', enabled: true }] })).toMatchObject({ id: made.id });
    expect(await organization.upsertUserManagementSettings(acme, { maxAllowedUsers: 5 })).toEqual(
      await organization.getUserManagementSettings(acme),
    );
    expect(await organization.updateSessionPolicy(acme, { policySource: 'CUSTOM', absoluteSessionTimeout: 480 })).toEqual(
      await organization.getSessionPolicy(acme),
    );
    expect(await organization.getApplicationSessionPolicy(acme)).toBeDefined();

    const ada = { externalId: 'parts-ada' };
    const { id: userId } = await user.createUser({ email: 'ada@parts.example', externalId: 'parts-ada' });
    expect((await user.replaceMetadata(ada, { desk: 7 })).id).toBe(userId);
    expect((await user.history.list(ada)).events).toHaveLength(2);
    expect(await user.aliases(ada)).toEqual([]);
    expect((await membership.create(made.id, ada)).membership.user_id).toBe(userId);
    expect(await membership.get(made.id, ada)).toEqual(await membership.get(made.id, userId));
    expect((await invitation.get(made.id, ada)).user_id).toBe(userId);
    expect((await invitation.resend(made.id, ada)).resent_count).toBe((await user.resendInvite(made.id, ada)).resent_count - 1);
    expect((await invitation.accept(made.id, ada)).state).toBe('ACCEPTED');
    expect((await membership.upsert(made.id, ada, { metadata: { desk: 8 } })).created).toBe(false);
    expect((await membership.update(made.id, ada, { metadata: { floor: 1 } })).membership.metadata).toEqual({ desk: 8, floor: 1 });
    expect((await membership.replaceMetadata(made.id, ada, {})).membership.metadata).toEqual({});
    expect((await membership.assignRoles(made.id, ada, ['admin'])).map(({ name }) => name)).toContain('admin');
    await membership.removeRole(made.id, ada, 'admin');
    expect((await membership.listRoles(made.id, ada)).map(({ name }) => name)).not.toContain('admin');
    expect(await membership.listPermissions(made.id, ada)).toEqual(await membership.listPermissions(made.id, userId));
    await membership.delete(made.id, ada);
    await expect(membership.get(made.id, ada)).rejects.toThrow(NotFoundError);
    await expect(membership.get(made.id, { externalId: 'parts-nobody' })).rejects.toMatchObject({ errorCode: 'USER_NOT_FOUND' });
  });

  test.each([42, null, undefined, ['E-1'], true])('%j is no name of a record: the message tells what is', async (name) => {
    const { organization } = connect();
    await expect(Reflect.apply(organization.aliases, organization, [name])).rejects.toThrow(
      /^organization must be an ID that Crosswalk made, or \{ externalId, system \} with one of your own, not /,
    );
  });

  test('an external ID that is . or .. names its record wherever external IDs are taken, and %2e%2e is an ID of its own', async () => {
    const crosswalk = connect();
    for (const externalId of ['.', '..', '%2e%2e']) {
      const { organization } = await crosswalk.organization.upsertByExternalId(externalId, { display_name: 'Dots' });
      const { user } = await crosswalk.user.createUserAndMembership(organization.id, {
        email: `u${externalId.length}@dots.example`,
        externalId,
      });
      expect((await crosswalk.organization.getByExternalId(externalId))?.id).toBe(organization.id);
      expect((await crosswalk.user.getByExternalId(externalId))?.id).toBe(user.id);
      expect((await crosswalk.user.getUserByExternalId(organization.id, externalId))?.id).toBe(user.id);
      expect((await crosswalk.user.listUsers({ externalId })).users).toHaveLength(1);
      expect((await crosswalk.invitation.list({ externalId })).invitations).toHaveLength(1);
      const domain = await crosswalk.domain.create({ externalId }, { domain: `dots${externalId.length}.example` });
      expect(domain.organization_id).toBe(organization.id);
      expect((await crosswalk.resolve([externalId]))[0]?.matches.map(({ id }) => id)).toEqual([organization.id, user.id]);
      await crosswalk.user.deleteByExternalId(externalId);
    }
    await expect(crosswalk.organization.get('%2e%2e')).rejects.toThrow('%2e%2e is not an ID of Crosswalk');
  });
});
