import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../../../test/server-process.ts';
import { useTestServer } from '../../../server/src/testing.ts';
import { environmentOf, portraitOf, runImport, type TestEnvironment, variablesOf, versionsOf } from './testing.ts';

const [scalekit, crosswalk] = [useTestServer(), useTestServer()];

/** A source and a target of a test's own, and the import from one into the other. */
interface Pair {
  source: TestEnvironment;
  target: TestEnvironment;
  import: (...args: string[]) => ReturnType<typeof runImport>;
}

let directory = '';
let pairs = 0;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crosswalk-import-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function newPair(): Promise<Pair> {
  pairs += 1;
  const source = environmentOf(scalekit.url, await scalekit.addEnvironment(`source-${pairs}`));
  return { source, ...(await newTarget(source)) };
}

async function newTarget(source: TestEnvironment): Promise<Omit<Pair, 'source'>> {
  pairs += 1;
  const state = join(directory, `state-${pairs}.json`);
  const target = environmentOf(crosswalk.url, await crosswalk.addEnvironment(`target-${pairs}`));
  return { target, import: (...args) => runImport(variablesOf(source, target), '--state', state, ...args) };
}

/** An environment with something of everything. */
async function fill({ crosswalk: sdk }: TestEnvironment) {
  await sdk.permission.create({ name: 'invoices:read', description: 'See invoices.' });
  await sdk.permission.create({ name: 'invoices:pay' });
  await sdk.role.create({ name: 'reader', displayName: 'Reader', description: 'Reads.', permissions: ['invoices:read'] });
  await sdk.role.create({ name: 'accountant', displayName: 'Accountant', extends: 'reader', permissions: ['invoices:pay'] });
  await sdk.role.setDefaults({ defaultMemberRole: 'reader' });
  const acme = await sdk.organization.create({
    displayName: 'Acme Corporation',
    externalId: 'CUST-1',
    slug: 'acme',
    logoUrl: 'https://acme.example/logo.png',
    regionCode: 'EU',
    metadata: { plan: 'pro', note: 'Größe' },
  });
  const beta = await sdk.organization.create({ displayName: 'Beta', regionCode: 'US' });
  await sdk.role.create(
    { name: 'boss', displayName: 'Boss', extends: 'accountant', permissions: ['invoices:read'] },
    { organizationId: acme.id },
  );
  await sdk.role.create({ name: 'big_boss', displayName: 'Big boss', extends: 'boss' }, { organizationId: acme.id });
  await sdk.role.setOrganizationDefault(acme.id, 'boss');
  await sdk.organization.updateSettings(acme.id, { features: [{ name: 'sso', enabled: true }] });
  await sdk.organization.updateSessionPolicy(acme.id, {
    policySource: 'CUSTOM',
    absoluteSessionTimeout: 8,
    absoluteSessionTimeoutUnit: 'HOURS',
    idleSessionTimeoutEnabled: false,
  });
  const timeouts = {
    absoluteSessionTimeout: 1,
    absoluteSessionTimeoutUnit: 'DAYS',
    idleSessionTimeoutEnabled: true,
    idleSessionTimeout: 30,
  } as const;
  await sdk.organization.updateSessionPolicy(beta.id, { policySource: 'CUSTOM', ...timeouts });
  const { user: ada } = await sdk.user.createUserAndMembership(acme.id, {
    email: 'Ada@example.com',
    externalId: 'E-1',
    metadata: { department: 'Sales' },
    userProfile: {
      givenName: 'Ada',
      familyName: 'Lovelace',
      name: 'Ada L.',
      locale: 'en-GB',
      phoneNumber: '+44123',
      picture: 'https://example.com/ada.png',
      preferredUsername: 'ada',
      gender: 'female',
      groups: ['engineers', 'poets'],
      customAttributes: { shoeSize: '38' },
      metadata: { theme: 'dark' },
    },
    membership: { roles: [{ name: 'big_boss' }, { name: 'accountant' }], metadata: { desk: 'A7' } },
    sendInvitationEmail: false,
  });
  await sdk.membership.create(beta.id, ada.id, { roles: [], sendInvitationEmail: false });
  const { user: bob } = await sdk.user.createUserAndMembership(acme.id, { email: 'bob@example.com', sendInvitationEmail: false });
  await sdk.membership.update(acme.id, bob.id, { membershipStatus: 'INACTIVE' });
  const loner = await sdk.user.createUser({ email: 'loner@example.com' });
  return { acme, beta, ada, bob, loner };
}

