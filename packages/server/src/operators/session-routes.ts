import { ChangeEmail, ChangePassword, SessionAnswer, SetUp, SignIn } from '@crosswalk/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../lib/api-error.ts';
import { emailKey } from '../lib/email.ts';
import { operation } from '../transport/operation.ts';
import type { SignInLimiter } from '../transport/rate-limits.ts';
import { sessionOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { SessionCookie } from '../transport/session-request.ts';
import type { FirstOperatorService } from './first-operator-service.ts';
import { sessionLife } from './session.ts';
import type { SessionService } from './session-service.ts';

const path = '/api/v1/session';
const tag = 'Session';

/** The browser forgets the cookie after the longest time that a session lasts. Seconds. */
const cookieLife = sessionLife.days * 24 * 3600;

/** What the routes of sessions need. */
export interface SessionRouteOptions {
  sessions: SessionService;
  firstOperator: FirstOperatorService;
  cookie: SessionCookie;
  limiter: SignInLimiter;
}

/** REST of signing in and out: for the dashboard, and of the pages of this server alone. */
export function sessionRoutes(app: Routes, { sessions, firstOperator, cookie, limiter }: SessionRouteOptions): void {
  const begun = async (reply: FastifyReply, token: string): Promise<SessionAnswer> => {
    cookie.set(reply, token, cookieLife);
    const verified = await sessions.verify(token);
    return { session: verified?.session ?? null, setup_required: false };
  };

  app.get(
    path,
    operation(
      {
        id: 'getSession',
        tag,
        summary: 'Tell who is signed in to the dashboard',
        session: 'open',
        answers: { 200: SessionAnswer },
      },
      {},
    ),
    async (request, reply) => {
      const { session: found } = request;
      const answer: SessionAnswer =
        found === undefined
          ? { session: null, setup_required: await sessions.setupRequired() }
          : { session: found.session, setup_required: false };
      return noStore(reply).send(answer);
    },
  );

  app.post(
    path,
    operation(
      {
        id: 'signIn',
        tag,
        summary: 'Sign in to the dashboard',
        description: `Sets a cookie that no script can read. The session ends after ${sessionLife.idleHours} hours without use and after ${sessionLife.days} days.`,
        session: 'open',
        answers: { 200: SessionAnswer },
        errors: ['SIGN_IN_FAILED'],
      },
      { body: SignIn },
    ),
    async (request, reply) => {
      const name = emailKey(request.body.email) ?? request.body.email;
      const known = cookie.read(request.raw.rawHeaders);
      const token = await limiter.attempt(request.ip, name, () => sessions.signIn(request.body, known));
      return begun(noStore(reply), token);
    },
  );

  app.delete(
    path,
    operation({ id: 'signOut', tag, summary: 'Sign out of the dashboard', session: 'required', answers: { 204: null } }, {}),
    async (request, reply) => {
      await sessions.signOut(tokenOf(request, cookie));
      cookie.clear(reply);
      return reply.code(204).send();
    },
  );

  app.put(
    `${path}/password`,
    operation(
      {
        id: 'changePassword',
        tag,
        summary: "Change one's own password",
        description: 'All other sessions of the operator end.',
        session: 'required',
        answers: { 204: null },
        errors: ['SIGN_IN_FAILED', 'RECORD_BUSY'],
      },
      { body: ChangePassword },
    ),
    async (request, reply) => {
      const session = sessionOf(request);
      const token = tokenOf(request, cookie);
      await limiter.attempt(request.ip, session.operatorId, () => sessions.changePassword(session, token, request.body, request.id));
      return reply.code(204).send();
    },
  );

  app.put(
    `${path}/email`,
    operation(
      {
        id: 'changeEmail',
        tag,
        summary: 'Change the address by which one signs in',
        session: 'required',
        answers: { 204: null },
        errors: ['INVALID_EMAIL', 'OPERATOR_EXISTS', 'SIGN_IN_FAILED', 'RECORD_BUSY'],
      },
      { body: ChangeEmail },
    ),
    async (request, reply) => {
      const session = sessionOf(request);
      const token = tokenOf(request, cookie);
      await limiter.attempt(request.ip, session.operatorId, () => sessions.changeEmail(session, token, request.body, request.id));
      return reply.code(204).send();
    },
  );

  app.post(
    '/api/v1/setup',
    operation(
      {
        id: 'setUp',
        tag,
        summary: 'Make the first operator, with the link that the server printed',
        description: 'They are an admin of every environment, and signed in.',
        session: 'open',
        answers: { 200: SessionAnswer },
        errors: ['INVALID_EMAIL', 'INVALID_SETUP_TOKEN'],
      },
      { body: SetUp },
    ),
    async (request, reply) => {
      const operator = await limiter.attempt(request.ip, '', () => firstOperator.setUp(request.body, request.id));
      return begun(noStore(reply), await sessions.begin(operator, cookie.read(request.raw.rawHeaders)));
    },
  );
}

function tokenOf(request: FastifyRequest, cookie: SessionCookie): string {
  const token = cookie.read(request.raw.rawHeaders);
  if (token === undefined) throw new ApiError('UNAUTHENTICATED', 'nobody is signed in');
  return token;
}

function noStore(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store');
}
