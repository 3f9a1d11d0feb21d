import { SessionService as Rpc } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/sessions/sessions_pb.js';
import { ApiError, excerpt, invalid } from '../lib/api-error.ts';
import { requireId } from '../lib/id.ts';
import type { UserService } from '../users/index.ts';
import { change, type Method, read } from './grpc/method.ts';

/** scalekit.v1.sessions.SessionService: there are no sessions of end users here, so every list is empty and no session is found. */
export function sessionMethods(users: UserService): Method[] {
  const userOf = (userId: string) => ({ id: requireId('usr', userId, 'user_id') });
  return [
    read(Rpc.method.getSession, async (_context, { sessionId }) => noSession(sessionId)),
    change(
      Rpc.method.revokeSession,
      async (_context, { sessionId }) => noSession(sessionId),
      () => ({}),
    ),
    read(Rpc.method.getUserSessions, async (context, { userId }) => {
      await users.get(context, userOf(userId));
      return { sessions: [] };
    }),
    change(
      Rpc.method.revokeAllUserSessions,
      (context, { userId }) => users.get(context, userOf(userId)),
      () => ({ revokedSessions: [], totalRevoked: 0 }),
    ),
  ];
}

/** The answer about any session; 400 when it cannot be the ID of one. */
function noSession(sessionId: string): never {
  if (!/^ses_[0-9]+$/.test(sessionId)) throw invalid('session_id', 'must be ses_ and digits', 'pattern', 'INVALID_ID');
  throw new ApiError('SESSION_NOT_FOUND', `there is no session ${excerpt(sessionId)}: Crosswalk signs nobody in`);
}