/** The figures of one kind: created, changed, unchanged, conflicts. */
function figures({ summary }: Awaited<ReturnType<typeof runImport>>, kind: string): number[] {
  const { created, changed, unchanged, conflicts } = summary.counts[kind];
  return [created, changed, unchanged, conflicts];
}

describe('an import', () => {
  let pair: Pair;
  let records: Awaited<ReturnType<typeof fill>>;
  beforeAll(async () => {
    pair = await newPair();
    records = await fill(pair.source);
  });

  test('a dry run tells what would be done and writes nothing', async () => {
    const before = [await portraitOf(pair.target, 'target'), await versionsOf(pair.target)];
    const dry = await pair.import('--dry-run');
    expect([dry.status, dry.summary?.dry_run], dry.err).toEqual([0, true]);
    expect(
      ['permissions', 'roles', 'organizations', 'organization_roles', 'users', 'memberships'].map((kind) => figures(dry, kind)),
    ).toEqual([
      [2, 0, 0, 0],
      [2, 0, 2, 0],
      [2, 0, 0, 0],
      [2, 0, 0, 0],
      [3, 0, 0, 0],
      [3, 0, 0, 0],
    ]);
    expect(dry.err).toContain('nothing was written');
    expect([await portraitOf(pair.target, 'target'), await versionsOf(pair.target)]).toEqual(before);
  });

  test('brings everything; the IDs of Scalekit are external IDs of the system scalekit', async () => {
    const first = await pair.import();
    expect([first.status, first.summary?.conflicts], first.err).toEqual([0, []]);
    expect(await portraitOf(pair.target, 'target')).toEqual(await portraitOf(pair.source, 'source'));
    const acme = await pair.target.crosswalk.organization.getByExternalId(records.acme.id, { system: 'scalekit' });
    expect(acme).toMatchObject({ external_id: 'CUST-1', external_ids: { scalekit: records.acme.id } });
    expect(first.err).toMatch(/^permissions {2}2 of 2 · [\d,]+ records\/s\n/);
    expect(first.err).not.toContain(pair.source.client.clientSecret);
  });

  test('leaves everything as it is when nothing has changed', async () => {
    const before = await versionsOf(pair.target);
    const again = await pair.import();
    expect(again.status, again.err).toBe(0);
    for (const kind of ['permissions', 'roles', 'organizations', 'organization_roles', 'users', 'memberships']) {
      expect(figures(again, kind)).toEqual([0, 0, figures(again, kind)[2], 0]);
      expect(figures(again, kind)[2]).toBeGreaterThan(1);
    }
    expect(await versionsOf(pair.target)).toEqual(before);
    expect(again.err).toContain('unchanged');
  });

  test('brings what has changed; what Crosswalk alone has stays, and a text that is the same keeps its type', async () => {
    const { source, target } = pair;
    const find = async (id: string) => (await target.crosswalk.organization.getByExternalId(id, { system: 'scalekit' }))?.id ?? '';
    const beta = await find(records.beta.id);
    await target.crosswalk.organization.update(beta, { externalIds: { stripe: 'cus_1' }, metadata: { own: [1], seats: 250 } });
    await source.crosswalk.organization.update(records.beta.id, { metadata: { seats: '250', tier: 'gold' }, externalId: 'CUST-2' });
    await source.crosswalk.organization.update(records.acme.id, { displayName: 'Acme Ltd', slug: 'acme-ltd', metadata: { plan: 'free' } });
    await source.crosswalk.organization.updateSessionPolicy(records.acme.id, { policySource: 'APPLICATION' });
    await source.crosswalk.organization.updateSessionPolicy(records.beta.id, { idleSessionTimeout: null, idleSessionTimeoutEnabled: null });
    await source.crosswalk.role.update('accountant', { extends: null, permissions: [] });
    await source.crosswalk.role.update('reader', { extends: 'accountant' });
    await source.crosswalk.permission.update('invoices:pay', { description: 'Pay.' });
    await source.crosswalk.user.updateUser(records.ada.id, { email: 'ada.l@example.com', userProfile: { givenName: 'Augusta' } });
    await source.crosswalk.membership.update(records.acme.id, records.ada.id, { roles: [{ name: 'boss' }], metadata: { desk: 'B1' } });
    await source.crosswalk.membership.update(records.acme.id, records.bob.id, { membershipStatus: 'ACTIVE' });
    const dry = await pair.import('--dry-run');
    const changed = await pair.import();
    const kinds = ['permissions', 'roles', 'organizations', 'organization_roles', 'users', 'memberships'];
    expect(kinds.map((kind) => figures(changed, kind))).toEqual([
      [0, 1, 1, 0],
      [0, 2, 2, 0],
      [0, 2, 0, 0],
      [0, 0, 2, 0],
      [0, 1, 2, 0],
      [0, 2, 1, 0],
    ]);
    expect(kinds.map((kind) => figures(dry, kind))).toEqual(kinds.map((kind) => figures(changed, kind)));
    const again = await pair.import();
    expect(await target.crosswalk.organization.get(beta)).toMatchObject({
      external_id: 'CUST-2',
      external_ids: { scalekit: records.beta.id, stripe: 'cus_1' },
      metadata: { own: [1], seats: 250, tier: 'gold' },
    });
    expect(kinds.map((kind) => figures(again, kind)[1])).toEqual([0, 0, 0, 0, 0, 0]);
    // What Crosswalk alone has, taken away again.
    await target.crosswalk.organization.update(beta, { externalIds: { stripe: null }, metadata: { own: null, seats: '250' } });
    expect(await portraitOf(target, 'target')).toEqual(await portraitOf(source, 'source'));
  });
});

