import type { ScalekitClient } from '@scalekit-sdk/node';
import { TimeUnit } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/commons/commons_pb.js';
import {
  OrganizationService,
  type OrganizationSessionPolicySettings,
  SessionPolicyType,
} from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/organizations/organizations_pb.js';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { messagesOf, refusal, scalekitOf, there } from './testing.ts';

const server = useTestServer();
let scalekit: ScalekitClient;
let organizations: ScalekitClient['organization'];
let id = '';
beforeAll(() => {
  scalekit = scalekitOf(server, server.client);
  organizations = scalekit.organization;
});
beforeEach(async () => {
  id = there((await organizations.createOrganization('Acme')).organization).id;
});
const messages = () => messagesOf(OrganizationService, server, server.client.token);

type Policy = Parameters<typeof organizations.updateOrganizationSessionPolicy>[1];

describe('features', () => {
  const features = async (...sent: { name: string; enabled: boolean }[]) => {
    const { organization } = await organizations.updateOrganizationSettings(id, { features: sent });
    return Object.fromEntries(there(there(organization).settings).features.map(({ name, enabled }) => [name, enabled]));
  };

  test('sso and dir_sync are always there, and are as they were sent, in either order; one that is not sent stays', async () => {
    const { organization } = await organizations.getOrganization(id);
    expect(organization?.settings?.features).toMatchObject([
      { name: 'sso', enabled: false },
      { name: 'dir_sync', enabled: false },
    ]);
    expect(await features({ name: 'sso', enabled: true }, { name: 'dir_sync', enabled: false })).toEqual({ sso: true, dir_sync: false });
    expect(await features({ name: 'dir_sync', enabled: true }, { name: 'sso', enabled: false })).toEqual({ sso: false, dir_sync: true });
    expect(await features({ name: 'sso', enabled: true })).toEqual({ sso: true, dir_sync: true });
    expect(await features()).toEqual({ sso: true, dir_sync: true });
  });

  test.each<[string, () => Promise<unknown>, string, string]>([
    ['another feature', () => features({ name: 'scim', enabled: true }), 'ScalekitBadRequestException', 'INVALID_ARGUMENT'],
    [
      'one named twice',
      () => features({ name: 'sso', enabled: true }, { name: 'sso', enabled: false }),
      'ScalekitBadRequestException',
      'INVALID_ARGUMENT',
    ],
    [
      'an organization that is not there',
      () => organizations.updateOrganizationSettings('org_1', { features: [] }),
      'ScalekitNotFoundException',
      'ORGANIZATION_NOT_FOUND',
    ],
    [
      'a text that is no ID',
      () => organizations.updateOrganizationSettings('acme', { features: [] }),
      'ScalekitBadRequestException',
      'INVALID_ID',
    ],
  ])('%s is refused', async (_name, call, exception, errorCode) => {
    expect(await refusal(call())).toMatchObject({ exception, errorCode });
  });
});

describe('user management', () => {
  const limit = async () => (await organizations.getOrganizationUserManagementSetting(id)).settings?.maxAllowedUsers;

  test('an organization without a limit has settings, and no limit in them', async () => {
    const { settings } = await organizations.getOrganizationUserManagementSetting(id);
    expect([typeof settings, there(settings).maxAllowedUsers]).toEqual(['object', undefined]);
  });

  test('a limit is answered and read back; 0 is one that is there, null unsets it', async () => {
    for (const maxAllowedUsers of [50, 25, 0]) {
      expect((await organizations.upsertUserManagementSettings(id, { maxAllowedUsers }))?.maxAllowedUsers).toBe(maxAllowedUsers);
      expect(await limit()).toBe(maxAllowedUsers);
    }
    expect(there(await organizations.upsertUserManagementSettings(id, { maxAllowedUsers: null })).maxAllowedUsers).toBeUndefined();
    expect(await limit()).toBeUndefined();
  });

  test('the limit holds: the user who would be one too many is a bad request', async () => {
    await organizations.upsertUserManagementSettings(id, { maxAllowedUsers: 1 });
    await scalekit.user.createUserAndMembership(id, { email: 'one@limit.example', sendInvitationEmail: true });
    expect(await refusal(scalekit.user.createUserAndMembership(id, { email: 'two@limit.example' }))).toMatchObject({
      exception: 'ScalekitBadRequestException',
      code: 'FailedPrecondition',
      errorCode: 'USER_LIMIT_REACHED',
    });
  });

  test.each<[string, () => Promise<unknown>, string, string]>([
    [
      'a limit below 0',
      () => organizations.upsertUserManagementSettings(id, { maxAllowedUsers: -1 }),
      'ScalekitBadRequestException',
      'INVALID_ARGUMENT',
    ],
    [
      'an organization that is not there, to be written',
      () => organizations.upsertUserManagementSettings('org_1', { maxAllowedUsers: 1 }),
      'ScalekitNotFoundException',
      'ORGANIZATION_NOT_FOUND',
    ],
    [
      'an organization that is not there, to be read',
      () => organizations.getOrganizationUserManagementSetting('org_1'),
      'ScalekitNotFoundException',
      'ORGANIZATION_NOT_FOUND',
    ],
    ['a text that is no ID', () => organizations.getOrganizationUserManagementSetting('acme'), 'ScalekitBadRequestException', 'INVALID_ID'],
    ['no settings', () => messages().upsertUserManagementSettings({ organizationId: id }), 'ConnectError', 'INVALID_ARGUMENT'],
  ])('%s is refused', async (_name, call, exception, errorCode) => {
    expect(await refusal(call())).toMatchObject({ exception, errorCode });
  });
});

