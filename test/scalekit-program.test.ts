import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { useTestServer } from '../packages/server/src/testing.ts';

const server = useTestServer();

test('a program for Scalekit runs to its end with another address and other credentials', async () => {
  const env = {
    PATH: process.env.PATH,
    SCALEKIT_ENVIRONMENT_URL: server.url,
    SCALEKIT_CLIENT_ID: server.client.clientId,
    SCALEKIT_CLIENT_SECRET: server.client.clientSecret,
  };
  const program = fileURLToPath(new URL('scalekit-program.mjs', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program], { env });
  expect([stderr, stdout.split('\n')]).toEqual([
    '',
    [
      'editors may: projects:read, projects:write',
      'sessions last 720 minutes and may be idle for 30',
      'plan: business seats: 25',
      'Hank is admin and viewer',
      'invitation: PENDING_INVITE sent again 1 time',
      'Homer may: projects:read, projects:write',
      'people: homer@globex.example, hank@globex.example',
      'found: 1 person, 1 customer',
      'token of hank@globex.example for exports with admin and viewer',
      'tokens: 1 {"team":"exports","schedule":"nightly"}',
      'after its end: true',
      'machine token: true production true',
      'after rotation: true',
      'the same key is taken: EXTERNAL_ID_TAKEN',
      'a stranger is not there: USER_NOT_FOUND',
      'a role in use is not allowed: ROLE_HAS_USERS',
      'a third person went through',
      'a fourth person is not allowed: USER_LIMIT_REACHED',
      'the customer is not there: ORGANIZATION_NOT_FOUND',
      'a new customer under the old key: true',
      '',
    ],
  ]);
});
