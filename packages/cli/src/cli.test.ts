import { beforeAll, expect, test } from 'vitest';
import { useTestServer } from '../../server/src/testing.ts';
import { run } from './run.ts';
import { runIn, variablesOf } from './testing.ts';

const server = useTestServer();

async function crosswalk(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const env = {
    CROSSWALK_ENVIRONMENT_URL: server.url,
    CROSSWALK_CLIENT_ID: server.client.clientId,
    CROSSWALK_CLIENT_SECRET: server.client.clientSecret,
  };
  const status = await run(args, env, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { status, out, err };
}

beforeAll(async () => {
  await server.client.request('POST', '/api/v1/organizations', {
    display_name: 'Acme',
    external_id: 'CUST-1',
    external_ids: { stripe: 'cus_1' },
    metadata: { plan: 'pro', escape: '\u001b[31mred' },
  });
  await server.client.request('POST', '/api/v1/users', {
    email: 'ada@example.com',
    external_id: 'E-1',
    user_profile: { given_name: 'Ada' },
  });
});

test('a record is shown by external ID, by the ID of a system and by address; data goes to stdout alone', async () => {
  const byId = await crosswalk('orgs', 'get', '--external-id', 'CUST-1');
  expect([byId.status, byId.err]).toEqual([0, '']);
  expect(byId.out).toMatch(/Acme[\s\S]*stripe ID +.*cus_1[\s\S]*metadata\.plan +.*"pro"/);
  expect((await crosswalk('orgs', 'get', '--external-id', 'cus_1', '--system', 'stripe')).status).toBe(0);
  expect((await crosswalk('users', 'get', '--email', 'ADA@example.com')).out).toContain('Ada');
});

test('a record that is found by an ID that it used to have says so', async () => {
  await crosswalk('orgs', 'create', '--name', 'Renamed', '--external-id', 'OLD-1');
  expect((await crosswalk('orgs', 'get', '--external-id', 'OLD-1')).out).not.toContain('found by');
  const { body } = await server.client.request('PATCH', '/api/v1/organizations:external/OLD-1', { external_id: 'NEW-1' });
  expect(body).toMatchObject({ matched_by: 'external_id' });
  expect((await crosswalk('orgs', 'get', '--external-id', 'OLD-1')).out).toMatch(
    /external ID +.*NEW-1[\s\S]*found by +.*an ID that it used to have/,
  );
});

test('an ID of one’s own in the place of a Crosswalk ID is told where it goes', async () => {
  expect(await crosswalk('orgs', 'get', 'CUST-1')).toEqual({
    status: 2,
    out: '',
    err: 'crosswalk: CUST-1 is no ID of Crosswalk; an ID of your own goes with --external-id\n',
  });
});

test('--json prints the record as the API answers it', async () => {
  const { out } = await crosswalk('orgs', 'get', '--external-id', 'CUST-1', '--json');
  expect(JSON.parse(out)).toMatchObject({ display_name: 'Acme', external_ids: { stripe: 'cus_1' }, metadata: { plan: 'pro' } });
});

test('text of records cannot steer the terminal', async () => {
  const { out } = await crosswalk('orgs', 'get', '--external-id', 'CUST-1');
  expect(out).not.toContain('\u001b[31mred');
});

test('resolve tells where each ID leads; those that lead nowhere are named and make the status 3', async () => {
  const both = await crosswalk('resolve', 'cus_1', 'nothing');
  expect([both.status, both.err]).toEqual([3, 'nothing has the ID nothing\n']);
  expect(both.out).toMatch(/^cus_1 +org_\d+ +Acme +.*external_id of stripe.*\nnothing +.*nothing/);
  expect(await crosswalk('resolve', 'cus_1')).toMatchObject({ status: 0, err: '' });
  const none = await crosswalk('resolve', 'nowhere', 'red\u001b[31m', '--json');
  expect([none.status, none.err]).toEqual([3, 'nothing has the IDs nowhere, red\ufffd[31m\n']);
  expect(JSON.parse(none.out)).toMatchObject([{ value: 'nowhere', matches: [] }, { matches: [] }]);
});

test('--version tells the version, for a report of what went wrong', async () => {
  expect(await crosswalk('--version')).toEqual({ status: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), err: '' });
});