test('a record of which another one is in the way is left out and told, the others are imported: exit status 3', async () => {
  const pair = await newPair();
  const { source, target } = pair;
  const inTheWay = await target.crosswalk.organization.create({ displayName: 'In the way', externalId: 'TAKEN', slug: 'taken' });
  const person = await target.crosswalk.user.createUser({ email: 'taken@example.com', externalId: 'E-TAKEN' });
  await target.crosswalk.role.create({ name: 'local', displayName: 'Local' });
  const { organization, user, role } = source.crosswalk;
  const byId = await organization.create({ displayName: 'By ID', externalId: 'TAKEN' });
  const bySlug = await organization.create({ displayName: 'By slug', slug: 'taken' });
  const free = await organization.create({ displayName: 'Free', externalId: 'FREE', slug: 'free' });
  await role.create({ name: 'local', displayName: 'Local of one' }, { organizationId: free.id });
  const { user: byEmail } = await user.createUserAndMembership(free.id, { email: 'Taken@Example.com', sendInvitationEmail: false });
  const byExternalId = await user.createUser({ email: 'other@example.com', externalId: 'E-TAKEN' });
  const { user: member } = await user.createUserAndMembership(byId.id, { email: 'member@example.com', sendInvitationEmail: false });

  const reasons = [
    [byId.id, `external_id: another organization (${inTheWay.id}) has this external`],
    [bySlug.id, `slug: another organization (${inTheWay.id}) has this slug`],
    [`local of ${free.id}`, 'has this name'],
    [byEmail.id, `email: another user (${person.id}) has this`],
    [byExternalId.id, `external_id: another user (${person.id}) has this external`],
    [`${byEmail.id} in ${free.id}`, 'its user was not imported'],
    [`${member.id} in ${byId.id}`, 'its organization was not imported'],
  ];
  for (const args of [['--dry-run'], [], []]) {
    const { status, err, summary } = await pair.import(...args);
    expect(status, err).toBe(3);
    const found = summary.conflicts.map(({ id, reason }: { id: string; reason: string }) => [id, reason]);
    expect(found.sort()).toEqual(reasons.map(([id, reason]) => [id, expect.stringContaining(reason ?? '')]).sort());
    for (const [id, reason] of reasons) expect(err).toMatch(new RegExp(`conflict .*${id}: .*${reason?.replaceAll(/[()]/g, '.')}`));
    expect(summary.conflicts_total).toBe(7);
  }
  const imported = await target.crosswalk.organization.getByExternalId(free.id, { system: 'scalekit' });
  expect(imported).toMatchObject({ external_id: 'FREE', slug: 'free' });
  expect(await target.crosswalk.user.getByExternalId(member.id, { system: 'scalekit' })).toMatchObject({ memberships: [] });

  await target.crosswalk.organization.update(inTheWay.id, { externalId: null, slug: null });
  await target.crosswalk.user.deleteUser(person.id);
  await role.delete('local', { organizationId: free.id });
  const mended = await pair.import();
  expect([mended.status, mended.summary?.conflicts], mended.err).toEqual([0, []]);
  expect(await target.crosswalk.organization.getByExternalId(byId.id, { system: 'scalekit' })).toMatchObject({ external_id: 'TAKEN' });
});

