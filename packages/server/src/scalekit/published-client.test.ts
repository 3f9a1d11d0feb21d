import { create } from '@bufbuild/protobuf';
import {
  CreateOrganizationRoleSchema,
  CreatePermissionSchema,
  CreateRoleSchema,
  UpdateRoleSchema,
} from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/roles/roles_pb.js';
import { beforeAll, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { refusal, scalekitOf, there } from './testing.ts';

const server = useTestServer();

/** Members of Scalekit's client whose methods are called below. */
const offered = ['organization', 'user', 'role', 'permission', 'm2m', 'domain', 'token', 'session'] as const;

/** Members that are not offered as a whole: catalogue.ts says why, and docs/compatibility.md method by method. */
const notOffered = ['actions', 'auth', 'connectedAccounts', 'connection', 'directory', 'events', 'passwordless', 'tools', 'webauthn'];

/** What the client has beside them to make its calls. */
const inner = ['coreClient', 'grpcConnect'];

/** Methods of the offered members that are not offered, and what the error says of it. */
const exceptions = new Map([['organization.generatePortalLink', 'there is no portal in which customers set up']]);

/** What the client has among its methods and calls no server. */
const withoutCall = ['domain.resolveDomainType'];

/** Answered as at Scalekit for a user who is not signed in: there are no sessions. */
const withoutSession = ['session.getSession', 'session.revokeSession'];

type Call = () => Promise<unknown>;

let calls: [name: string, call: Call][] = [];
beforeAll(async () => {
  const scalekit = scalekitOf(server, server.client);
  const { organization, user, role, permission, m2m, domain, token, session } = scalekit;
  const newOrganization = async (externalId: string) =>
    there((await organization.createOrganization(externalId, { externalId })).organization).id;
  const [acme, other] = [await newOrganization('ACME'), await newOrganization('OTHER')];
  const newUser = async (name: string, sendInvitationEmail = false) =>
    there((await user.createUserAndMembership(acme, { email: `${name}@example.com`, externalId: name, sendInvitationEmail })).user).id;
  const [ada, guest] = [await newUser('ADA'), await newUser('GUEST', true)];
  const [leaver] = [await newUser('LEAVER'), await newUser('LATER')];
  const newPermission = (name: string) => create(CreatePermissionSchema, { name, description: name });
  const newRole = (name: string, base = '') => create(CreateRoleSchema, { name, displayName: name, extends: base });
  const newOrganizationRole = (name: string, base = '') => create(CreateOrganizationRoleSchema, { name, displayName: name, extends: base });
  const renamed = create(UpdateRoleSchema, { displayName: 'Renamed' });
  const { client } = await m2m.createOrganizationClient(acme, { name: 'Nightly' });
  const clientId = there(client).clientId;
  const spare = there((await m2m.addOrganizationClientSecret(acme, clientId)).secret).id;
  const domainId = there((await domain.createDomain(acme, 'acme.example')).domain).id;
  const made = (await token.createToken(acme, { description: 'Nightly' })).token;

  // In an order in which each finds what it needs: what removes something comes after all that reads it.
  calls = Object.entries<Call>({
    'organization.createOrganization': () => organization.createOrganization('Third'),
    'organization.listOrganization': () => organization.listOrganization({ pageSize: 10 }),
    'organization.getOrganization': () => organization.getOrganization(acme),
    'organization.getOrganizationByExternalId': () => organization.getOrganizationByExternalId('ACME'),
    'organization.updateOrganization': () => organization.updateOrganization(acme, { displayName: 'Acme' }),
    'organization.updateOrganizationByExternalId': () => organization.updateOrganizationByExternalId('ACME', { metadata: { a: '1' } }),
    'organization.generatePortalLink': () => organization.generatePortalLink(acme),
    'organization.updateOrganizationSettings': () =>
      organization.updateOrganizationSettings(acme, { features: [{ name: 'sso', enabled: true }] }),
    'organization.upsertUserManagementSettings': () => organization.upsertUserManagementSettings(acme, { maxAllowedUsers: 50 }),
    'organization.searchOrganization': () => organization.searchOrganization('acme'),
    'organization.getOrganizationUserManagementSetting': () => organization.getOrganizationUserManagementSetting(acme),
    'organization.updateOrganizationSessionPolicy': () =>
      organization.updateOrganizationSessionPolicy(acme, { policySource: 'APPLICATION' }),
    'organization.getOrganizationSessionPolicy': () => organization.getOrganizationSessionPolicy(acme),
    'user.createUserAndMembership': () => user.createUserAndMembership(acme, { email: 'eve@example.com' }),
    'user.getUser': () => user.getUser(ada),
    'user.listUsers': () => user.listUsers({ pageSize: 10 }),
    'user.updateUser': () => user.updateUser(ada, { metadata: { a: '1' } }),
    'user.createMembership': () => user.createMembership(other, ada),
    'user.updateMembership': () => user.updateMembership(other, ada, { metadata: { desk: 'A7' } }),
    'user.listOrganizationUsers': () => user.listOrganizationUsers(acme),
    'user.resendInvite': () => user.resendInvite(acme, guest),
    'user.listUserRoles': () => user.listUserRoles(acme, ada),
    'user.listUserPermissions': () => user.listUserPermissions(acme, ada),
    'user.searchUsers': () => user.searchUsers('ada'),
    'user.searchOrganizationUsers': () => user.searchOrganizationUsers(acme, 'ada'),
    'user.assignUserRoles': () => user.assignUserRoles(acme, ada, ['admin']),
    'user.removeUserRole': () => user.removeUserRole(acme, ada, 'admin'),
    'user.getUserByExternalId': () => user.getUserByExternalId('ADA'),
    'user.updateUserByExternalId': () => user.updateUserByExternalId('ADA', { metadata: { b: '2' } }),
    'user.deleteMembership': () => user.deleteMembership(other, ada),
    'user.createMembershipByExternalId': () => user.createMembershipByExternalId(other, 'ADA'),
    'user.updateMembershipByExternalId': () => user.updateMembershipByExternalId(other, 'ADA', { metadata: { desk: 'A8' } }),
    'user.deleteMembershipByExternalId': () => user.deleteMembershipByExternalId(other, 'ADA'),
    'user.deleteUser': () => user.deleteUser(leaver),
    'user.deleteUserByExternalId': () => user.deleteUserByExternalId('LATER'),
    'permission.createPermission': () => permission.createPermission(newPermission('docs:read')),
    'permission.getPermission': () => permission.getPermission('docs:read'),
    'permission.listPermissions': () => permission.listPermissions(),
    'permission.updatePermission': () => permission.updatePermission('docs:read', newPermission('docs:read')),
    'role.createRole': () => role.createRole(newRole('reader')),
    'role.getRole': () => role.getRole('reader'),
    'role.listRoles': () => role.listRoles(),
    'role.updateRole': () => role.updateRole('reader', renamed),
    'role.getRoleUsersCount': () => role.getRoleUsersCount('reader'),
    'role.listDependentRoles': async () => {
      await role.createRole(newRole('writer', 'reader'));
      return role.listDependentRoles('reader');
    },
    'role.updateDefaultRoles': () => role.updateDefaultRoles({ defaultMemberRole: 'member' }),
    'role.deleteRoleBase': () => role.deleteRoleBase('writer'),
    'permission.addPermissionsToRole': () => permission.addPermissionsToRole('reader', ['docs:read']),
    'permission.listRolePermissions': () => permission.listRolePermissions('reader'),
    'permission.listEffectiveRolePermissions': () => permission.listEffectiveRolePermissions('reader'),
    'permission.removePermissionFromRole': () => permission.removePermissionFromRole('reader', 'docs:read'),
    'permission.deletePermission': () => permission.deletePermission('docs:read'),
    'role.createOrganizationRole': () => role.createOrganizationRole(acme, newOrganizationRole('own', 'reader')),
    'role.getOrganizationRole': () => role.getOrganizationRole(acme, 'own'),
    'role.listOrganizationRoles': () => role.listOrganizationRoles(acme),
    'role.updateOrganizationRole': () => role.updateOrganizationRole(acme, 'own', renamed),
    'role.getOrganizationRoleUsersCount': () => role.getOrganizationRoleUsersCount(acme, 'own'),
    'role.updateDefaultOrganizationRoles': () => role.updateDefaultOrganizationRoles(acme, 'member'),
    'role.deleteOrganizationRoleBase': () => role.deleteOrganizationRoleBase(acme, 'own'),
    'role.deleteOrganizationRole': () => role.deleteOrganizationRole(acme, 'own'),
    'role.deleteRole': () => role.deleteRole('writer'),
    'm2m.createOrganizationClient': () => m2m.createOrganizationClient(acme, { name: 'Second' }),
    'm2m.getOrganizationClient': () => m2m.getOrganizationClient(acme, clientId),
    'm2m.updateOrganizationClient': () => m2m.updateOrganizationClient(acme, clientId, { description: 'Runs at night.' }),
    'm2m.listOrganizationClients': () => m2m.listOrganizationClients(acme),
    'm2m.removeOrganizationClientSecret': () => m2m.removeOrganizationClientSecret(acme, clientId, spare),
    'm2m.addOrganizationClientSecret': () => m2m.addOrganizationClientSecret(acme, clientId),
    'm2m.deleteOrganizationClient': () => m2m.deleteOrganizationClient(acme, clientId),
    'domain.createDomain': () => domain.createDomain(acme, 'acme.test'),
    'domain.getDomain': () => domain.getDomain(acme, domainId),
    'domain.listDomains': () => domain.listDomains(acme),
    'domain.deleteDomain': () => domain.deleteDomain(acme, domainId),
    'token.createToken': () => token.createToken(acme),
    'token.validateToken': () => token.validateToken(made),
    'token.listTokens': () => token.listTokens(acme),
    'token.updateToken': () => token.updateToken(made, { description: 'Weekly' }),
    'token.invalidateToken': () => token.invalidateToken(made),
    'session.getSession': () => session.getSession('ses_1'),
    'session.getUserSessions': () => session.getUserSessions(ada),
    'session.revokeSession': () => session.revokeSession('ses_1'),
    'session.revokeAllUserSessions': () => session.revokeAllUserSessions(ada),
    'organization.deleteOrganization': () => organization.deleteOrganization(other),
  });
});

/** The methods of a member of the client, as JavaScript sees them. */
function methodsOf(member: object): string[] {
  return Object.getOwnPropertyNames(Object.getPrototypeOf(member)).filter((name) => name !== 'constructor');
}

test('every member of the published client is offered, or named here as not offered', () => {
  const members = Object.keys(scalekitOf(server, server.client));
  expect(members.toSorted()).toEqual([...offered, ...notOffered, ...inner].toSorted());
});

test('every method of the offered members is called here, and no other', () => {
  const scalekit = scalekitOf(server, server.client);
  const published = offered.flatMap((member) => methodsOf(scalekit[member]).map((method) => `${member}.${method}`));
  expect([...calls.map(([name]) => name), ...withoutCall].toSorted()).toEqual(published.toSorted());
});

test('every method of the offered members does its work, but for the exceptions, which say why not', async () => {
  for (const [name, call] of calls) {
    const reason = exceptions.get(name);
    if (reason !== undefined) {
      expect([name, await refusal(call())]).toMatchObject([
        name,
        { code: 'Unimplemented', errorCode: 'NOT_OFFERED', message: expect.stringContaining(reason) },
      ]);
    } else if (withoutSession.includes(name)) {
      expect([name, await refusal(call())]).toMatchObject([name, { code: 'NotFound', errorCode: 'SESSION_NOT_FOUND' }]);
    } else {
      await expect(call(), name).resolves.toBeDefined();
    }
  }
});
