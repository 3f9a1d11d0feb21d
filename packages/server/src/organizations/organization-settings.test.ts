import type { SessionPolicy, UpdateSessionPolicy } from '@crosswalk/contract';
import { describe, expect, test } from 'vitest';
import { tagOf, useTestServer } from '../testing.ts';
import { patchSessionPolicy } from './organization-settings.ts';

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);
const organizations = '/api/v1/organizations';
const unset = [
  { name: 'sso', enabled: false },
  { name: 'dir_sync', enabled: false },
];

async function newOrganization(fields: object = {}): Promise<string> {
  const { body } = await request('POST', organizations, { display_name: 'Acme', ...fields });
  return `${organizations}/${Object(body).organization.id}`;
}

async function lastEvent(url: string): Promise<Record<string, unknown>> {
  const { rows } = await server.database.pool.query('select * from events where record_id = $1 order by sequence desc limit 1', [
    url.replace(/^.*org_/, ''),
  ]);
  return rows[0];
}

describe('features', () => {
  test('both are off at first and always shown; a request changes those it names, and is one version and one event', async () => {
    const url = await newOrganization();
    expect((await request('GET', url)).body).toMatchObject({ organization: { settings: { features: unset } } });
    const { status, headers, body } = await request('PATCH', `${url}/settings`, { features: [{ name: 'dir_sync', enabled: true }] });
    const features = [unset[0], { name: 'dir_sync', enabled: true }];
    expect([status, headers.get('etag'), body]).toMatchObject([200, tagOf(2), { organization: { version: 2, settings: { features } } }]);
    expect(await lastEvent(url)).toMatchObject({
      type: 'organization.updated',
      record_version: '2',
      changed: { 'settings.features': [unset, features] },
      data: { settings: { features } },
    });
    const both = await request('PATCH', `${url}/settings`, {
      features: [
        { name: 'dir_sync', enabled: false },
        { name: 'sso', enabled: true },
      ],
    });
    expect(Object(both.body).organization.settings.features).toEqual([{ name: 'sso', enabled: true }, unset[1]]);
  });

  test('what changes nothing is no version and no event', async () => {
    const url = await newOrganization();
    for (const body of [{}, { features: [] }, { features: unset }]) {
      expect((await request('PATCH', `${url}/settings`, body)).headers.get('etag')).toEqual(tagOf(1));
    }
    expect(await lastEvent(url)).toMatchObject({ type: 'organization.created', record_version: '1' });
  });

  test.each([
    [{ features: [{ name: 'scim', enabled: true }] }, 'features.0.name', '"sso", "dir_sync"'],
    [{ features: [{ name: 'sso' }] }, 'features.0.enabled', 'is required'],
    [{ features: [{ name: 'sso', enabled: 'yes' }] }, 'features.0.enabled', 'boolean'],
    [{ features: [unset[0], { name: 'sso', enabled: true }] }, 'features', 'names sso twice'],
    [{ features: [...unset, ...unset] }, 'features', 'at most 2'],
    [{ sso: true }, 'sso', 'no such field'],
  ])('400: %j', async (body, field, says) => {
    const answer = await request('PATCH', `${await newOrganization()}/settings`, body);
    expect([answer.status, Object(answer.body).message]).toEqual([400, expect.stringContaining(`${field}: `)]);
    expect(Object(answer.body).message).toContain(says);
  });
});

