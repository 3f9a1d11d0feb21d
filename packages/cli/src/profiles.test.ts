import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useTestServer } from '../../server/src/testing.ts';
import { runIn, variablesOf } from './testing.ts';

const server = useTestServer();
let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'crosswalk-home-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const file = () => join(home, 'crosswalk', 'profiles.json');
const crosswalk = (args: string[], input = '', env: Record<string, string> = {}) => runIn({ XDG_CONFIG_HOME: home, ...env }, args, input);
const credentials = () => `${server.url}/\n${server.client.clientId}\n${server.client.clientSecret}\n`;

test('a login is checked, kept for the owner alone, and then used; nothing prints the secret', async () => {
  expect(await crosswalk(['orgs', 'list'])).toMatchObject({ status: 2, err: expect.stringContaining('crosswalk login') });
  const login = await crosswalk(['login'], credentials());
  expect(login).toMatchObject({ status: 0, out: '', err: expect.stringContaining('logged in') });
  expect((await stat(file())).mode % 0o1000).toBe(0o600);
  expect((await crosswalk(['orgs', 'list'])).status).toBe(0);
  const again = await crosswalk(
    ['login', '--profile', 'staging', '--url', server.url, '--client-id', server.client.clientId, '--json'],
    server.client.clientSecret,
  );
  expect(JSON.parse(again.out)).toEqual({ profile: 'staging', url: server.url, client_id: server.client.clientId });
  const list = await crosswalk(['profiles']);
  expect(list.out).toBe(['default', 'staging'].map((name) => `${name}  ${server.client.clientId}  ${server.url}\n`).join(''));
  for (const { out, err } of [login, again, list]) expect(out + err).not.toContain(server.client.clientSecret);
});

test('a login that gives no token is not kept, and the message names no secret', async () => {
  const before = await readFile(file(), 'utf8');
  const wrong = await crosswalk(['login'], `${server.url}\n${server.client.clientId}\nnot-the-secret\n`);
  expect(wrong).toMatchObject({ status: 1, out: '', err: expect.stringContaining('Nothing was kept') });
  expect(wrong.err).not.toContain('not-the-secret');
  expect((await crosswalk(['login'], 'http://127.0.0.1:2\nskc_1\ns\n')).err).toContain('ECONNREFUSED');
  for (const input of ['', 'ftp://x\nskc_1\ns', `http://user:pass@x\nskc_1\ns`, `${server.url}\nskc_1`])
    expect((await crosswalk(['login'], input)).status).toBe(2);
  expect((await crosswalk(['login', '--profile', '../x'], credentials())).status).toBe(2);
  expect(await readFile(file(), 'utf8')).toBe(before);
});

test('--profile goes before the environment variables, those before CROSSWALK_PROFILE, and that before the default', async () => {
  const other = { ...variablesOf(server), CROSSWALK_ENVIRONMENT_URL: 'http://127.0.0.1:2' };
  const doctor = async (args: string[], env: Record<string, string>) =>
    JSON.parse((await crosswalk(['doctor', '--json', ...args], '', env)).out)[0].detail;
  expect(await doctor([], other)).toContain('environment variables');
  expect(await doctor(['--profile', 'staging'], other)).toContain('the profile staging');
  expect(await doctor([], { ...other, CROSSWALK_PROFILE: 'staging' })).toContain('environment variables');
  expect(await doctor([], { CROSSWALK_PROFILE: 'staging' })).toContain('the profile staging');
  expect(await doctor([], {})).toContain('the profile default');
  expect(await crosswalk(['orgs', 'list'], '', { CROSSWALK_CLIENT_ID: 'skc_1' })).toMatchObject({
    status: 2,
    err: expect.stringContaining('CROSSWALK_ENVIRONMENT_URL, CROSSWALK_CLIENT_SECRET are not set'),
  });
  expect(await crosswalk(['orgs', 'list', '--profile', 'none'])).toMatchObject({
    status: 2,
    err: expect.stringContaining('crosswalk login --profile none'),
  });
});

test('doctor warns of a file that others can read; a logout removes one profile', async () => {
  await chmod(file(), 0o644);
  const { status, out } = await crosswalk(['doctor']);
  expect([status, out]).toEqual([0, expect.stringMatching(/warn +profiles +others may read/)]);
  expect((await crosswalk(['logout', '--profile', 'staging'])).status).toBe(0);
  expect(JSON.parse((await crosswalk(['profiles', '--json'])).out)).toMatchObject([{ name: 'default' }]);
  expect((await stat(file())).mode % 0o1000).toBe(0o600);
  expect((await crosswalk(['logout', '--profile', 'staging'])).status).toBe(2);
  await writeFile(file(), 'not JSON');
  expect(await crosswalk(['profiles'])).toMatchObject({ status: 2, err: expect.stringContaining('log in again') });
});
