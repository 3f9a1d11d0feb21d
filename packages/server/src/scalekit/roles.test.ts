import { create } from '@bufbuild/protobuf';
import type { ScalekitClient } from '@scalekit-sdk/node';
import {
  CreateOrganizationRoleSchema,
  CreatePermissionSchema,
  CreateRoleSchema,
  PermissionType,
  RolesService,
  UpdateRoleSchema,
} from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/roles/roles_pb.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { messagesOf, refusal, scalekitOf, there, untyped } from './testing.ts';

const server = useTestServer();
let scalekit: ScalekitClient;
let roles: ScalekitClient['role'];
let permissions: ScalekitClient['permission'];
let acme = '';
let count = 0;
beforeAll(async () => {
  scalekit = scalekitOf(server, server.client);
  ({ role: roles, permission: permissions } = scalekit);
  acme = await newOrganization();
  for (const name of ['docs:read', 'docs:write', 'docs:delete']) await newPermission(name);
});
const messages = () => messagesOf(RolesService, server, server.client.token);

async function newOrganization() {
  return there((await scalekit.organization.createOrganization('Acme')).organization).id;
}
async function newMember(organizationId: string, role: string, sendInvitationEmail = false) {
  count += 1;
  const { user } = await scalekit.user.createUserAndMembership(organizationId, {
    email: `member${count}@example.com`,
    sendInvitationEmail,
  });
  await scalekit.user.updateMembership(organizationId, there(user).id, { roles: [role] });
  return there(user).id;
}
interface RoleFields {
  displayName?: string;
  description?: string;
  extends?: string;
  permissions?: string[];
}
const newRole = async (name: string, fields: RoleFields = {}) =>
  there((await roles.createRole(create(CreateRoleSchema, { name, displayName: name, ...fields }))).role);
const newOrganizationRole = async (name: string, fields: RoleFields = {}, organizationId = acme) =>
  there(
    (await roles.createOrganizationRole(organizationId, create(CreateOrganizationRoleSchema, { name, displayName: name, ...fields }))).role,
  );
const newPermission = async (name: string, description = '') =>
  there((await permissions.createPermission(create(CreatePermissionSchema, { name, description }))).permission);
const update = (fields: RoleFields) => create(UpdateRoleSchema, fields);
const names = (list: { name: string }[]) => list.map(({ name }) => name);

const badRequest = { exception: 'ScalekitBadRequestException' };
const roleNotFound = { exception: 'ScalekitNotFoundException', code: 'NotFound', errorCode: 'ROLE_NOT_FOUND' };
const permissionNotFound = { exception: 'ScalekitNotFoundException', code: 'NotFound', errorCode: 'PERMISSION_NOT_FOUND' };

describe('roles from the beginning', () => {
  test('an environment has admin, the default of creators, and member, the default of members, and lists them first', async () => {
    const fresh = scalekitOf(server, await server.addEnvironment('fresh')).role;
    expect((await fresh.listRoles()).roles).toMatchObject([
      { name: 'admin', displayName: 'Admin', defaultCreator: true, defaultMember: false, isOrgRole: false },
      { name: 'member', displayName: 'Member', defaultCreator: false, defaultMember: true, isOrgRole: false },
    ]);
    for (const name of ['admin', 'member']) {
      expect((await fresh.getRole(name)).role?.name).toBe(name);
      expect((await fresh.listDependentRoles(name)).roles).toEqual([]);
    }
    const defaults = await fresh.updateDefaultRoles({ defaultCreatorRole: 'admin', defaultMemberRole: 'member' });
    expect(defaults).toMatchObject({ defaultCreator: { name: 'admin' }, defaultMember: { name: 'member' } });
  });

  test('neither can be deleted while it is a default', async () => {
    const fresh = scalekitOf(server, await server.addEnvironment('defaults stay')).role;
    for (const name of ['admin', 'member'])
      expect(await refusal(fresh.deleteRole(name))).toMatchObject({ ...badRequest, errorCode: 'ROLE_IS_DEFAULT' });
    expect(names((await fresh.listRoles()).roles)).toEqual(['admin', 'member']);
  });
});