describe('user management', () => {
  test('empty at first; 0 is not the same as unset; null unsets; each change is a version and an event', async () => {
    const url = await newOrganization();
    const settings = `${url}/settings/usermanagement`;
    const fresh = await request('GET', settings);
    expect([fresh.status, fresh.headers.get('etag'), fresh.body]).toEqual([200, tagOf(1), { settings: {} }]);
    const set = (limit: number | null) => request('PATCH', settings, { settings: { max_allowed_users: limit } });
    expect((await set(50)).body).toEqual({ settings: { max_allowed_users: 50 } });
    expect(await lastEvent(url)).toMatchObject({ changed: { 'settings.user_management.max_allowed_users': [null, 50] } });
    expect((await set(0)).body).toEqual({ settings: { max_allowed_users: 0 } });
    expect((await request('GET', settings)).body).toEqual({ settings: { max_allowed_users: 0 } });
    expect((await request('PATCH', settings, { settings: {} })).body).toEqual({ settings: { max_allowed_users: 0 } });
    expect((await set(null)).body).toEqual({ settings: {} });
    expect(await lastEvent(url)).toMatchObject({
      record_version: '4',
      changed: { 'settings.user_management.max_allowed_users': [0, null] },
    });
    expect((await request('GET', url)).body).toMatchObject({ organization: { version: 4, settings: { user_management: {} } } });
  });

  test.each([[-1], [1.5], ['10'], [2_147_483_648], [true]])('400: a limit of %j names the field', async (limit) => {
    const answer = await request('PATCH', `${await newOrganization()}/settings/usermanagement`, {
      settings: { max_allowed_users: limit },
    });
    expect([answer.status, Object(answer.body).message]).toEqual([400, expect.stringContaining('settings.max_allowed_users: ')]);
  });

  test('400: the settings are required; 2147483647 is the largest limit', async () => {
    const settings = `${await newOrganization()}/settings/usermanagement`;
    expect((await request('PATCH', settings, {})).body).toMatchObject({ message: 'settings: is required' });
    expect((await request('PATCH', settings, { settings: { max_allowed_users: 2_147_483_647 } })).status).toBe(200);
  });
});

