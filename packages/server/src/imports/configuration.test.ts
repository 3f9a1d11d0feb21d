import { beforeAll, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { errorsOf, imported } from './testing.ts';

const server = useTestServer();
beforeAll(() => server.startWork());
const request: typeof server.client.request = (...call) => server.client.request(...call);
const put = (file: Parameters<typeof imported>[2], query?: string) => imported(server, server.client, file, query);
const get = async (path: string) => Object((await request('GET', `/api/v1/${path}`)).body);

async function eventsBeyond(sequence: string): Promise<[string, string[]][]> {
  const { rows } = await server.database.pool.query('select type, changed from events where sequence > $1 order by sequence', [sequence]);
  return rows.map(({ type, changed }) => [type, Object.keys(changed).sort()]);
}
async function lastSequence(): Promise<string> {
  const { rows } = await server.database.pool.query('select coalesce(max(sequence), 0) as last from events');
  return rows[0].last;
}

test('permissions, default roles, settings and domains go in as rows say, each change as an event; the same again changes nothing', async () => {
  const before = await lastSequence();
  const rows = [
    { kind: 'permission', name: 'bill:pay', description: 'Pay.' },
    { kind: 'role', name: 'owner', display_name: 'Owner', permissions: ['bill:pay'], default_creator: true },
    {
      kind: 'organization',
      external_id: 'SET-1',
      display_name: 'Set',
      settings: {
        features: [{ name: 'sso', enabled: true }],
        user_management: { max_allowed_users: 1 },
        session_policy: { policy_source: 'CUSTOM', absolute_session_timeout: 1, absolute_session_timeout_unit: 'DAYS' },
      },
      default_member_role: 'owner',
      domains: [{ domain: 'Set.example' }, { domain: 'let.example', domain_type: 'ALLOWED_EMAIL_DOMAIN' }, { domain: 'set.example' }],
    },
    { kind: 'user', email: 'one@set.example' },
    { kind: 'user', email: 'two@set.example' },
    { kind: 'membership', organization: { external_id: 'SET-1' }, user: { email: 'one@set.example' } },
    { kind: 'membership', organization: { external_id: 'SET-1' }, user: { email: 'two@set.example' } },
  ];
  const done = await put(rows);
  expect(await errorsOf(server.client, done.id)).toEqual([[7, 'row', 'USER_LIMIT_REACHED']]);
  const { organization } = await get('organizations:external/SET-1');
  expect(organization).toMatchObject({
    version: 1,
    default_member_role: 'owner',
    settings: {
      features: [
        { name: 'sso', enabled: true },
        { name: 'dir_sync', enabled: false },
      ],
      user_management: { max_allowed_users: 1 },
      session_policy: { policy_source: 'CUSTOM', absolute_session_timeout: 1440 },
    },
  });
  const { domains } = await get(`organizations/${organization.id}/domains`);
  expect(domains.map(({ domain, verification_status: status }: Record<string, string>) => [domain, status])).toEqual([
    ['let.example', 'AUTO_VERIFIED'],
    ['set.example', 'PENDING'],
  ]);
  expect(await get('roles/owner')).toMatchObject({ role: { version: 1, default_creator: true } });
  expect(await get('roles/admin')).toMatchObject({ role: { version: 2, default_creator: false } });
  expect((await eventsBeyond(before)).map(([type]) => type)).toEqual([
    'permission.created',
    'user.created',
    'user.created',
    'role.created',
    'role.updated',
    'organization.created',
    'organization.domain_created',
    'organization.domain_created',
    'user.organization_membership_created',
  ]);
  const after = await lastSequence();
  const again = await put(rows.slice(0, 6));
  expect([again.rows_rejected, await eventsBeyond(after)]).toEqual([0, []]);
});

test('a row that names a part of the settings leaves the others; a role of an organization becomes its default', async () => {
  await put([{ kind: 'organization', external_id: 'SET-2', display_name: 'Two', settings: { user_management: { max_allowed_users: 9 } } }]);
  const before = await lastSequence();
  const done = await put([
    {
      kind: 'organization',
      external_id: 'SET-2',
      settings: { features: [{ name: 'dir_sync', enabled: true }] },
      domains: [{ domain: 'two.example' }],
    },
    { kind: 'role', name: 'two_only', organization: { external_id: 'SET-2' }, display_name: 'Only', default_member: true },
    { kind: 'organization', external_id: 'SET-2', domains: [{ domain: 'deux.example' }] },
  ]);
  expect(done.counts).toMatchObject({ organization: { updated: 2 }, role: { created: 1 } });
  expect((await get('organizations:external/SET-2')).organization).toMatchObject({
    version: 3,
    default_member_role: 'two_only',
    settings: { user_management: { max_allowed_users: 9 }, features: [{ enabled: false }, { name: 'dir_sync', enabled: true }] },
  });
  expect(await eventsBeyond(before)).toEqual([
    ['organization.updated', ['settings.features']],
    ['organization.domain_created', expect.anything()],
    ['role.created', expect.anything()],
    ['organization.updated', ['default_member_role']],
    ['organization.domain_created', expect.anything()],
  ]);
});

test('what cannot be is refused by the name of its field, and a domain that another owns is a conflict or left to it', async () => {
  await put([{ kind: 'organization', external_id: 'OWN-1', display_name: 'Own', domains: [{ domain: 'own.example' }] }]);
  const organization = { kind: 'organization', external_id: 'OWN-2', display_name: 'Other' };
  const rows = [
    { ...organization, domains: [{ domain: 'OWN.example' }] },
    { ...organization, domains: [{ domain: 'ok.example' }, { domain: '192.168.1.1' }] },
    { ...organization, default_member_role: 'nobody' },
    { ...organization, settings: { session_policy: { policy_source: 'CUSTOM', absolute_session_timeout: 3 } } },
    { ...organization, settings: { sso: true } },
    { kind: 'permission', name: 'not a name' },
    { kind: 'role', name: 'admin', organization: { external_id: 'OWN-1' }, default_creator: true },
    { kind: 'role', name: 'admin', default_member: false },
    { kind: 'role', name: 'grants', display_name: 'Grants', permissions: ['none:one', 'none:two'] },
  ];
  const { id, counts } = await put(rows);
  expect(await errorsOf(server.client, id)).toEqual([
    [1, 'domain', 'DOMAIN_TAKEN'],
    [2, 'domains.1.domain', 'INVALID_DOMAIN'],
    [3, 'default_member_role', 'UNKNOWN_ROLE'],
    [4, 'absolute_session_timeout', 'INVALID_ARGUMENT'],
    [5, 'settings.sso', 'UNKNOWN_FIELD'],
    [6, 'name', 'INVALID_ARGUMENT'],
    [7, 'name', 'ROLE_NAME_TAKEN'],
    [8, 'default_member', 'INVALID_ARGUMENT'],
    [9, 'permissions.0', 'UNKNOWN_PERMISSION'],
  ]);
  const { errors } = await get(`imports/${id}/errors`);
  expect(errors.at(-1).message).toBe('permissions.0: there is no permission none:one; create it first (and 1 more)');
  expect(counts.organization).toMatchObject({ conflicts: 1, invalid: 4 });
  expect((await put([rows[0] ?? {}], '?on_conflict=leave')).counts.organization.created).toBe(1);
  const { organization: made } = await get('organizations:external/OWN-2');
  expect((await get(`organizations/${made.id}/domains`)).domains).toEqual([]);
});

test('a CSV has settings, domains and defaults in columns', async () => {
  const csv =
    'kind,external_id,display_name,name,settings.user_management.max_allowed_users,domains:json,default_member\n' +
    'organization,CSV-SET,Csv,,12,"[{""domain"":""csv.example""}]",\n' +
    'role,,Standard,standard,,,true\n';
  const { rows_rejected: rejected } = await put(csv, '?format=csv');
  expect(rejected).toBe(0);
  const { organization } = await get('organizations:external/CSV-SET');
  expect(organization.settings.user_management).toEqual({ max_allowed_users: 12 });
  expect((await get(`organizations/${organization.id}/domains`)).domains).toHaveLength(1);
  expect((await get('roles/standard')).role.default_member).toBe(true);
});

test('an expired invitation stays one; it can be sent again, and nobody is sent anything by the row', async () => {
  const before = await lastSequence();
  await put(
    [
      { kind: 'organization', external_id: 'EXP-1', display_name: 'E' },
      { kind: 'user', external_id: 'EXP-U', email: 'late@exp.example' },
      { kind: 'membership', organization: { external_id: 'EXP-1' }, user: { external_id: 'EXP-U' }, membership_status: 'INVITE_EXPIRED' },
    ],
    '?send_invitations=true',
  );
  expect((await eventsBeyond(before)).map(([type]) => type)).not.toContain('user.organization_invitation');
  const [{ id: organizationId }, { id: userId }] = [
    (await get('organizations:external/EXP-1')).organization,
    (await get('users:external/EXP-U')).user,
  ];
  const sent = await request('PATCH', `/api/v1/invites/organizations/${organizationId}/users/${userId}/resend`, {});
  expect([sent.status, sent.text]).toEqual([200, expect.stringContaining('"state":"PENDING"')]);
  const { id } = await put([
    { kind: 'user', external_id: 'EXP-V', email: 'active@exp.example' },
    { kind: 'membership', organization: { external_id: 'EXP-1' }, user: { external_id: 'EXP-V' } },
    { kind: 'membership', organization: { external_id: 'EXP-1' }, user: { external_id: 'EXP-V' }, membership_status: 'INVITE_EXPIRED' },
  ]);
  expect(await errorsOf(server.client, id)).toEqual([[3, 'membership_status', 'INVALID_ARGUMENT']]);
});