describe('roles of the environment', () => {
  test('a new role has what was sent, is no default, and is listed', async () => {
    const sent = { displayName: 'Editor', description: 'Edits.' };
    const made = await newRole('editor', { ...sent, permissions: ['docs:read', 'docs:write'] });
    expect(made).toMatchObject({
      id: expect.stringMatching(/^role_[0-9]+$/),
      name: 'editor',
      ...sent,
      defaultCreator: false,
      defaultMember: false,
      isOrgRole: false,
      dependentRolesCount: 0,
    });
    expect(made.extends).toBeUndefined();
    expect((await roles.getRole('editor')).role).toMatchObject({ id: made.id, ...sent });
    expect(names((await roles.listRoles()).roles)).toContain('editor');
    expect(names((await permissions.listRolePermissions('editor')).permissions)).toEqual(['docs:read', 'docs:write']);
  });

  test.each<[string, () => Promise<unknown>, string, string]>([
    ['no name', () => newRole(''), 'INVALID_ARGUMENT', 'name'],
    ['a name with a dot', () => newRole('a.b'), 'INVALID_ARGUMENT', 'name'],
    ['a name of 65 characters', () => newRole('x'.repeat(65)), 'INVALID_ARGUMENT', 'name'],
    ['no name to show', () => newRole('nameless', { displayName: '' }), 'INVALID_ARGUMENT', 'display_name'],
    ['a base that there is not', () => newRole('based', { extends: 'no_such' }), 'UNKNOWN_ROLE', 'extends'],
    [
      'a permission that there is not',
      () => newRole('may', { permissions: ['docs:read', 'no:such'] }),
      'UNKNOWN_PERMISSION',
      'permissions.1',
    ],
    ['the name of another role', () => newRole('member'), 'ROLE_NAME_TAKEN', 'name'],
    ['no role', () => messages().createRole({}), 'INVALID_ARGUMENT', 'role'],
  ])('%s is a bad request that names the field', async (_name, call, errorCode, field) => {
    expect(await refusal(call())).toMatchObject({
      code: 'InvalidArgument',
      errorCode,
      fields: [field],
      message: expect.stringContaining(field),
    });
  });

  test('a name that is taken is a bad request, no conflict, as the clients expect', async () => {
    await newRole('taken');
    expect(await refusal(newRole('taken'))).toMatchObject({ ...badRequest, errorCode: 'ROLE_NAME_TAKEN' });
  });

  test.each<[string, () => Promise<unknown>]>([
    ['get', () => roles.getRole('no_such')],
    ['get by a text that no role has', () => roles.getRole('no.such')],
    ['get by NUL', () => roles.getRole('a\0')],
    ['get by nothing', () => roles.getRole('')],
    ['update', () => roles.updateRole('no_such', update({ displayName: 'X' }))],
    ['delete', () => roles.deleteRole('no_such')],
    ['delete the base', () => roles.deleteRoleBase('no_such')],
    ['count users', () => roles.getRoleUsersCount('no_such')],
    ['list dependents', () => roles.listDependentRoles('no_such')],
  ])('%s of a role that there is not is not found', async (_name, call) => {
    expect(await refusal(call())).toMatchObject(roleNotFound);
  });

  test('an update changes what it has: the rest stays, and name and ID always do', async () => {
    const made = await newRole('updated', { description: 'Before.', permissions: ['docs:read'] });
    const first = there((await roles.updateRole('updated', update({ displayName: 'After' }))).role);
    expect(first).toMatchObject({ id: made.id, name: 'updated', displayName: 'After', description: 'Before.' });
    await roles.updateRole('updated', update({ permissions: ['docs:write', 'docs:delete'] }));
    const all = () => messages().getRole({ roleName: 'updated', include: 'permissions' });
    expect(names(there((await all()).role).permissions)).toEqual(['docs:delete', 'docs:write']);
    await roles.updateRole('updated', update({ permissions: [], description: '' }));
    const { role } = await all();
    expect([role?.description, names(there(role).permissions)]).toEqual(['', ['docs:delete', 'docs:write']]);
    expect(await refusal(roles.updateRole('updated', update({ displayName: '' })))).toMatchObject({
      ...badRequest,
      fields: ['display_name'],
    });
    expect(await refusal(messages().updateRole({ roleName: 'updated' }))).toMatchObject({ fields: ['role'] });
  });

  test('a role that was deleted is not found, and its name is free at once', async () => {
    const old = await newRole('gone');
    await roles.deleteRole('gone');
    expect(await refusal(roles.getRole('gone'))).toMatchObject(roleNotFound);
    expect((await newRole('gone')).id).not.toBe(old.id);
  });

  test('a role that someone has, invited or active, is deleted only with another for them; the message is the one that clients compare', async () => {
    for (const invited of [true, false]) {
      const [name, replacement] = [`held_${invited}`, `next_${invited}`];
      await newRole(name);
      await newRole(replacement);
      const userId = await newMember(acme, name, invited);
      expect(await refusal(roles.deleteRole(name))).toMatchObject({
        ...badRequest,
        errorCode: 'ROLE_HAS_USERS',
        message: '[failed_precondition] role cannot be deleted as it is assigned to users',
      });
      expect((await roles.getRoleUsersCount(name)).count).toBe(1n);
      await roles.deleteRole(name, replacement);
      expect(await refusal(roles.getRole(name))).toMatchObject(roleNotFound);
      expect((await roles.getRole(replacement)).role?.name).toBe(replacement);
      expect(names((await scalekit.user.listUserRoles(acme, userId)).roles)).toEqual([replacement]);
    }
  });

  test.each([
    ['one that there is not', 'no_such', 'UNKNOWN_ROLE'],
    ['itself', 'replaced', 'INVALID_ARGUMENT'],
    ['what can be none', 'no.such', 'INVALID_ARGUMENT'],
    ['NUL', 'a\0', 'INVALID_ARGUMENT'],
  ])('a replacement by %s is a bad request', async (_name, replacement, errorCode) => {
    await newRole('replaced').catch(() => {});
    expect(await refusal(roles.deleteRole('replaced', replacement))).toMatchObject({
      ...badRequest,
      errorCode,
      fields: ['reassign_role_name'],
    });
    const older = messages().deleteRole({ roleName: 'replaced', reassignRoleId: replacement });
    expect(await refusal(older)).toMatchObject({ errorCode });
  });

  test('the older field that names the replacement may say the same as the newer one, and nothing else', async () => {
    await newRole('renamed_field');
    const both = (reassignRoleName: string) =>
      messages().deleteRole({ roleName: 'renamed_field', reassignRoleId: 'member', reassignRoleName });
    expect(await refusal(both('admin'))).toMatchObject({ errorCode: 'INVALID_ARGUMENT', fields: ['reassign_role_id'] });
    await both('member');
  });

  test('users are counted as a bigint, from 0', async () => {
    await newRole('counted');
    expect((await roles.getRoleUsersCount('counted')).count).toBe(0n);
    await newMember(acme, 'counted');
    expect((await roles.getRoleUsersCount('counted')).count).toBe(1n);
  });

  test('a role extends another until its base is deleted: then it extends none, and the base can go', async () => {
    await newRole('base', { permissions: ['docs:read'] });
    expect((await newRole('extending', { extends: 'base', permissions: ['docs:write'] })).extends).toBe('base');
    expect(names((await roles.listDependentRoles('base')).roles)).toEqual(['extending']);
    expect((await roles.getRole('base')).role?.dependentRolesCount).toBe(1);
    expect(await refusal(roles.deleteRole('base'))).toMatchObject({ ...badRequest, errorCode: 'ROLE_HAS_DEPENDENTS' });
    expect(await refusal(roles.updateRole('base', update({ extends: 'extending' })))).toMatchObject({ errorCode: 'INVALID_ROLE_BASE' });
    await roles.deleteRoleBase('extending');
    expect(there((await roles.getRole('extending')).role).extends).toBeUndefined();
    await roles.deleteRole('base');
    await newRole('base');
    await roles.updateRole('extending', update({ extends: 'base' }));
    await roles.updateRole('extending', update({ extends: '' }));
    expect(there((await roles.getRole('extending')).role).extends).toBeUndefined();
  });

  test('permissions are shown of a role on demand: none, its own, or those it inherits too', async () => {
    await newRole('shown_base', { permissions: ['docs:read'] });
    await newRole('shown', { extends: 'shown_base', permissions: ['docs:write'] });
    const shown = async (include?: string) => {
      const { role } = await messages().getRole({ roleName: 'shown', ...(include === undefined ? {} : { include }) });
      return there(role).permissions.map(({ name, roleName }) => [name, roleName]);
    };
    expect([await shown(), await shown('')]).toEqual([[], []]);
    expect(await shown('permissions')).toEqual([['docs:write', 'shown']]);
    expect(await shown('permissions:all')).toEqual([
      ['docs:read', 'shown_base'],
      ['docs:write', 'shown'],
    ]);
    expect(await refusal(shown('everything'))).toMatchObject({ code: 'InvalidArgument', fields: ['include'] });
  });
});

