import { Code, ConnectError } from '@connectrpc/connect';
import { errorCatalogue } from '@crosswalk/contract';
import { ClientService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/clients/clients_pb.js';
import { ErrorInfoSchema } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/errdetails/errdetails_pb.js';
import { OrganizationService, SessionPolicyType } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/organizations/organizations_pb.js';
import { RolesService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/roles/roles_pb.js';
import { ApiTokenService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/tokens/tokens_pb.js';
import { UserService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/users/users_pb.js';
import { beforeAll, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { messagesOf } from './testing.ts';

/** The same wrong operation over REST and by message: one error, told in the same words (G8). */
const server = useTestServer();
const on = {
  organizations: () => messagesOf(OrganizationService, server, server.client.token),
  users: () => messagesOf(UserService, server, server.client.token),
  roles: () => messagesOf(RolesService, server, server.client.token),
  clients: () => messagesOf(ClientService, server, server.client.token),
  tokens: () => messagesOf(ApiTokenService, server, server.client.token),
};

/** The records that the operations fail on. */
const ids = { organization: '', user: '', outsider: '', client: '', secret: '' };
beforeAll(async () => {
  const make = async (path: string, body: object) => Object((await server.client.request('POST', `/api/v1/${path}`, body)).body);
  ids.organization = (await make('organizations', { display_name: 'Held', external_id: 'HELD', slug: 'held' })).organization.id;
  const person = { email: 'held@example.com', external_id: 'E-HELD', send_invitation_email: false };
  ids.user = (await make(`organizations/${ids.organization}/users`, person)).user.id;
  ids.outsider = (await make('users', { email: 'outsider@example.com' })).user.id;
  await make('permissions', { name: 'held:read' });
  for (const name of ['held', 'extended']) await make('roles', { name, display_name: name });
  await make('roles', { name: 'extending', display_name: 'X', extends: 'extended' });
  await make(`organizations/${ids.organization}/users/${ids.user}/roles`, [{ role_name: 'held' }]);
  const { client } = await make(`organizations/${ids.organization}/clients`, { name: 'Held' });
  [ids.client, ids.secret] = [client.client_id, client.secrets[0].id];
});

interface Row {
  name: string;
  /** method, path below /api/v1, body */
  rest: () => [string, string, unknown?];
  message: () => Promise<unknown>;
  code: keyof typeof errorCatalogue;
}

const byId = (value: string) => ({ identities: { case: 'id' as const, value } });
const byExternalId = (value: string) => ({ identities: { case: 'externalId' as const, value } });
const organization = (name: string, code: Row['code'], body: { display_name: string; [field: string]: unknown }, fields: object): Row => ({
  name,
  rest: () => ['POST', '/organizations', body],
  message: () => on.organizations().createOrganization({ organization: { displayName: body.display_name, ...fields } }),
  code,
});
const member = (name: string, code: Row['code'], body: { email: string; [field: string]: unknown }, fields: object): Row => ({
  name,
  rest: () => ['POST', `/organizations/${ids.organization}/users`, body],
  message: () => on.users().createUserAndMembership({ organizationId: ids.organization, user: { email: body.email, ...fields } }),
  code,
});

const rows: Row[] = [
  organization('an organization without a name', 'INVALID_ARGUMENT', { display_name: '' }, {}),
  organization('a name with a line break', 'INVALID_ARGUMENT', { display_name: 'a\nb' }, {}),
  organization('an empty external ID', 'INVALID_ARGUMENT', { display_name: 'X', external_id: '' }, { externalId: '' }),
  organization(
    'an external ID with a space at its end',
    'INVALID_EXTERNAL_ID',
    { display_name: 'X', external_id: 'a ' },
    { externalId: 'a ' },
  ),
  organization(
    'an external ID that is not NFC',
    'INVALID_EXTERNAL_ID',
    { display_name: 'X', external_id: 'e\u0301' },
    { externalId: 'e\u0301' },
  ),
  organization('an external ID that another has', 'EXTERNAL_ID_TAKEN', { display_name: 'X', external_id: 'HELD' }, { externalId: 'HELD' }),
  organization('a slug that another has', 'SLUG_TAKEN', { display_name: 'X', slug: 'held' }, { slug: 'held' }),
  organization('a slug that is none', 'INVALID_ARGUMENT', { display_name: 'X', slug: 'No Slug' }, { slug: 'No Slug' }),
  organization('a logo without https', 'INVALID_ARGUMENT', { display_name: 'X', logo_url: 'http://x' }, { logoUrl: 'http://x' }),
  organization('a reserved key of metadata', 'INVALID_METADATA', { display_name: 'X', metadata: { _a: 'b' } }, { metadata: { _a: 'b' } }),
  {
    name: 'an organization by an ID that nobody has',
    rest: () => ['GET', '/organizations/org_1'],
    message: () => on.organizations().getOrganization(byId('org_1')),
    code: 'ORGANIZATION_NOT_FOUND',
  },
  {
    name: 'an organization by the ID of a user',
    rest: () => ['GET', `/organizations/${ids.user}`],
    message: () => on.organizations().getOrganization(byId(ids.user)),
    code: 'INVALID_ID',
  },
  {
    name: 'an organization by an external ID that nobody has',
    rest: () => ['GET', '/organizations:external/never'],
    message: () => on.organizations().getOrganization(byExternalId('never')),
    code: 'ORGANIZATION_NOT_FOUND',
  },
  {
    name: 'an organization by an external ID that nobody can have',
    rest: () => ['GET', '/organizations:external/a%00'],
    message: () => on.organizations().getOrganization(byExternalId('a\0')),
    code: 'INVALID_EXTERNAL_ID',
  },
  {
    name: 'a list by an external ID that nobody can have',
    rest: () => ['GET', '/organizations?external_id=a%00'],
    message: () => on.organizations().listOrganization({ externalId: 'a\0' }),
    code: 'INVALID_EXTERNAL_ID',
  },
  {
    name: 'a page that is too large',
    rest: () => ['GET', '/organizations?page_size=101'],
    message: () => on.organizations().listOrganization({ pageSize: 101 }),
    code: 'INVALID_ARGUMENT',
  },
  {
    name: 'a page token that is none',
    rest: () => ['GET', '/users?page_token=AAAA'],
    message: () => on.users().listUsers({ pageToken: 'AAAA' }),
    code: 'INVALID_PAGE_TOKEN',
  },
  {
    name: 'a search that is too short',
    rest: () => ['GET', '/organizations:search?query=ab'],
    message: () => on.organizations().searchOrganization({ query: 'ab' }),
    code: 'INVALID_ARGUMENT',
  },
  {
    name: 'a search with NUL',
    rest: () => ['GET', '/users:search?query=abc%00'],
    message: () => on.users().searchUsers({ query: 'abc\0' }),
    code: 'INVALID_ARGUMENT',
  },
  {
    name: 'a feature that there is not',
    rest: () => ['PATCH', `/organizations/${ids.organization}/settings`, { features: [{ name: 'scim', enabled: true }] }],
    message: () =>
      on.organizations().updateOrganizationSettings({ id: ids.organization, settings: { features: [{ name: 'scim', enabled: true }] } }),
    code: 'INVALID_ARGUMENT',
  },
  {
    name: 'a user limit below 0',
    rest: () => ['PATCH', `/organizations/${ids.organization}/settings/usermanagement`, { settings: { max_allowed_users: -1 } }],
    message: () => on.organizations().upsertUserManagementSettings({ organizationId: ids.organization, settings: { maxAllowedUsers: -1 } }),
    code: 'INVALID_ARGUMENT',
  },
  {
    name: 'a session that may be idle for longer than it lasts',
    rest: () => [
      'PATCH',
      `/organizations/${ids.organization}/session-policy`,
      { policy_source: 'CUSTOM', absolute_session_timeout: 60, idle_session_timeout_enabled: true, idle_session_timeout: 90 },
    ],
    message: () =>
      on.organizations().updateOrganizationSessionPolicy({
        organizationId: ids.organization,
        policySource: SessionPolicyType.CUSTOM,
        absoluteSessionTimeout: 60,
        idleSessionTimeoutEnabled: true,
        idleSessionTimeout: 90,
      }),
    code: 'INVALID_ARGUMENT',
  },
  member('an address that is none', 'INVALID_EMAIL', { email: 'nobody' }, {}),
  member('an address that another has', 'EMAIL_TAKEN', { email: 'Held@Example.com' }, {}),
  member(
    'a role that there is not',
    'UNKNOWN_ROLE',
    { email: 'new@example.com', membership: { roles: [{ name: 'no_such' }] } },
    { membership: { roles: [{ name: 'no_such' }] } },
  ),
  member(
    'a profile with two given names',
    'INVALID_ARGUMENT',
    { email: 'new@example.com', user_profile: { given_name: 'A', first_name: 'B' } },
    { userProfile: { givenName: 'A', firstName: 'B' } },
  ),
  {
    name: 'a user by an external ID that nobody has',
    rest: () => ['DELETE', '/users:external/never'],
    message: () => on.users().deleteUser(byExternalId('never')),
    code: 'USER_NOT_FOUND',
  },
  {
    name: 'a second membership',
    rest: () => ['POST', `/memberships/organizations/${ids.organization}/users/${ids.user}`, {}],
    message: () => on.users().createMembership({ organizationId: ids.organization, ...byId(ids.user), membership: {} }),
    code: 'MEMBERSHIP_EXISTS',
  },
  {
    name: 'a membership that there is not',
    rest: () => ['DELETE', `/memberships/organizations/${ids.organization}/users/${ids.outsider}`],
    message: () => on.users().deleteMembership({ organizationId: ids.organization, ...byId(ids.outsider) }),
    code: 'MEMBERSHIP_NOT_FOUND',
  },
  {
    name: 'an invitation that there never was',
    rest: () => ['PATCH', `/invites/organizations/${ids.organization}/users/${ids.user}/resend`, {}],
    message: () => on.users().resendInvite({ organizationId: ids.organization, id: ids.user }),
    code: 'INVITATION_NOT_FOUND',
  },
  {
    name: 'a role that the user does not have',
    rest: () => ['DELETE', `/organizations/${ids.organization}/users/${ids.user}/roles/admin`],
    message: () => on.users().removeUserRole({ organizationId: ids.organization, userId: ids.user, roleName: 'admin' }),
    code: 'ROLE_NOT_FOUND',
  },
  {
    name: 'a role by a name with a dot',
    rest: () => ['POST', '/roles', { name: 'a.b', display_name: 'X' }],
    message: () => on.roles().createRole({ role: { name: 'a.b', displayName: 'X' } }),
    code: 'INVALID_ARGUMENT',
  },
  {
    name: 'a role by a name that another has',
    rest: () => ['POST', '/roles', { name: 'member', display_name: 'X' }],
    message: () => on.roles().createRole({ role: { name: 'member', displayName: 'X' } }),
    code: 'ROLE_NAME_TAKEN',
  },
  {
    name: 'a role that there is not',
    rest: () => ['PUT', '/roles/no_such', { display_name: 'X' }],
    message: () => on.roles().updateRole({ roleName: 'no_such', role: { displayName: 'X' } }),
    code: 'ROLE_NOT_FOUND',
  },
  {
    name: 'a role that someone has',
    rest: () => ['DELETE', '/roles/held'],
    message: () => on.roles().deleteRole({ roleName: 'held' }),
    code: 'ROLE_HAS_USERS',
  },
  {
    name: 'a role that another extends',
    rest: () => ['DELETE', '/roles/extended'],
    message: () => on.roles().deleteRole({ roleName: 'extended' }),
    code: 'ROLE_HAS_DEPENDENTS',
  },
  {
    name: 'a role that is a default',
    rest: () => ['DELETE', '/roles/member'],
    message: () => on.roles().deleteRole({ roleName: 'member' }),
    code: 'ROLE_IS_DEFAULT',
  },
  {
    name: 'a role to be replaced by what is no name',
    rest: () => ['DELETE', '/roles/held?reassign_role_name=a%00'],
    message: () => on.roles().deleteRole({ roleName: 'held', reassignRoleName: 'a\0' }),
    code: 'INVALID_ARGUMENT',
  },
  {
    name: 'a permission by a name that another has',
    rest: () => ['POST', '/permissions', { name: 'held:read' }],
    message: () => on.roles().createPermission({ permission: { name: 'held:read' } }),
    code: 'PERMISSION_NAME_TAKEN',
  },
  {
    name: 'a permission that there is not, for a role',
    rest: () => ['POST', '/roles/held/permissions', { permission_names: ['held:read', 'no:such'] }],
    message: () => on.roles().addPermissionsToRole({ roleName: 'held', permissionNames: ['held:read', 'no:such'] }),
    code: 'UNKNOWN_PERMISSION',
  },
  {
    name: 'a scope with a space',
    rest: () => ['POST', `/organizations/${ids.organization}/clients`, { scopes: ['a b'] }],
    message: () => on.clients().createOrganizationClient({ organizationId: ids.organization, client: { scopes: ['a b'] } }),
    code: 'INVALID_ARGUMENT',
  },
  {
    name: 'the last secret of a client',
    rest: () => ['DELETE', `/organizations/${ids.organization}/clients/${ids.client}/secrets/${ids.secret}`],
    message: () =>
      on.clients().deleteOrganizationClientSecret({ organizationId: ids.organization, clientId: ids.client, secretId: ids.secret }),
    code: 'LAST_CLIENT_SECRET',
  },
  {
    name: 'an API token with an empty claim',
    rest: () => ['POST', '/tokens', { organization_id: ids.organization, custom_claims: { team: '' } }],
    message: () => on.tokens().createToken({ token: { organizationId: ids.organization, customClaims: { team: '' } } }),
    code: 'INVALID_ARGUMENT',
  },
  {
    name: 'an API token of who is no member',
    rest: () => ['POST', '/tokens', { organization_id: ids.organization, user_id: ids.outsider }],
    message: () => on.tokens().createToken({ token: { organizationId: ids.organization, userId: ids.outsider } }),
    code: 'MEMBERSHIP_NOT_FOUND',
  },
  {
    name: 'an API token that there is not',
    rest: () => ['POST', '/tokens:validate', { token: 'nothing' }],
    message: () => on.tokens().validateToken({ token: 'nothing' }),
    code: 'API_TOKEN_NOT_FOUND',
  },
];

test.each(rows.map((row): [string, Row] => [row.name, row]))('%s', async (_name, { rest, message, code }) => {
  const [method, path, body] = rest();
  const answer = await server.client.request(method, `/api/v1${path}`, body);
  const { status, grpc } = errorCatalogue[code];
  const { message: text, details } = Object(answer.body);
  const [{ error_code: errorCode, validation_error_info: violated, resource_info: resource = {}, help }] = details;
  expect([answer.status, errorCode]).toEqual([status, code]);
  const error: unknown = await message().catch((thrown: unknown) => thrown);
  if (!(error instanceof ConnectError)) throw new Error('the message was not refused', { cause: error });
  const [info] = error.findDetails(ErrorInfoSchema);
  expect([Code[error.code], info?.errorCode, error.rawMessage]).toEqual([Code[grpc], code, text]);
  const violations = info?.validationErrorInfo?.fieldViolations.map(({ field, description, constraint }) => ({
    field,
    description,
    constraint,
  }));
  expect(violations).toEqual(violated?.field_violations);
  expect(info?.resourceInfo?.resourceName ?? '').toBe(resource.id ?? '');
  expect(JSON.parse(info?.resourceInfo?.description ?? '{}')).toEqual(resource);
  expect(info?.helpInfo?.links[0]?.description).toBe(help);
});
