import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useTestServer } from '../../server/src/testing.ts';
import { runIn, variablesOf } from './testing.ts';

const server = useTestServer();
const crosswalk = (...args: string[]) => runIn(variablesOf(server), args);
const json = async (...args: string[]) => JSON.parse((await crosswalk(...args, '--json')).out);

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crosswalk-cli-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test('an organization is made, changed, and deleted when that is confirmed, by IDs of any system', async () => {
  const made = await crosswalk(
    'orgs',
    'create',
    '--name',
    'Acme',
    '--external-id',
    'C-1',
    '--external-id-of',
    'stripe=cus_1',
    '--metadata',
    'plan=pro',
  );
  expect([made.status, made.err]).toEqual([0, '']);
  expect(made.out).toMatch(/Acme[\s\S]*external ID +.*C-1[\s\S]*stripe ID +.*cus_1[\s\S]*metadata\.plan +.*"pro"/);
  const changed = await json(
    'orgs',
    'update',
    '--external-id',
    'cus_1',
    '--system',
    'stripe',
    '--set-external-id',
    'C-2',
    '--name',
    'Acme Ltd',
  );
  expect(changed).toMatchObject({ display_name: 'Acme Ltd', external_id: 'C-2', metadata: { plan: 'pro' }, version: 2 });
  expect(await json('orgs', 'update', changed.id, '--set-external-id', '', '--external-id-of', 'hubspot=h1')).toMatchObject({
    external_id: null,
    external_ids: { stripe: 'cus_1', hubspot: 'h1' },
  });
  expect(await crosswalk('orgs', 'delete', changed.id)).toMatchObject({ status: 2, err: expect.stringContaining('Add --yes') });
  expect(await crosswalk('orgs', 'delete', '--external-id', 'cus_1', '--system', 'stripe', '--yes')).toEqual({
    status: 0,
    out: '',
    err: 'deleted cus_1\n',
  });
  expect((await crosswalk('orgs', 'get', changed.id)).status).toBe(1);
});

test('metadata keeps the type it is written with; nothing after = removes a key, and makes none of a new record', async () => {
  const made = await json(
    ...['orgs', 'create', '--name', 'Typed', '--metadata', 'seats:number=250', '--metadata', 'trial:boolean=false', '--metadata', 'none='],
    ...['--metadata', 'tags:json=["a",1]', '--metadata', 'id:text=007', '--metadata', 'plan=a=b', '--metadata', 'empty:text='],
    ...['--metadata', 'rate:number=0.10', '--metadata', 'large:number=9007199254740992.0'],
  );
  const typed = { rate: 0.1, large: 9007199254740992 };
  const before = { seats: 250, trial: false, tags: ['a', 1], id: '007', plan: 'a=b', empty: '', ...typed };
  expect(made.metadata).toEqual(before);
  expect((await json('orgs', 'update', made.id, '--metadata', 'plan=', '--metadata', 'seats:number=251')).metadata).toEqual({
    ...{ seats: 251, trial: false, tags: ['a', 1], id: '007', empty: '', ...typed },
  });
});

test.each([
  ['seats:number=many', 'no number'],
  ['seats:number=9007199254740993', 'exactly'],
  ['seats:number=1e400', 'exactly'],
  ['seats:number=9007199254740993.0', 'exactly'],
  ['seats:number=9007199254740993e0', 'exactly'],
  ['seats:number=0.12345678901234567891', 'exactly'],
  ['on:boolean=yes', 'true or false'],
  ['x:json={', 'no JSON'],
  ['x:json=[9007199254740993]', 'exactly'],
  ['x:json={"seats":9007199254740993.0}', 'in seats'],
  ['x:json={"a":1,"a":2}', 'twice'],
  ['x:date=1', 'none of the types'],
  ['plan', 'is written as'],
  ['=1', 'is written as'],
])('--metadata %s is refused before anything is sent', async (entry, reason) => {
  expect(await crosswalk('orgs', 'create', '--name', 'X', '--metadata', entry)).toMatchObject({
    status: 2,
    out: '',
    err: expect.stringContaining(reason),
  });
});

test('a key that JavaScript treats as its own reaches the server, which refuses it', async () => {
  expect(await crosswalk('orgs', 'create', '--name', 'X', '--metadata', '__proto__=x')).toMatchObject({
    status: 1,
    err: expect.stringContaining('__proto__'),
  });
});