describe('default roles', () => {
  test('each can be set alone; both are answered; members who are given none get theirs', async () => {
    await newRole('founder');
    await newRole('guest');
    const first = await roles.updateDefaultRoles({ defaultMemberRole: 'guest' });
    expect(first).toMatchObject({
      defaultCreator: { name: 'admin', defaultCreator: true },
      defaultMember: { name: 'guest', defaultMember: true },
    });
    const second = await messages().updateDefaultRoles({ defaultCreator: { name: 'founder' } });
    expect(second).toMatchObject({ defaultCreator: { name: 'founder' }, defaultMember: { name: 'guest' } });
    const { user } = await scalekit.user.createUserAndMembership(acme, { email: 'guest@example.com' });
    expect(names(there(there(user).memberships[0]).roles)).toEqual(['guest']);
    await roles.updateDefaultRoles({ defaultCreatorRole: 'admin', defaultMemberRole: 'member' });
    expect((await roles.updateDefaultRoles()).defaultMember?.name).toBe('member');
  });

  test.each([
    ['defaultCreatorRole', '__invalid_role_name__', 'UNKNOWN_ROLE', 'default_creator_role'],
    ['defaultMemberRole', '__invalid_role_name__', 'UNKNOWN_ROLE', 'default_member_role'],
    ['defaultMemberRole', 'no.such', 'INVALID_ARGUMENT', 'default_member_role'],
  ])('%s %s is a bad request', async (field, name, errorCode, named) => {
    expect(await refusal(roles.updateDefaultRoles({ [field]: name }))).toMatchObject({ ...badRequest, errorCode, fields: [named] });
  });

  test('the older fields name a role by its ID too, alone or beside its name', async () => {
    const { id } = await newRole('by_id');
    for (const [field, role] of [
      ['defaultCreator', { id }],
      ['defaultMember', { id, name: 'by_id' }],
    ] as const) {
      const answer = await messages().updateDefaultRoles({ [field]: role, [`${field}Role`]: 'name' in role ? 'by_id' : undefined });
      expect(answer[field]).toMatchObject({ id, name: 'by_id' });
    }
    await roles.updateDefaultRoles({ defaultCreatorRole: 'admin', defaultMemberRole: 'member' });
  });

  test('two fields that name different roles are a bad request, and so is the ID of none', async () => {
    const { id } = await newRole('one_of_two');
    const own = there(
      (await roles.createOrganizationRole(acme, create(CreateOrganizationRoleSchema, { name: 'not_all', displayName: 'N' }))).role,
    );
    for (const [fields, named] of [
      [{ defaultCreator: { id }, defaultCreatorRole: 'admin' }, 'default_creator.id'],
      [{ defaultMember: { id, name: 'member' } }, 'default_member.id'],
      [{ defaultMember: { name: 'admin' }, defaultMemberRole: 'member' }, 'default_member.name'],
      [{ defaultCreator: { id: 'role_1' } }, 'default_creator.id'],
      [{ defaultCreator: { id: own.id } }, 'default_creator.id'],
      [{ defaultMember: {} }, 'default_member'],
    ] as const) {
      expect(await refusal(messages().updateDefaultRoles(fields))).toMatchObject({ code: 'InvalidArgument', fields: [named] });
    }
    expect(await roles.updateDefaultRoles()).toMatchObject({ defaultCreator: { name: 'admin' }, defaultMember: { name: 'member' } });
  });

  test('an empty one does not leave the client', async () => {
    await expect(roles.updateDefaultRoles({ defaultMemberRole: '' })).rejects.toThrow('defaultMemberRole cannot be empty');
  });
});