test('a record whose ID of Scalekit was changed in Crosswalk is a conflict, as is one that Crosswalk refuses for its form', async () => {
  const pair = await newPair();
  const one = await pair.source.crosswalk.organization.create({ displayName: 'One' });
  expect((await pair.import()).status).toBe(0);
  const { id } = (await pair.target.crosswalk.organization.getByExternalId(one.id, { system: 'scalekit' })) ?? { id: '' };
  await pair.target.crosswalk.organization.update(id, { externalIds: { scalekit: 'org_7' } });
  // What Scalekit takes and Crosswalk does not: an external ID that ends in a space.
  await scalekit.database.pool.query('update organizations set external_id = $1 where environment_id = $2', [
    'x ',
    pair.source.client.environmentId,
  ]);
  const renamed = await pair.import();
  expect([renamed.status, renamed.summary?.conflicts[0]]).toMatchObject([
    3,
    { id: one.id, reason: expect.stringContaining('has org_7 now') },
  ]);
  await pair.target.crosswalk.organization.update(id, { externalIds: { scalekit: one.id } });
  const refused = await pair.import();
  expect([refused.status, refused.summary?.conflicts[0]]).toMatchObject([
    3,
    { id: one.id, reason: expect.stringContaining('external_id') },
  ]);
});

test('pending invitations are imported on request only, and sent anew; those that have expired are not', async () => {
  const pair = await newPair();
  const { source, target } = pair;
  const { id } = await source.crosswalk.organization.create({ displayName: 'Inviting' });
  const { user } = await source.crosswalk.user.createUserAndMembership(id, {
    email: 'pending@example.com',
    membership: { roles: [{ name: 'admin' }], metadata: { desk: 'A7' }, inviterEmail: 'boss@example.com' },
  });
  const { user: late } = await source.crosswalk.user.createUserAndMembership(id, { email: 'late@example.com' });
  await scalekit.database.pool.query("update memberships set invite_expire_time = now() - interval '1 day' where user_id = $1", [
    late.id.slice(4),
  ]);
  await scalekit.purge();

  const without = await pair.import();
  expect([without.status, without.summary], without.err).toMatchObject([
    0,
    { pending_invitations: 1, expired_invitations: 1, counts: { users: { created: 2 }, memberships: { created: 0, conflicts: 0 } } },
  ]);
  expect(without.err).toMatch(/pending invitations left out: 1; --invitations/);
  expect(await target.crosswalk.user.getByEmail('pending@example.com')).toMatchObject({ memberships: [] });

  const imported = await pair.import('--invitations');
  expect(imported.summary).toMatchObject({ pending_invitations: 0, expired_invitations: 1, counts: { memberships: { created: 1 } } });
  const member = await target.crosswalk.user.getByEmail('pending@example.com');
  const membership = {
    membership_status: 'PENDING_INVITE',
    inviter_email: 'boss@example.com',
    metadata: { desk: 'A7' },
    roles: [{ name: 'admin' }],
  };
  expect(member).toMatchObject({ memberships: [membership] });
  const { rows } = await crosswalk.database.pool.query(
    'select resent_count from invitations i join memberships m on m.id = i.membership_id where m.user_id = $1',
    [member?.id.slice(4)],
  );
  expect(rows).toEqual([{ resent_count: 0 }]);
  expect((await pair.import('--invitations')).summary.counts.memberships).toMatchObject({ created: 0, changed: 0, unchanged: 1 });

  // Accepted in Crosswalk and not at Scalekit: it stays so. Accepted at Scalekit: it is active here too.
  await target.crosswalk.membership.update(member?.memberships[0]?.organization_id ?? '', member?.id ?? '', { membershipStatus: 'ACTIVE' });
  expect((await pair.import('--invitations')).summary.counts.memberships).toMatchObject({ changed: 0, unchanged: 1 });
  await source.crosswalk.membership.update(id, late.id, { membershipStatus: 'ACTIVE' });
  await source.crosswalk.membership.update(id, user.id, { membershipStatus: 'INACTIVE' });
  expect((await pair.import()).summary.counts.memberships).toMatchObject({ created: 1, changed: 1 });
  expect(await portraitOf(target, 'target')).toEqual(await portraitOf(source, 'source'));
});