test('a failure is 1 with the reason and the request ID, a wrong call is 2 with the way out', async () => {
  const missing = await crosswalk('orgs', 'get', 'org_1');
  expect([missing.status, missing.out]).toEqual([1, '']);
  expect(missing.err).toMatch(/there is no organization org_1\n +request req_\w+ \(ORGANIZATION_NOT_FOUND\)/);
  expect((await crosswalk('orgs', 'get', '--external-id', 'none')).status).toBe(1);
  expect((await crosswalk('orgs', 'get')).status).toBe(2);
  expect((await crosswalk('orgs', 'got')).status).toBe(2);
  const help = await crosswalk('--help');
  expect([help.status, help.out]).toEqual([0, expect.stringContaining('resolve')]);
  let err = '';
  expect(
    await run(
      ['resolve', 'x'],
      {},
      {
        out: () => {},
        err: (text) => {
          err += text;
        },
      },
    ),
  ).toBe(2);
  expect(err).toContain(
    'CROSSWALK_ENVIRONMENT_URL, CROSSWALK_CLIENT_ID, CROSSWALK_CLIENT_SECRET are not set, and there is no file .env here',
  );
});

test('a wrong call names the help of its own command', async () => {
  for (const [args, help] of [
    [['orgs', 'create', '--nmae', 'x'], 'crosswalk orgs create'],
    [['orgs', 'got'], 'crosswalk orgs'],
    [['import', 'get'], 'crosswalk import get'],
    [['unknown'], 'crosswalk'],
  ] as const)
    expect((await crosswalk(...args)).err).toContain(`\n(see ${help} --help)\n`);
});

test('a field that is refused is told with the option that sets it', async () => {
  const made = await crosswalk('orgs', 'upsert', '--external-id', 'CUST-7');
  expect(made.err).toMatch(
    /^crosswalk: display_name: is required, as there is no such organization yet: see --name\n {2}request \S+ \(INVALID_ARGUMENT\)\n$/,
  );
  expect((await crosswalk('users', 'create', '--email', 'x')).err).toMatch(/ada@example\.com: see --email\n/);
  expect((await crosswalk('orgs', 'update', '--external-id', 'CUST-1', '--set-external-id', ' ')).err).toMatch(/: see --set-external-id\n/);
});

test('a record without the field that it cannot be made without is a wrong call, unless --data has it', async () => {
  for (const [args, message] of [
    [['orgs', 'create', '--external-id', 'CUST-7'], 'an organization needs --name, the name people see, or display_name in --data'],
    [['orgs', 'create', '--name', '', '--data', '{"slug":"x"}'], 'an organization needs --name'],
    [['users', 'create', '--given-name', 'Eve'], 'a user needs --email, their address, or email in --data'],
  ] as const) {
    const { status, err } = await crosswalk(...args);
    expect([status, err]).toEqual([2, expect.stringContaining(message)]);
  }
  expect((await crosswalk('orgs', 'create', '--data', '{"display_name":"By data"}')).status).toBe(0);
});

test('an address that is none, or has a password, is a wrong call that repeats no password', async () => {
  for (const [url, message] of [
    ['directory.example.com', 'the URL of the environment must begin with http:// or https://, not directory.example.com'],
    ['https://me:s3cret@directory.example.com', 'the URL of the environment must have no user and no password'],
  ] as const) {
    const { status, err } = await runIn({ ...variablesOf(server), CROSSWALK_ENVIRONMENT_URL: url }, ['orgs', 'list']);
    expect([status, err]).toEqual([2, expect.stringContaining(message)]);
    expect(err).not.toContain('s3cret');
  }
});

test('a precondition is told as an option, not as a header', async () => {
  const upsert = (...args: string[]) => crosswalk('orgs', 'upsert', '--name', 'X', '--external-id', ...args);
  expect((await upsert('CUST-8', '--update-only')).err).toMatch(
    /^crosswalk: there is no such record: without --update-only and --if-version it is made\n/,
  );
  expect((await upsert('CUST-1', '--create-only')).err).toMatch(/^crosswalk: org_[0-9]+ exists, at version 1\n/);
  expect((await upsert('CUST-1', '--if-version', '7')).err).toMatch(/^crosswalk: org_[0-9]+ is at version 1, not 7\n/);
});

test('credentials that are not valid, and a server that does not answer, are told with the way out', async () => {
  const list = (env: Record<string, string>) => runIn({ ...variablesOf(server), ...env }, ['orgs', 'list']);
  expect((await list({ CROSSWALK_CLIENT_SECRET: 'wrong' })).err).toMatch(
    /^crosswalk: invalid_client: no client has this ID and secret\n {2}check the client ID and the secret, .*crosswalk doctor.*\n {2}request req_\w+\n$/,
  );
  const tls = server.url.replace('http:', 'https:');
  expect((await list({ CROSSWALK_ENVIRONMENT_URL: tls })).err).toBe(
    `crosswalk: no answer from the server at ${tls}: it does not speak TLS: begin its URL with http://, or give the port that has TLS\n` +
      '  check the URL and the network, and that the server runs: crosswalk doctor tells more\n',
  );
});