describe('roles of an organization', () => {
  test('a new role says that it is one, and is listed with those of the environment, for this organization alone', async () => {
    const made = await newOrganizationRole('org_editor', { displayName: 'Editor', description: 'Edits here.', permissions: ['docs:read'] });
    expect(made).toMatchObject({ name: 'org_editor', displayName: 'Editor', description: 'Edits here.', isOrgRole: true });
    const listed = names((await roles.listOrganizationRoles(acme)).roles);
    expect(listed).toEqual(expect.arrayContaining(['admin', 'member', 'org_editor']));
    expect(listed.slice(0, 2)).toEqual(['admin', 'member']);
    expect((await roles.getOrganizationRole(acme, 'org_editor')).role).toMatchObject({ id: made.id, isOrgRole: true });
    expect((await roles.getOrganizationRole(acme, 'admin')).role?.isOrgRole).toBe(false);
    expect(names((await roles.listRoles()).roles)).not.toContain('org_editor');
    expect(await refusal(roles.getRole('org_editor'))).toMatchObject(roleNotFound);
    expect(await refusal(roles.getOrganizationRole(await newOrganization(), 'org_editor'))).toMatchObject(roleNotFound);
  });

  test('it is updated, counted, given a base and freed of it, and deleted', async () => {
    const made = await newOrganizationRole('org_whole', { description: 'Before.', extends: 'member' });
    expect(made.extends).toBe('member');
    const { role } = await roles.updateOrganizationRole(acme, 'org_whole', update({ displayName: 'Whole' }));
    expect(role).toMatchObject({ id: made.id, name: 'org_whole', displayName: 'Whole', description: 'Before.', isOrgRole: true });
    expect((await roles.getOrganizationRoleUsersCount(acme, 'org_whole')).count).toBe(0n);
    await roles.deleteOrganizationRoleBase(acme, 'org_whole');
    expect(there((await roles.getOrganizationRole(acme, 'org_whole')).role).extends).toBeUndefined();
    await newMember(acme, 'org_whole');
    expect((await roles.getOrganizationRoleUsersCount(acme, 'org_whole')).count).toBe(1n);
    expect(await refusal(roles.deleteOrganizationRole(acme, 'org_whole'))).toMatchObject({
      ...badRequest,
      message: '[failed_precondition] role cannot be deleted as it is assigned to users',
    });
    await roles.deleteOrganizationRole(acme, 'org_whole', 'member');
    expect(await refusal(roles.getOrganizationRole(acme, 'org_whole'))).toMatchObject(roleNotFound);
    expect((await newOrganizationRole('org_whole')).id).not.toBe(made.id);
  });

  test('it can be the default of new members of the organization', async () => {
    const organizationId = await newOrganization();
    await newOrganizationRole('newcomer', {}, organizationId);
    const { defaultMember } = await roles.updateDefaultOrganizationRoles(organizationId, 'newcomer');
    expect(defaultMember).toMatchObject({ name: 'newcomer', defaultMember: true, isOrgRole: true });
    const { user } = await scalekit.user.createUserAndMembership(organizationId, { email: 'newcomer@example.com' });
    expect(names(there(there(user).memberships[0]).roles)).toEqual(['newcomer']);
    expect(await refusal(roles.deleteOrganizationRole(organizationId, 'newcomer', 'member'))).toMatchObject({
      errorCode: 'ROLE_IS_DEFAULT',
    });
    expect((await roles.updateDefaultOrganizationRoles(organizationId, 'member')).defaultMember?.name).toBe('member');
  });

  const calls: [string, (organizationId: string) => Promise<unknown>][] = [
    ['create', (organizationId) => newOrganizationRole('nowhere', {}, organizationId)],
    ['get', (organizationId) => roles.getOrganizationRole(organizationId, 'no_such')],
    ['list', (organizationId) => roles.listOrganizationRoles(organizationId)],
    ['update', (organizationId) => roles.updateOrganizationRole(organizationId, 'no_such', update({ displayName: 'X' }))],
    ['delete', (organizationId) => roles.deleteOrganizationRole(organizationId, 'no_such')],
    ['count users', (organizationId) => roles.getOrganizationRoleUsersCount(organizationId, 'no_such')],
    ['set the default', (organizationId) => roles.updateDefaultOrganizationRoles(organizationId, 'member')],
    ['delete the base', (organizationId) => roles.deleteOrganizationRoleBase(organizationId, 'no_such')],
  ];

  test.each(calls)('%s without an organization is a bad request, for one that there is not is not found', async (_name, call) => {
    expect(await refusal(call(''))).toMatchObject({ ...badRequest, errorCode: 'INVALID_ID', fields: ['org_id'] });
    expect(await refusal(call('acme'))).toMatchObject({ ...badRequest, errorCode: 'INVALID_ID', fields: ['org_id'] });
    const missing = await refusal(call('org_1'));
    expect(missing).toMatchObject({ exception: 'ScalekitNotFoundException', errorCode: 'ORGANIZATION_NOT_FOUND' });
  });

  test.each<[string, () => Promise<unknown>, object]>([
    ['get', () => roles.getOrganizationRole(acme, 'no_such'), roleNotFound],
    ['update', () => roles.updateOrganizationRole(acme, 'no_such', update({ displayName: 'X' })), roleNotFound],
    ['delete', () => roles.deleteOrganizationRole(acme, 'no_such'), roleNotFound],
    ['count users', () => roles.getOrganizationRoleUsersCount(acme, 'no_such'), roleNotFound],
    ['delete the base', () => roles.deleteOrganizationRoleBase(acme, 'no_such'), roleNotFound],
    ['update of a role of the environment', () => roles.updateOrganizationRole(acme, 'member', update({ displayName: 'X' })), roleNotFound],
    ['delete of a role of the environment', () => roles.deleteOrganizationRole(acme, 'member'), roleNotFound],
    [
      'set as the default',
      () => roles.updateDefaultOrganizationRoles(acme, 'no_such'),
      { ...badRequest, errorCode: 'UNKNOWN_ROLE', fields: ['default_member_role'] },
    ],
    ['create by an empty name', () => newOrganizationRole(''), { ...badRequest, fields: ['name'] }],
    ['create by a name of the environment', () => newOrganizationRole('member'), { ...badRequest, errorCode: 'ROLE_NAME_TAKEN' }],
  ])('%s is refused', async (_name, call, refused) => {
    expect(await refusal(call())).toMatchObject(refused);
  });
});