test('user limits hold nobody back: they are raised before memberships are imported and set after', async () => {
  const pair = await newPair();
  const { source, target } = pair;
  const { organization, user } = source.crosswalk;
  const { id } = await organization.create({ displayName: 'Full' });
  await Promise.all([1, 2, 3].map((n) => user.createUserAndMembership(id, { email: `full${n}@example.com`, sendInvitationEmail: false })));
  await organization.upsertUserManagementSettings(id, { maxAllowedUsers: 2 });
  const first = await pair.import();
  expect([first.status, figures(first, 'user_limits')], first.err).toEqual([0, [0, 1, 0, 0]]);
  expect(await portraitOf(target, 'target')).toEqual(await portraitOf(source, 'source'));

  await organization.upsertUserManagementSettings(id, { maxAllowedUsers: 4 });
  await user.createUserAndMembership(id, { email: 'full4@example.com', sendInvitationEmail: false });
  const second = await pair.import();
  expect([second.status, figures(second, 'organizations'), figures(second, 'user_limits')], second.err).toEqual([
    0,
    [0, 1, 0, 0],
    [0, 0, 1, 0],
  ]);
  expect(await portraitOf(target, 'target')).toEqual(await portraitOf(source, 'source'));

  // A limit of Crosswalk's own, lower than Scalekit's members are many, is raised again too.
  const here = (await target.crosswalk.organization.getByExternalId(id, { system: 'scalekit' }))?.id ?? '';
  await target.crosswalk.organization.upsertUserManagementSettings(here, { maxAllowedUsers: 1 });
  await organization.upsertUserManagementSettings(id, { maxAllowedUsers: 0 });
  await user.createUserAndMembership(id, { email: 'full5@example.com', sendInvitationEmail: false });
  const third = await pair.import();
  expect(third.status, third.err).toBe(0);
  expect(await portraitOf(target, 'target')).toEqual(await portraitOf(source, 'source'));
});

test('a user with more memberships in Crosswalk than an answer shows is compared all the same', async () => {
  const pair = await newPair();
  const { id } = await pair.source.crosswalk.organization.create({ displayName: 'Many' });
  await pair.source.crosswalk.user.createUserAndMembership(id, { email: 'many@example.com', sendInvitationEmail: false });
  expect((await pair.import()).status).toBe(0);
  const { crosswalk: sdk, client } = pair.target;
  const user = await sdk.user.getByEmail('many@example.com');
  await crosswalk.database.pool.query(
    `with made as (insert into organizations (environment_id, id, display_name) select $1::bigint, n, 'x' from generate_series(1, 100) n returning id)
     insert into memberships (environment_id, id, organization_id, user_id, status) select $1::bigint, id, id, $2, 'ACTIVE' from made`,
    [client.environmentId, user?.id.slice(4)],
  );
  expect((await sdk.user.getByEmail('many@example.com'))?.memberships.map(({ id: one }) => one)).not.toContain(user?.memberships[0]?.id);
  expect(figures(await pair.import(), 'memberships')).toEqual([0, 0, 1, 0]);
});