describe('session policy', () => {
  test('APPLICATION at first; CUSTOM in any unit is answered in minutes; APPLICATION again ends it', async () => {
    const url = `${await newOrganization()}/session-policy`;
    expect((await request('GET', url)).body).toEqual({ policy: { policy_source: 'APPLICATION' } });
    const custom = await request('PATCH', url, {
      policy_source: 'CUSTOM',
      absolute_session_timeout: 7,
      absolute_session_timeout_unit: 'DAYS',
      idle_session_timeout_enabled: true,
      idle_session_timeout: 24,
      idle_session_timeout_unit: 'HOURS',
    });
    const policy = {
      policy_source: 'CUSTOM',
      absolute_session_timeout: 10_080,
      absolute_session_timeout_unit: 'MINUTES',
      idle_session_timeout_enabled: true,
      idle_session_timeout: 1_440,
      idle_session_timeout_unit: 'MINUTES',
    };
    expect([custom.status, custom.headers.get('etag'), custom.body]).toEqual([200, tagOf(2), { policy }]);
    expect((await request('GET', url)).body).toEqual({ policy });
    expect((await request('PATCH', url, { idle_session_timeout_enabled: false })).body).toEqual({
      policy: { ...policy, idle_session_timeout_enabled: false },
    });
    // What a client sends that reads the policy and changes the source alone.
    const back = await request('PATCH', url, { ...policy, policy_source: 'APPLICATION' });
    expect(back.body).toEqual({ policy: { policy_source: 'APPLICATION' } });
    expect((await request('GET', url)).body).toEqual(back.body);
  });

  test('each change is a version and an event with old and new', async () => {
    const url = await newOrganization();
    await request('PATCH', `${url}/session-policy`, { policy_source: 'CUSTOM', absolute_session_timeout: 360 });
    expect(await lastEvent(url)).toMatchObject({
      type: 'organization.updated',
      record_version: '2',
      changed: {
        'settings.session_policy.policy_source': ['APPLICATION', 'CUSTOM'],
        'settings.session_policy.absolute_session_timeout': [null, 360],
      },
    });
  });

  test('the policy of the application is read through any organization of the environment, and 404 without one', async () => {
    const { body } = await request('GET', `${await newOrganization()}/application-session-policy`);
    expect(body).toEqual({
      application_policy: {
        absolute_session_timeout: 43_200,
        absolute_session_timeout_unit: 'MINUTES',
        idle_session_timeout_enabled: false,
        idle_session_timeout: 10_080,
        idle_session_timeout_unit: 'MINUTES',
        access_token_expiry: 5,
      },
    });
    expect((await request('GET', `${organizations}/org_1/application-session-policy`)).body).toMatchObject({
      details: [{ error_code: 'ORGANIZATION_NOT_FOUND' }],
    });
  });

  const application: SessionPolicy = { policy_source: 'APPLICATION' };
  const minutes = { absolute_session_timeout_unit: 'MINUTES' as const };

  test.each<[string, SessionPolicy, UpdateSessionPolicy, SessionPolicy]>([
    ['CUSTOM alone', application, { policy_source: 'CUSTOM' }, { policy_source: 'CUSTOM' }],
    [
      'minutes without a unit',
      application,
      { policy_source: 'CUSTOM', absolute_session_timeout: 360 },
      { policy_source: 'CUSTOM', absolute_session_timeout: 360, ...minutes },
    ],
    [
      'idle false is there, idle 0 too while it is not enabled',
      application,
      { policy_source: 'CUSTOM', idle_session_timeout_enabled: false, idle_session_timeout: 0 },
      { policy_source: 'CUSTOM', idle_session_timeout_enabled: false, idle_session_timeout: 0, idle_session_timeout_unit: 'MINUTES' },
    ],
    [
      'idle enabled without a timeout: that of the application',
      application,
      { policy_source: 'CUSTOM', absolute_session_timeout: 60, idle_session_timeout_enabled: true },
      { policy_source: 'CUSTOM', absolute_session_timeout: 60, ...minutes, idle_session_timeout_enabled: true },
    ],
    [
      'null unsets, what is not named stays',
      { policy_source: 'CUSTOM', absolute_session_timeout: 60, ...minutes, idle_session_timeout_enabled: false },
      { idle_session_timeout_enabled: null },
      { policy_source: 'CUSTOM', absolute_session_timeout: 60, ...minutes },
    ],
    ['null where nothing is', application, { absolute_session_timeout: null }, application],
    [
      'a year',
      application,
      { policy_source: 'CUSTOM', absolute_session_timeout: 365, absolute_session_timeout_unit: 'DAYS' },
      { policy_source: 'CUSTOM', absolute_session_timeout: 525_600, ...minutes },
    ],
  ])('allowed: %s', (_name, before, body, after) => expect(patchSessionPolicy(before, body)).toEqual(after));

  test.each<[string, SessionPolicy, UpdateSessionPolicy, string]>([
    ['timeouts without CUSTOM', application, { absolute_session_timeout: 60 }, 'policy_source: must be CUSTOM'],
    [
      'idle as long as absolute',
      application,
      {
        policy_source: 'CUSTOM',
        absolute_session_timeout: 1,
        absolute_session_timeout_unit: 'HOURS',
        idle_session_timeout_enabled: true,
        idle_session_timeout: 60,
      },
      'idle_session_timeout: must be shorter than the absolute timeout of 60 minutes',
    ],
    [
      'absolute cut below the idle that is there',
      { policy_source: 'CUSTOM', absolute_session_timeout: 60, ...minutes, idle_session_timeout_enabled: true, idle_session_timeout: 30 },
      { absolute_session_timeout: 20 },
      'idle_session_timeout: must be shorter',
    ],
    [
      'idle as long as an access token',
      application,
      { policy_source: 'CUSTOM', idle_session_timeout_enabled: true, idle_session_timeout: 5 },
      'idle_session_timeout: must be longer than the 5 minutes',
    ],
    ['absolute 0', application, { policy_source: 'CUSTOM', absolute_session_timeout: 0 }, 'absolute_session_timeout: must be longer'],
    [
      'more than a year',
      application,
      { policy_source: 'CUSTOM', absolute_session_timeout: 366, absolute_session_timeout_unit: 'DAYS' },
      'absolute_session_timeout: must be at most 525600 minutes (365 days); it is 527040',
    ],
    [
      'a unit alone',
      application,
      { policy_source: 'CUSTOM', idle_session_timeout_unit: 'HOURS' },
      'idle_session_timeout_unit: needs idle_session_timeout beside it',
    ],
  ])('refused: %s', (_name, before, body, message) => expect(() => patchSessionPolicy(before, body)).toThrow(message));

  test.each([
    [{ policy_source: 'SESSION_POLICY_TYPE_UNSPECIFIED' }, 'policy_source'],
    [{ policy_source: 'CUSTOM', absolute_session_timeout: -1 }, 'absolute_session_timeout'],
    [{ policy_source: 'CUSTOM', absolute_session_timeout: 1.5 }, 'absolute_session_timeout'],
    [{ policy_source: 'CUSTOM', absolute_session_timeout: '60' }, 'absolute_session_timeout'],
    [{ policy_source: 'CUSTOM', absolute_session_timeout: 60, absolute_session_timeout_unit: 'WEEKS' }, 'absolute_session_timeout_unit'],
    [{ policy_source: 'CUSTOM', idle_session_timeout_enabled: 1 }, 'idle_session_timeout_enabled'],
    [{ policy_source: 'CUSTOM', access_token_expiry: 10 }, 'access_token_expiry'],
    [{ policy_source: 'CUSTOM', absolute_session_timeout: 5 }, 'absolute_session_timeout'],
  ])('400 over HTTP, and nothing changes: %j', async (body, field) => {
    const url = await newOrganization();
    const answer = await request('PATCH', `${url}/session-policy`, body);
    expect([answer.status, Object(answer.body).message]).toEqual([400, expect.stringContaining(`${field}: `)]);
    expect((await request('GET', url)).headers.get('etag')).toEqual(tagOf(1));
  });
});