describe('permissions', () => {
  test('a new permission has its name and description, which may be empty, and is found', async () => {
    const made = await newPermission('made:read', 'May read.');
    expect(made).toMatchObject({ id: expect.stringMatching(/^perm_[0-9]+$/), name: 'made:read', description: 'May read.' });
    expect((await newPermission('made:silent')).description).toBe('');
    expect((await permissions.getPermission('made:read')).permission).toEqual(made);
  });

  test.each<[string, () => Promise<unknown>, string]>([
    ['no name', () => newPermission(''), 'INVALID_ARGUMENT'],
    ['a name with dots', () => newPermission('non.existent.permission'), 'INVALID_ARGUMENT'],
    ['a name of 65 characters', () => newPermission('x'.repeat(65)), 'INVALID_ARGUMENT'],
    ['the name of another', () => newPermission('docs:read'), 'PERMISSION_NAME_TAKEN'],
  ])('%s is a bad request that names the name', async (_name, call, errorCode) => {
    expect(await refusal(call())).toMatchObject({ ...badRequest, errorCode, fields: ['name'], message: expect.stringContaining('name') });
  });

  test('the list is newest first, so that a new one is on its first page, of no more than was asked for', async () => {
    const made = await newPermission('listed:last', 'The newest.');
    const { permissions: page, totalSize } = await permissions.listPermissions();
    expect(page[0]).toEqual(made);
    expect(totalSize).toBe(page.length);
    const first = await permissions.listPermissions(undefined, 1);
    expect(first.permissions).toEqual([made]);
    const walked = [...first.permissions];
    for (let token = first.nextPageToken; token !== ''; ) {
      const next = await permissions.listPermissions(token, 1);
      walked.push(...next.permissions);
      token = next.nextPageToken;
    }
    expect(names(walked)).toEqual(names(page));
    expect(await refusal(permissions.listPermissions(undefined, 101))).toMatchObject({ ...badRequest, fields: ['page_size'] });
    expect(await refusal(permissions.listPermissions('AAAA'))).toMatchObject({ ...badRequest, errorCode: 'INVALID_PAGE_TOKEN' });
    const { body } = await server.client.request('GET', '/api/v1/permissions?page_size=1');
    expect(await refusal(permissions.listPermissions(Object(body).next_page_token))).toMatchObject({ errorCode: 'INVALID_PAGE_TOKEN' });
  });

  test('there are none but those of the environment', async () => {
    expect((await messages().listPermissions({ type: PermissionType.SCALEKIT })).permissions).toEqual([]);
    expect(await refusal(messages().listPermissions(untyped({ type: 7 })))).toMatchObject({ code: 'InvalidArgument', fields: ['type'] });
    expect((await messages().listPermissions({ type: PermissionType.ENVIRONMENT })).permissions.length).toBeGreaterThan(0);
    const unknown = messages().listPermissions(untyped({ type: 9 }));
    expect(await refusal(unknown)).toMatchObject({ code: 'InvalidArgument', errorCode: 'INVALID_ARGUMENT', fields: ['type'] });
  });

  test('an update changes the description; the name stays', async () => {
    const made = await newPermission('updated:read', 'Before.');
    const change = (name: string, description: string) =>
      permissions.updatePermission('updated:read', create(CreatePermissionSchema, { name, description }));
    expect((await change('updated:read', 'After.')).permission).toMatchObject({ id: made.id, name: 'updated:read', description: 'After.' });
    expect((await change('', 'Later.')).permission?.description).toBe('Later.');
    expect((await change('updated:read', '')).permission?.description).toBe('');
    expect(await refusal(change('renamed:read', 'X'))).toMatchObject({ ...badRequest, fields: ['name'] });
  });

  test.each<[string, (name: string) => Promise<unknown>]>([
    ['get', (name) => permissions.getPermission(name)],
    ['update', (name) => permissions.updatePermission(name, create(CreatePermissionSchema, { description: 'X' }))],
    ['delete', (name) => permissions.deletePermission(name)],
  ])('%s of one that there is not is not found', async (_name, call) => {
    for (const name of ['no:such', 'non.existent.permission', 'a\0', ''])
      expect(await refusal(call(name))).toMatchObject(permissionNotFound);
  });

  test('one that was deleted is not found, is taken from roles, and its name is free at once', async () => {
    const old = await newPermission('gone:read');
    await newRole('losing', { permissions: ['gone:read', 'docs:read'] });
    await permissions.deletePermission('gone:read');
    expect(await refusal(permissions.getPermission('gone:read'))).toMatchObject(permissionNotFound);
    expect(names((await permissions.listRolePermissions('losing')).permissions)).toEqual(['docs:read']);
    expect((await newPermission('gone:read')).id).not.toBe(old.id);
  });
});