describe('what goes wrong', () => {
  let pair: Pair;
  let env: Record<string, string>;
  beforeAll(async () => {
    pair = await newPair();
    env = variablesOf(pair.source, pair.target);
  });
  const closed = async () => `http://127.0.0.1:${await freePort()}`;
  const failing = async (changes: Record<string, string>, ...args: string[]) => {
    const state = join(directory, 'failing.json');
    const { status, out, err } = await runImport({ ...env, ...changes }, '--state', state, ...args);
    expect([out, existsSync(state)]).toEqual(['', false]);
    for (const secret of [pair.source.client.clientSecret, pair.target.client.clientSecret, 'not the secret'])
      expect(err).not.toContain(secret);
    expect(err).not.toMatch(/AxiosError|\n {4}at /);
    return [status, err];
  };

  test('at Scalekit is told plainly, with the way out: exit status 1', async () => {
    expect(await failing({}, '--client-secret', 'not the secret')).toEqual([
      1,
      expect.stringMatching(/refuses the client ID or the client secret: check --client-id/),
    ]);
    expect(await failing({}, '--from', await closed())).toEqual([
      1,
      expect.stringMatching(/cannot be reached \(ECONNREFUSED\): check --from/),
    ]);
    expect(await failing({}, '--from', 'http://no-such-host.invalid')).toEqual([
      1,
      expect.stringMatching(/no-such-host\.invalid cannot be reached \((ENOTFOUND|EAI_AGAIN)\)/),
    ]);
    const other = createServer((request, response) => {
      response.writeHead(request.url === '/oauth/token' ? status : 404).end('<html>Hello</html>');
    });
    let status = 404;
    const url = await new Promise<string>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${Object(other.address()).port}`));
    });
    try {
      expect(await failing({}, '--from', url)).toEqual([1, expect.stringContaining(`${url} is no Scalekit environment: --from must be`)]);
      status = 200;
      expect(await failing({}, '--from', url)).toEqual([
        1,
        expect.stringContaining(`${url} is no Scalekit environment: it gave no access token`),
      ]);
      status = 500;
      expect(await failing({}, '--from', url)).toEqual([1, expect.stringContaining(`${url} answered with an error`)]);
    } finally {
      other.close();
    }
  });

  test('at Crosswalk is told as of Crosswalk: exit status 1', async () => {
    expect(await failing({ CROSSWALK_CLIENT_SECRET: 'not the secret' })).toEqual([
      1,
      expect.stringMatching(/refuses the client: check CROSSWALK_CLIENT_ID[\s\S]*request req_/),
    ]);
    expect(await failing({ CROSSWALK_ENVIRONMENT_URL: await closed() })).toEqual([
      1,
      expect.stringMatching(/cannot be reached \(ECONNREFUSED\): check CROSSWALK_ENVIRONMENT_URL/),
    ]);
  });

  test('in the call is told with how to call it: exit status 2', async () => {
    expect(await failing({ SCALEKIT_CLIENT_SECRET: '' })).toEqual([
      2,
      expect.stringContaining('--client-secret (or SCALEKIT_CLIENT_SECRET) is missing'),
    ]);
    expect(await failing({ CROSSWALK_CLIENT_ID: '' })).toEqual([2, expect.stringContaining('CROSSWALK_CLIENT_ID is not set')]);
    for (const url of [
      'your-env.scalekit.com',
      'https://app.scalekit.com/ws/environments',
      'ftp://x.scalekit.com',
      'https://a:b@x.scalekit.com',
    ])
      expect(await failing({}, '--from', url)).toEqual([
        2,
        expect.stringContaining('it must be the URL of the environment alone, such as'),
      ]);
    expect(await failing({ ...env, CROSSWALK_ENVIRONMENT_URL: pair.source.url, CROSSWALK_CLIENT_ID: pair.source.client.clientId })).toEqual(
      [2, expect.stringContaining('is where the records would go')],
    );
    expect(await failing({}, '--no-such-option')).toEqual([2, expect.stringContaining('unknown option')]);
  });

  test('in the middle is told with how to go on, and the same command does', async () => {
    const target = await newTarget(pair.source);
    await pair.source.crosswalk.organization.create({ displayName: 'Then' });
    const failed = await runImport({ ...variablesOf(pair.source, target.target), CROSSWALK_CLIENT_ID: 'x' }, '--dry-run');
    expect(failed.status).toBe(1);
    const reader = await target.target.crosswalk.client.create({ name: 'Reader', scopes: ['read'] });
    const state = join(directory, 'middle.json');
    const readOnly = { CROSSWALK_CLIENT_ID: reader.client.id, CROSSWALK_CLIENT_SECRET: reader.plain_secret };
    const middle = await runImport({ ...variablesOf(pair.source, target.target), ...readOnly }, '--state', state);
    expect([middle.status, middle.err], middle.err).toEqual([
      1,
      expect.stringMatching(/write[\s\S]*middle\.json keeps how far it is: the same command goes on from there/),
    ]);
    const after = await runImport(variablesOf(pair.source, target.target), '--state', state);
    expect([after.status, after.err]).toEqual([0, expect.stringMatching(/Going on where .*middle\.json says: at organizations/)]);
    expect(existsSync(state)).toBe(false);
  });
});
