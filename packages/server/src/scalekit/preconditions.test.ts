import { OrganizationService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/organizations/organizations_pb.js';
import { UserService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/users/users_pb.js';
import { beforeEach, describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { publishedMethods } from './catalogue.ts';
import { messagesOf, refusal, untyped } from './testing.ts';

/** If-Match and If-None-Match as metadata of a call: what holds over REST holds here. */
const server = useTestServer();
const organizations = () => messagesOf(OrganizationService, server, server.client.token);
const users = () => messagesOf(UserService, server, server.client.token);
const under = (ifMatch: string) => ({ headers: { 'if-match': ifMatch } });

const ids = { organization: '', user: '' };
const etags = { organization: '', user: '', membership: '' };
beforeEach(async () => {
  const { organization } = await organizations().createOrganization({ organization: { displayName: 'Held' } });
  ids.organization = organization?.id ?? '';
  const made = await server.client.request('POST', `/api/v1/organizations/${ids.organization}/users`, {
    email: `${ids.organization}@example.com`,
    send_invitation_email: false,
  });
  ids.user = Object(made.body).user.id;
  const { id, version } = Object(made.body).membership;
  etags.membership = `"${version}-${id.slice('mem_'.length)}"`;
  etags.organization = await etagOf(`/organizations/${ids.organization}`);
  etags.user = await etagOf(`/users/${ids.user}`);
});
const etagOf = async (path: string) => String((await server.client.request('GET', `/api/v1${path}`)).headers.get('etag'));

const identities = () => ({ case: 'id' as const, value: ids.user });
const member = () => ({ organizationId: ids.organization, identities: identities() });
const changes: [string, keyof typeof etags, (ifMatch: string) => Promise<unknown>][] = [
  [
    'an update of an organization',
    'organization',
    (tag) =>
      organizations().updateOrganization(
        { identities: { case: 'id', value: ids.organization }, organization: { displayName: 'Changed' } },
        under(tag),
      ),
  ],
  [
    'a deletion of an organization',
    'organization',
    (tag) => organizations().deleteOrganization({ identities: { case: 'id', value: ids.organization } }, under(tag)),
  ],
  [
    'settings of an organization',
    'organization',
    (tag) =>
      organizations().upsertUserManagementSettings({ organizationId: ids.organization, settings: { maxAllowedUsers: 9 } }, under(tag)),
  ],
  [
    'an update of a user',
    'user',
    (tag) => users().updateUser({ identities: identities(), user: { userProfile: { givenName: 'Changed' } } }, under(tag)),
  ],
  ['a deletion of a user', 'user', (tag) => users().deleteUser({ identities: identities() }, under(tag))],
  [
    'an update of a membership',
    'membership',
    (tag) => users().updateMembership({ ...member(), membership: { metadata: { team: 'changed' } } }, under(tag)),
  ],
  ['a deletion of a membership', 'membership', (tag) => users().deleteMembership({ ...member(), cascade: true }, under(tag))],
  [
    'an assignment of roles',
    'membership',
    (tag) => users().assignUserRoles({ organizationId: ids.organization, userId: ids.user, roles: [{ roleName: 'admin' }] }, under(tag)),
  ],
];

describe('a change is held to the version and the record of its if-match', () => {
  test.each(changes)('%s', async (_name, record, change) => {
    const stale = etags[record].replace(/^"[0-9]+/, '"99');
    const another = etags[record].replace(/-[0-9]+/, '-1');
    for (const tag of [stale, another]) {
      expect(await refusal(change(tag)), tag).toMatchObject({ code: 'Aborted', errorCode: 'VERSION_MISMATCH' });
    }
    expect(await refusal(change('seven'))).toMatchObject({
      code: 'InvalidArgument',
      errorCode: 'INVALID_PRECONDITION',
      fields: ['If-Match'],
    });
    await change(etags[record]);
  });
});

test('the same call under another if-match is another request for an idempotency key', async () => {
  const change = (tag: string) =>
    organizations().updateOrganization(
      { identities: { case: 'id', value: ids.organization }, organization: { displayName: 'Once' } },
      { headers: { 'if-match': tag, 'idempotency-key': 'conditional' } },
    );
  await change(etags.organization);
  await change(etags.organization);
  expect(await refusal(change('*'))).toMatchObject({ errorCode: 'IDEMPOTENCY_KEY_REUSED' });
});

test('a change of no record with a version refuses if-match and if-none-match', async () => {
  const refused = new Set<string>();
  for (const { path, service, method } of publishedMethods.values()) {
    if (server.scalekit.methods.get(path)?.scope !== 'write') continue;
    for (const header of ['if-match', 'if-none-match']) {
      const messages = untyped(messagesOf(service, server, server.client.token));
      const error = await refusal(messages[method.localName]({}, { headers: { [header]: '"1"' } }));
      if (error.errorCode === 'INVALID_PRECONDITION') refused.add(method.name);
    }
  }
  expect([...refused]).toEqual([
    'CreateOrganization',
    'CreateMembership',
    'CreateUserAndMembership',
    'CreateRole',
    'CreateOrganizationRole',
    'UpdateDefaultRoles',
    'UpdateDefaultOrganizationRoles',
    'CreatePermission',
    'CreateOrganizationClient',
    'CreateDomain',
    'CreateToken',
    'RevokeSession',
    'RevokeAllUserSessions',
  ]);
});
