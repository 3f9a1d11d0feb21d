import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { useTestServer } from '../packages/server/src/testing.ts';

const server = useTestServer();
const root = fileURLToPath(new URL('..', import.meta.url));

async function demo(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  const env = {
    PATH: process.env.PATH,
    CROSSWALK_ENVIRONMENT_URL: server.url,
    CROSSWALK_CLIENT_ID: server.client.clientId,
    CROSSWALK_CLIENT_SECRET: server.client.clientSecret,
  };
  try {
    const { stdout, stderr } = await promisify(execFile)('node_modules/.bin/tsx', ['demo/main.ts', ...args], { cwd: root, env });
    return { status: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = Object(error);
    return { status: code, out: stdout, err: stderr };
  }
}

test('the demo plays to its end, and again, and leaves nothing behind', async () => {
  for (const _run of [1, 2]) {
    const { status, out, err } = await demo();
    expect([status, err]).toEqual([0, '']);
    expect(out).toContain('quota is still a number');
    expect(out).toMatch(/a forged webhook is answered 400[\s\S]*"seats":250/);
    expect(out).toMatch(
      /first night: {2}5 created[\s\S]*second night: 0 created, 0 changed, 5 unchanged[\s\S]*third night: {2}0 created, 1 changed/,
    );
    expect(out).toMatch(/NEW-CUST-12345-ACME still finds org_\d+, whose ID is now ACME-EU-0001/);
  }
  expect((await server.client.request('GET', '/api/v1/organizations')).body).toMatchObject({ organizations: [] });
  expect((await server.client.request('GET', '/api/v1/users')).body).toMatchObject({ users: [] });
});

test('the demo touches no record that was there before, unless it is told to', async () => {
  await server.client.request('POST', '/api/v1/organizations', { display_name: 'A real customer', external_id: 'CUST-12345-ACME' });
  const refused = await demo();
  expect([refused.status, refused.out]).toEqual([1, '']);
  expect(refused.err).toMatch(/org_\d+ {2}A real customer[\s\S]*--reset/);
  expect((await demo('--reset')).status).toBe(0);
});