test('--data takes JSON, a file or standard input; options go on top', async () => {
  const file = join(directory, 'acme.json');
  await writeFile(file, '\ufeff{"display_name":"From a file","metadata":{"a":1,"b":2}}');
  expect(await json('orgs', 'create', '--data', `@${file}`, '--name', 'On top', '--metadata', 'b:number=3')).toMatchObject({
    display_name: 'On top',
    metadata: { a: 1, b: 3 },
  });
  const piped = await runIn(variablesOf(server), ['orgs', 'create', '--data', '-', '--json'], '{"display_name":"Piped"}');
  expect(JSON.parse(piped.out)).toMatchObject({ display_name: 'Piped' });
  for (const wrong of ['[]', '{', '{"metadata":{"n":9007199254740993}}', '{"slug":"a","slug":"b"}', `@${join(directory, 'none.json')}`])
    expect(await crosswalk('orgs', 'create', '--data', wrong)).toMatchObject({ status: 2, err: expect.stringContaining('--data') });
});

test('an upsert says whether it created or updated; --create-only and --update-only hold it to one', async () => {
  const once = ['users', 'upsert', '--external-id', 'E-1', '--email', 'ada@example.com', '--given-name', 'Ada'];
  expect(await crosswalk(...once)).toMatchObject({ status: 0, err: expect.stringMatching(/^created usr_/) });
  expect(await crosswalk(...once)).toMatchObject({ status: 0, err: expect.stringMatching(/^updated usr_/) });
  expect((await json(...once)).created).toBe(false);
  expect((await crosswalk(...once, '--create-only')).status).toBe(1);
  expect((await crosswalk('users', 'upsert', '--external-id', 'E-9', '--email', 'x@example.com', '--update-only')).status).toBe(1);
  expect((await crosswalk(...once, '--create-only', '--update-only')).status).toBe(2);
});

test('a user is found, changed and deleted by address', async () => {
  await crosswalk('users', 'create', '--email', 'old@example.com', '--name', 'Grace Hopper');
  expect(await json('users', 'update', '--email', 'OLD@example.com', '--set-email', 'new@example.com', '--name', '')).toMatchObject({
    email: 'new@example.com',
  });
  expect((await crosswalk('users', 'get', '--email', 'old@example.com')).status).toBe(1);
  expect((await crosswalk('users', 'delete', '--email', 'new@example.com', '--yes')).status).toBe(0);
  expect((await crosswalk('users', 'get', '--email', 'new@example.com')).status).toBe(1);
});

test('--if-version changes and deletes no other version', async () => {
  const { id } = await json('orgs', 'create', '--name', 'Versioned');
  expect((await crosswalk('orgs', 'update', id, '--name', 'Second', '--if-version', '1')).status).toBe(0);
  expect(await crosswalk('orgs', 'update', id, '--name', 'Lost', '--if-version', '1')).toMatchObject({
    status: 1,
    err: expect.stringContaining('VERSION_MISMATCH'),
  });
  expect((await crosswalk('orgs', 'delete', id, '--yes', '--if-version', '1')).status).toBe(1);
  expect((await crosswalk('orgs', 'update', id, '--name', 'x', '--if-version', 'one')).status).toBe(2);
});

test('a membership is made, changed, listed and ended, each side by its ID, an external ID or an address', async () => {
  const organization = await json('orgs', 'create', '--name', 'Club', '--external-id-of', 'crm=club');
  const user = await json('users', 'create', '--email', 'member@example.com', '--external-id', 'M-1');
  const by = {
    systems: ['--org-external-id', 'club', '--org-system', 'crm', '--user-external-id', 'M-1'],
    ids: ['--org', organization.id, '--user', user.id],
    address: ['--org', organization.id, '--user-email', 'MEMBER@example.com'],
  };
  expect(await json('members', 'create', ...by.systems, '--no-invitation', '--metadata', 'desk:number=7')).toMatchObject({
    membership_status: 'ACTIVE',
    metadata: { desk: 7 },
  });
  expect(await json('members', 'update', ...by.ids, '--status', 'inactive', '--metadata', 'desk=')).toMatchObject({
    membership_status: 'INACTIVE',
    metadata: {},
  });
  expect(await crosswalk('members', 'upsert', ...by.address, '--status', 'active')).toMatchObject({
    status: 0,
    err: expect.stringMatching(/^updated mem_/),
  });
  expect((await crosswalk('members', 'upsert', ...by.address, '--create-only')).err).toMatch(/^crosswalk: mem_[0-9]+ exists, at version /);
  expect((await crosswalk('members', 'upsert', ...by.address, '--update-only', '--create-only')).status).toBe(2);
  expect((await crosswalk('members', 'upsert', ...by.address, '--update-only', '--status', 'active')).status).toBe(0);
  expect((await crosswalk('members', 'list', '--user-email', 'member@example.com', '--status', 'active')).out).toBe(
    `${organization.id}  ${user.id}  ACTIVE member\n`,
  );
  expect((await crosswalk('members', 'get', ...by.ids)).out).toContain('ACTIVE');
  expect((await crosswalk('members', 'get', '--org', organization.id)).status).toBe(2);
  expect((await crosswalk('members', 'delete', ...by.ids)).status).toBe(2);
  expect((await crosswalk('members', 'delete', ...by.systems, '--yes')).status).toBe(0);
  expect((await crosswalk('members', 'get', ...by.ids)).status).toBe(1);
});