describe('settings are a part of the organization', () => {
  test('its version guards them: 412 for a stale one, 304 for the one that is known, a rename raises it too', async () => {
    const url = await newOrganization();
    await request('PATCH', url, { display_name: 'Renamed' });
    for (const [part, body] of [
      ['settings', { features: [{ name: 'sso', enabled: true }] }],
      ['settings/usermanagement', { settings: { max_allowed_users: 1 } }],
      ['session-policy', { policy_source: 'CUSTOM' }],
    ] as const) {
      const stale = await request('PATCH', `${url}/${part}`, body, { 'if-match': '"1"' });
      expect([part, stale.status, stale.body]).toMatchObject([part, 412, { details: [{ error_code: 'VERSION_MISMATCH' }] }]);
    }
    for (const part of ['settings/usermanagement', 'session-policy']) {
      expect((await request('GET', `${url}/${part}`, undefined, { 'if-none-match': `"2-${url.split('org_')[1]}"` })).status).toBe(304);
    }
    expect(
      (await request('PATCH', `${url}/session-policy`, { policy_source: 'CUSTOM' }, { 'if-match': '"2"' })).headers.get('etag'),
    ).toEqual(tagOf(3));
  });

  test('they are reached by any of its IDs: a billing webhook sets the limit by the customer’s ID', async () => {
    await newOrganization({ external_ids: { stripe: 'cus_settings' }, external_id: 'SETTINGS/1' });
    const path = `${organizations}:external/cus_settings/settings/usermanagement?system=stripe`;
    expect((await request('PATCH', path, { settings: { max_allowed_users: 7 } })).status).toBe(200);
    const query = `${organizations}:external:settings/usermanagement?external_id=${encodeURIComponent('SETTINGS/1')}`;
    expect((await request('GET', query)).body).toEqual({ settings: { max_allowed_users: 7 } });
    expect((await request('PATCH', `${organizations}:external/nobody/settings`, {})).body).toMatchObject({
      details: [{ error_code: 'ORGANIZATION_NOT_FOUND' }],
    });
  });

  test('400 for the ID of a user; a repeated request with an Idempotency-Key changes once', async () => {
    expect((await request('GET', `${organizations}/usr_1/session-policy`)).body).toMatchObject({ details: [{ error_code: 'INVALID_ID' }] });
    const url = `${await newOrganization()}/settings/usermanagement`;
    const send = () => request('PATCH', url, { settings: { max_allowed_users: 3 } }, { 'idempotency-key': 'limit-3' });
    const [first, second] = [await send(), await send()];
    expect([second.status, second.text, second.headers.get('idempotent-replayed')]).toEqual([first.status, first.text, 'true']);
  });

  test('a hundred writers of different settings at once lose nothing', async () => {
    const url = await newOrganization();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        index % 3 === 0
          ? request('PATCH', `${url}/settings`, { features: [{ name: 'sso', enabled: true }] })
          : index % 3 === 1
            ? request('PATCH', `${url}/settings/usermanagement`, { settings: { max_allowed_users: 9 } })
            : request('PATCH', `${url}/session-policy`, { policy_source: 'CUSTOM', absolute_session_timeout: 60 }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const { organization } = Object((await request('GET', url)).body);
    expect(organization).toMatchObject({
      version: 4,
      settings: {
        features: [{ enabled: true }, unset[1]],
        user_management: { max_allowed_users: 9 },
        session_policy: { absolute_session_timeout: 60 },
      },
    });
  });

  test('the organization that takes a deleted one’s external ID begins without its settings (E22)', async () => {
    const url = await newOrganization({ external_id: 'SETTINGS-DEL' });
    await request('PATCH', `${url}/settings/usermanagement`, { settings: { max_allowed_users: 1 } });
    await request('DELETE', url);
    const { body } = await request('PUT', `${organizations}:external/SETTINGS-DEL`, { display_name: 'Anew' });
    expect(Object(body).organization.settings).toEqual({
      features: unset,
      user_management: {},
      session_policy: { policy_source: 'APPLICATION' },
    });
  });
});
