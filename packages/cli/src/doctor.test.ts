import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { useTestServer } from '../../server/src/testing.ts';
import { runIn, variablesOf } from './testing.ts';

const server = useTestServer({ webhooks: { allow: ['127.0.0.0/8'] } });

test('where all is well every check is ok and the status 0', async () => {
  const { status, out, err } = await runIn(variablesOf(server), ['doctor']);
  expect([status, err]).toEqual([0, '']);
  const lines = out.split('\n').filter(Boolean);
  expect(lines.map((line) => line.trim().split(/\s+/)[1])).toEqual([
    'credentials',
    'server',
    'clock',
    'database',
    'keys',
    'token',
    'signing',
    'webhooks',
    'mail',
  ]);
  expect(out).not.toMatch(/^(?:warn|fail)/m);
});

test('what is wrong is told with the way out, and makes the status 1', async () => {
  const refused = await runIn({ ...variablesOf(server), CROSSWALK_CLIENT_SECRET: 'not-the-secret' }, ['doctor', '--json']);
  expect(refused.status).toBe(1);
  expect(JSON.parse(refused.out).at(-1)).toMatchObject({ check: 'token', status: 'fail', help: expect.stringContaining('secret') });
  expect(refused.out).not.toContain('not-the-secret');
  const gone = await runIn({ ...variablesOf(server), CROSSWALK_ENVIRONMENT_URL: 'http://127.0.0.1:2' }, ['doctor']);
  expect([gone.status, gone.out]).toEqual([1, expect.stringMatching(/fail +server +.*ECONNREFUSED\n +check the URL/)]);
  const page = await runIn({ ...variablesOf(server), CROSSWALK_ENVIRONMENT_URL: `${server.url}/dashboard/` }, ['doctor']);
  expect([page.status, page.out]).toEqual([
    1,
    expect.stringContaining(`is this the URL of Crosswalk? It has no page behind it: ${server.url}`),
  ]);
  expect(page.out).not.toContain('ok   server');
  expect((await runIn({ XDG_CONFIG_HOME: '/nowhere' }, ['doctor'])).status).toBe(1);
});

test('a key that is older than a key should be is a warning, with its age', async () => {
  await server.database.pool.query("update token_keys set create_time = create_time - interval '400 days'");
  const { status, out } = await runIn(variablesOf(server), ['doctor']);
  expect([status, out]).toEqual([0, expect.stringMatching(/warn +signing key +key_\d+ was made 400 days ago\n +crosswalk keys rotate/)]);
});

test('endpoints that fail and mails that were given up are warnings', async () => {
  await server.client.request('POST', '/api/v1/webhook_endpoints', { url: 'http://127.0.0.1:2/hook' });
  await server.database.pool.query("update webhook_endpoints set failing_since = '2026-11-24T08:00:00Z'");
  const { status, out } = await runIn(variablesOf(server), ['doctor']);
  expect([status, out]).toEqual([
    0,
    expect.stringMatching(/warn +webhooks +whe_\d+ .* fails since 2026[\s\S]*crosswalk webhooks deliveries/),
  ]);
});

test('an endpoint that failed and was then disabled on purpose is no warning', async () => {
  const [{ id }] = JSON.parse((await runIn(variablesOf(server), ['webhooks', 'list', '--json'])).out);
  const disabled = JSON.parse((await runIn(variablesOf(server), ['webhooks', 'disable', id, '--json'])).out);
  expect(disabled).toMatchObject({ disabled_reason: 'REQUESTED', failing_since: expect.any(String) });
  expect((await runIn(variablesOf(server), ['doctor'])).out).toMatch(/ok +webhooks +1 endpoint, none fails/);
});

test('a clock that is far from that of the server is told', async () => {
  const late = createServer((_request, response) => {
    response.sendDate = false;
    response.setHeader('date', new Date(Date.now() - 3_600_000).toUTCString());
    response.end('{"status":"ok"}');
  });
  await new Promise<void>((resolve) => late.listen(0, '127.0.0.1', resolve));
  const address = late.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const { status, out } = await runIn({ ...variablesOf(server), CROSSWALK_ENVIRONMENT_URL: url }, ['doctor']);
  late.close();
  late.closeAllConnections();
  expect([status, out]).toEqual([1, expect.stringMatching(/fail +clock +36\d\d s apart/)]);
});

test('--server shows every setting of README as it applies, and no secret of them', async () => {
  const env = {
    ...variablesOf(server),
    DATABASE_URL: 'postgres://me:hidden@db/x?password=hidden',
    SMTP_URL: 'smtp://me:hidden@mail.example.com',
    MAIL_FROM: 'Invitations <us@example.com>',
    CROSSWALK_SECRET_KEY: 'hidden-'.repeat(6),
    CROSSWALK_OTHER_SECRET_KEY: 'hidden-'.repeat(6),
    CROSSWALK_CLIENT_SECRET: 'hidden-'.repeat(6),
    METRICS_TOKEN: 'hidden-'.repeat(6),
    ADMIN_EMAIL: 'ada@example.com',
    ADMIN_PASSWORD: 'hidden-'.repeat(6),
    PORT: '9000',
  };
  const { out } = await runIn(env, ['doctor', '--server']);
  expect(out).toMatch(/ok +setting +PORT: 9000\n/);
  expect(out).toMatch(/ok +setting +HOST: 127\.0\.0\.1 \(default\)\n/);
  expect(out).toContain('DATABASE_URL: postgres://me:***@db/x?password=***\n');
  expect(out).toContain('SMTP_URL: smtp://me:***@mail.example.com:587\n');
  expect(out).toContain('MAIL_FROM: Invitations <us@example.com>\n');
  expect(out).not.toContain('hidden');
  const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
  const table = readme.slice(readme.indexOf('| `PORT`, `HOST` |'), readme.indexOf('| `LOG_LEVEL` |') + 20);
  const documented = table.split('\n').flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name));
  expect([...out.matchAll(/ok +setting +([A-Z_]+): /g)].map(([, name]) => name).sort()).toEqual(documented.sort());
  const wrong = await runIn({ ...env, PORT: 'x', CROSSWALK_SECRET_KEY: '' }, ['doctor', '--server']);
  expect([wrong.status, wrong.out]).toEqual([1, expect.stringMatching(/fail +settings[\s\S]*CROSSWALK_SECRET_KEY is required/)]);
  expect(wrong.out).not.toContain('hidden');
});