test('what is wrong with a membership is told with the option that sets it right', async () => {
  const by = ['--org', 'org_1', '--user', 'usr_1'];
  expect((await crosswalk('members', 'update', ...by, '--status', 'gone')).err).toMatch(
    /^crosswalk: membership_status: .*: see --status\n/,
  );
  expect((await crosswalk('members', 'create', ...by, '--inviter-email', 'x')).err).toMatch(
    /^crosswalk: inviter_email: .*: see --inviter-email\n/,
  );
  for (const [args, hint] of [
    [['--org', 'C-1'], 'C-1 is no ID of Crosswalk; an ID of your own goes with --org-external-id'],
    [
      ['--user', 'a@example.com'],
      'a@example.com is no ID of Crosswalk; an ID of your own goes with --user-external-id, an address with --user-email',
    ],
    [['--org', 'org_1', '--org-system', 'crm'], '--org-system goes with --org-external-id'],
    [['--user-email', 'a@example.com', '--user-system', 'crm'], '--user-system goes with --user-external-id'],
  ] as const)
    expect(await crosswalk('members', 'list', ...args)).toEqual({ status: 2, out: '', err: `crosswalk: ${hint}\n` });
});

test('a list shows its first records and tells that there are more; --all prints every one, as JSON Lines with --json', async () => {
  for (let number = 0; number < 3; number += 1)
    await crosswalk('orgs', 'create', '--name', `List ${number}`, '--metadata', 'listed:boolean=true');
  const filter = ['--filter', 'metadata.listed = true'];
  const two = await crosswalk('orgs', 'list', ...filter, '--limit', '2');
  expect(two.out.split('\n').filter(Boolean)).toHaveLength(2);
  expect(two.err).toContain('--all');
  const three = await crosswalk('orgs', 'list', ...filter, '--limit', '3', '--json');
  expect([JSON.parse(three.out).length, three.err]).toEqual([3, '']);
  const all = await crosswalk('orgs', 'list', ...filter, '--all', '--json');
  expect(
    all.out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).display_name),
  ).toEqual(['List 2', 'List 1', 'List 0']);
  expect((await crosswalk('orgs', 'list', '--search', 'list 1')).out).toMatch(/^org_\d+ {2}List 1\n$/);
  for (const none of [['--limit', '5'], ['--all']])
    expect(await crosswalk('orgs', 'list', '--search', 'nobody is called so', ...none)).toEqual({
      status: 0,
      out: '',
      err: 'there is nothing to list\n',
    });
  expect(await crosswalk('orgs', 'list', '--search', 'nobody is called so', '--json')).toEqual({ status: 0, out: '[]\n', err: '' });
  for (const wrong of [
    ['--limit', '0'],
    ['--limit', 'x'],
    ['--filter', 'a', '--search', 'abc'],
    ['--page-token', 'x'],
  ])
    expect((await crosswalk('orgs', 'list', ...wrong)).status).toBe(2);
});

test('what stands alone where a record is made is told its option', async () => {
  for (const args of [
    ['orgs', 'create', 'Acme Corporation'],
    ['orgs', 'create', '--name', 'Acme', 'Acme Corporation'],
  ])
    expect(await crosswalk(...args)).toEqual({
      status: 2,
      out: '',
      err: 'crosswalk: nothing takes "Acme Corporation": is it meant for --name? A value with spaces needs quotes\n',
    });
  expect((await crosswalk('users', 'create', 'ada@example.com')).err).toContain('is it meant for --email?');
});

test('a record is named in one way', async () => {
  for (const wrong of [['org_1', '--external-id', 'x'], ['org_1', '--system', 'stripe'], ['']])
    expect((await crosswalk('orgs', 'get', ...wrong)).status).toBe(2);
  expect((await crosswalk('orgs', 'update', 'org_1')).err).toContain('say what to change');
  expect((await crosswalk('users', 'get', 'ada@example.com')).err).toContain('an address with --email');
  expect((await crosswalk('users', 'update', 'usr_1', '--email', 'ada@example.com')).err).toContain('goes with --set-email');
  await crosswalk('orgs', 'create', '--name', 'Of Stripe', '--external-id-of', 'stripe=cus_way');
  expect((await crosswalk('orgs', 'get', '--external-id', 'cus_way')).err).toContain('crosswalk resolve looks in all of them');
});