describe('permissions of a role', () => {
  test('added ones are answered with all that the role has; a removed one is gone', async () => {
    await newRole('granted');
    expect(names((await permissions.addPermissionsToRole('granted', ['docs:read'])).permissions)).toEqual(['docs:read']);
    expect(names((await permissions.addPermissionsToRole('granted', ['docs:write'])).permissions)).toEqual(['docs:read', 'docs:write']);
    expect(names((await permissions.addPermissionsToRole('granted', ['docs:write'])).permissions)).toEqual(['docs:read', 'docs:write']);
    await permissions.removePermissionFromRole('granted', 'docs:read');
    const { permissions: left } = await permissions.listRolePermissions('granted');
    expect(left).toMatchObject([{ id: expect.stringMatching(/^perm_/), name: 'docs:write', description: '' }]);
  });

  test('effective ones are its own and those that it inherits', async () => {
    await newRole('effective_base', { permissions: ['docs:read'] });
    await newRole('effective', { extends: 'effective_base', permissions: ['docs:write'] });
    expect(names((await permissions.listEffectiveRolePermissions('effective')).permissions)).toEqual(['docs:read', 'docs:write']);
    expect(names((await permissions.listRolePermissions('effective')).permissions)).toEqual(['docs:write']);
  });

  test('of several that are added all are, or none', async () => {
    await newRole('whole');
    expect(await refusal(permissions.addPermissionsToRole('whole', ['docs:read', 'no:such']))).toMatchObject({
      ...badRequest,
      errorCode: 'UNKNOWN_PERMISSION',
      fields: ['permission_names.1'],
    });
    expect((await permissions.listRolePermissions('whole')).permissions).toEqual([]);
  });

  test.each<[string, () => Promise<unknown>, object]>([
    ['adding to a role that there is not', () => permissions.addPermissionsToRole('no_such', ['docs:read']), roleNotFound],
    ['adding none', () => permissions.addPermissionsToRole('member', []), { ...badRequest, errorCode: 'INVALID_ARGUMENT' }],
    [
      'adding what can be none',
      () => permissions.addPermissionsToRole('member', ['a.b']),
      { ...badRequest, errorCode: 'INVALID_ARGUMENT' },
    ],
    ['removing from a role that there is not', () => permissions.removePermissionFromRole('no_such', 'docs:read'), roleNotFound],
    ['removing what there is not', () => permissions.removePermissionFromRole('member', 'no:such'), permissionNotFound],
    ['removing what can be none', () => permissions.removePermissionFromRole('member', 'non.existent.permission'), permissionNotFound],
    ['removing what the role does not have', () => permissions.removePermissionFromRole('member', 'docs:read'), permissionNotFound],
    ['listing of a role that there is not', () => permissions.listRolePermissions('no_such'), roleNotFound],
    ['listing effective ones of a role that there is not', () => permissions.listEffectiveRolePermissions('no_such'), roleNotFound],
  ])('%s is refused', async (_name, call, refused) => {
    expect(await refusal(call())).toMatchObject(refused);
  });
});
