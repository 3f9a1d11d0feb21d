import type { ScalekitClient } from '@scalekit-sdk/node';
import { beforeAll, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { refusal, scalekitOf, there } from './testing.ts';

const server = useTestServer();
let sessions: ScalekitClient['session'];
let userId = '';
beforeAll(async () => {
  const scalekit = scalekitOf(server, server.client);
  sessions = scalekit.session;
  const { organization } = await scalekit.organization.createOrganization('Acme');
  const { user } = await scalekit.user.createUserAndMembership(there(organization).id, { email: 'ada@example.com' });
  userId = there(user).id;
});

test('a user has no sessions, whatever is asked of them, and none to revoke', async () => {
  const none = { sessions: [], totalSize: 0, nextPageToken: '' };
  expect(await sessions.getUserSessions(userId)).toMatchObject(none);
  const filter = { status: ['ACTIVE'], startTime: new Date(0), endTime: new Date() };
  expect(await sessions.getUserSessions(userId, { pageSize: 10, filter })).toMatchObject(none);
  expect(await sessions.revokeAllUserSessions(userId)).toMatchObject({ revokedSessions: [], totalRevoked: 0 });
});

test.each<[string, () => Promise<unknown>, string, string]>([
  ['a session', () => sessions.getSession('ses_1'), 'ScalekitNotFoundException', 'SESSION_NOT_FOUND'],
  ['a session to revoke', () => sessions.revokeSession('ses_1'), 'ScalekitNotFoundException', 'SESSION_NOT_FOUND'],
  ['a session by what is no ID', () => sessions.getSession('mine'), 'ScalekitBadRequestException', 'INVALID_ID'],
  ['a session to revoke by nothing', () => sessions.revokeSession(''), 'ScalekitBadRequestException', 'INVALID_ID'],
  ['sessions of nobody', () => sessions.getUserSessions('usr_1'), 'ScalekitNotFoundException', 'USER_NOT_FOUND'],
  ['sessions of nobody to revoke', () => sessions.revokeAllUserSessions('usr_1'), 'ScalekitNotFoundException', 'USER_NOT_FOUND'],
  ['sessions by what is no ID', () => sessions.getUserSessions('ada'), 'ScalekitBadRequestException', 'INVALID_ID'],
  ['sessions to revoke by what is no ID', () => sessions.revokeAllUserSessions('ada'), 'ScalekitBadRequestException', 'INVALID_ID'],
])('%s is refused', async (_name, call, exception, errorCode) => {
  expect(await refusal(call())).toMatchObject({ exception, errorCode });
});