describe('session policy', () => {
  /** What is there of a policy. */
  const shown = ({ $typeName: _, ...policy }: OrganizationSessionPolicySettings) =>
    Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined));
  const absolute = (minutes: number) => ({
    policySource: SessionPolicyType.CUSTOM,
    absoluteSessionTimeout: minutes,
    absoluteSessionTimeoutUnit: TimeUnit.MINUTES,
  });
  const idle = (minutes: number) => ({ idleSessionTimeout: minutes, idleSessionTimeoutUnit: TimeUnit.MINUTES });

  test('of a new organization it is that of the application, with nothing in it', async () => {
    expect(shown(await organizations.getOrganizationSessionPolicy(id))).toEqual({ policySource: SessionPolicyType.APPLICATION });
  });

  test.each<[string, Omit<Extract<Policy, { policySource: 'CUSTOM' }>, 'policySource'>, object]>([
    ['360 minutes', { absoluteSessionTimeout: 360, absoluteSessionTimeoutUnit: 'MINUTES' }, absolute(360)],
    ['8 hours', { absoluteSessionTimeout: 8, absoluteSessionTimeoutUnit: 'HOURS' }, absolute(480)],
    ['a day', { absoluteSessionTimeout: 1, absoluteSessionTimeoutUnit: 'DAYS' }, absolute(1440)],
    [
      '7 days and 1 day idle',
      {
        absoluteSessionTimeout: 7,
        absoluteSessionTimeoutUnit: 'DAYS',
        idleSessionTimeoutEnabled: true,
        idleSessionTimeout: 1,
        idleSessionTimeoutUnit: 'DAYS',
      },
      { ...absolute(10_080), idleSessionTimeoutEnabled: true, ...idle(1440) },
    ],
    [
      '360 minutes and 60 idle',
      {
        absoluteSessionTimeout: 360,
        absoluteSessionTimeoutUnit: 'MINUTES',
        idleSessionTimeoutEnabled: true,
        idleSessionTimeout: 60,
        idleSessionTimeoutUnit: 'MINUTES',
      },
      { ...absolute(360), idleSessionTimeoutEnabled: true, ...idle(60) },
    ],
    [
      '8 hours and idle switched off: false is there',
      { absoluteSessionTimeout: 8, absoluteSessionTimeoutUnit: 'HOURS', idleSessionTimeoutEnabled: false },
      { ...absolute(480), idleSessionTimeoutEnabled: false },
    ],
    [
      'idle switched off beside a timeout of 0: both are there',
      { absoluteSessionTimeout: 8, absoluteSessionTimeoutUnit: 'HOURS', idleSessionTimeoutEnabled: false, idleSessionTimeout: 0 },
      { ...absolute(480), idleSessionTimeoutEnabled: false, ...idle(0) },
    ],
    [
      'a unit of an idle timeout that is not sent',
      { absoluteSessionTimeout: 8, absoluteSessionTimeoutUnit: 'HOURS', idleSessionTimeoutUnit: 'MINUTES' },
      absolute(480),
    ],
  ])('%s is answered and read back in minutes, with what was sent and nothing more', async (_name, policy, expected) => {
    expect(shown(await organizations.updateOrganizationSessionPolicy(id, { policySource: 'CUSTOM', ...policy }))).toEqual(expected);
    expect(shown(await organizations.getOrganizationSessionPolicy(id))).toEqual(expected);
  });

  test('a policy takes the place of the one before, whatever is in them, and that of the application ends it', async () => {
    const long: Policy = {
      policySource: 'CUSTOM',
      absoluteSessionTimeout: 7,
      absoluteSessionTimeoutUnit: 'DAYS',
      idleSessionTimeoutEnabled: true,
      idleSessionTimeout: 1,
      idleSessionTimeoutUnit: 'DAYS',
    };
    const short: Policy = { policySource: 'CUSTOM', absoluteSessionTimeout: 8, absoluteSessionTimeoutUnit: 'HOURS' };
    await organizations.updateOrganizationSessionPolicy(id, long);
    expect(shown(await organizations.updateOrganizationSessionPolicy(id, short))).toEqual(absolute(480));
    const ended = await organizations.updateOrganizationSessionPolicy(id, { policySource: 'APPLICATION' });
    expect(shown(ended)).toEqual({ policySource: SessionPolicyType.APPLICATION });
    expect(shown(await organizations.getOrganizationSessionPolicy(id))).toEqual({ policySource: SessionPolicyType.APPLICATION });
  });

  test('timeouts that have no sense are bad requests that name the field', async () => {
    const set = (absoluteSessionTimeout: number, absoluteSessionTimeoutUnit: 'MINUTES' | 'DAYS', idleSessionTimeout?: number) =>
      organizations.updateOrganizationSessionPolicy(id, {
        policySource: 'CUSTOM',
        absoluteSessionTimeout,
        absoluteSessionTimeoutUnit,
        ...(idleSessionTimeout === undefined ? {} : { idleSessionTimeoutEnabled: true, idleSessionTimeout }),
      });
    const refused = { exception: 'ScalekitBadRequestException', errorCode: 'INVALID_ARGUMENT' };
    expect(await refusal(set(366, 'DAYS'))).toMatchObject({ ...refused, fields: ['absolute_session_timeout'] });
    expect(await refusal(set(-1, 'MINUTES'))).toMatchObject({ ...refused, fields: ['absolute_session_timeout'] });
    expect(await refusal(set(60, 'MINUTES', 60))).toMatchObject({ ...refused, fields: ['idle_session_timeout'] });
    expect(shown(await organizations.getOrganizationSessionPolicy(id))).toEqual({ policySource: SessionPolicyType.APPLICATION });
  });

  test.each<[string, object, string]>([
    ['no source', {}, 'policy_source'],
    ['a source that there is not', { policySource: 7 }, 'policy_source'],
    [
      'a unit that there is not',
      { policySource: SessionPolicyType.CUSTOM, absoluteSessionTimeout: 60, absoluteSessionTimeoutUnit: 9 },
      'absolute_session_timeout_unit',
    ],
    [
      'a unit that there is not, of no timeout',
      { policySource: SessionPolicyType.APPLICATION, idleSessionTimeoutUnit: 9 },
      'idle_session_timeout_unit',
    ],
  ])('%s is refused', async (_name, policy, field) => {
    const call = messages().updateOrganizationSessionPolicy({ organizationId: id, ...policy });
    expect(await refusal(call)).toMatchObject({ code: 'InvalidArgument', errorCode: 'INVALID_ARGUMENT', fields: [field] });
  });

  test('an organization that is not there has none', async () => {
    const notFound = { exception: 'ScalekitNotFoundException', errorCode: 'ORGANIZATION_NOT_FOUND' };
    expect(await refusal(organizations.getOrganizationSessionPolicy('org_1'))).toMatchObject(notFound);
    expect(await refusal(organizations.updateOrganizationSessionPolicy('org_1', { policySource: 'APPLICATION' }))).toMatchObject(notFound);
    expect(await refusal(organizations.getOrganizationSessionPolicy('acme'))).toMatchObject({ errorCode: 'INVALID_ID' });
  });

  test('that of the application can be read through any organization', async () => {
    const { applicationPolicy } = await messages().getApplicationSessionPolicy({ organizationId: id });
    expect(applicationPolicy).toMatchObject({
      absoluteSessionTimeout: 43_200,
      absoluteSessionTimeoutUnit: TimeUnit.MINUTES,
      idleSessionTimeoutEnabled: false,
      idleSessionTimeout: 10_080,
      idleSessionTimeoutUnit: TimeUnit.MINUTES,
      accessTokenExpiry: 5,
    });
    expect(await refusal(messages().getApplicationSessionPolicy({ organizationId: 'org_1' }))).toMatchObject({ code: 'NotFound' });
  });
});
