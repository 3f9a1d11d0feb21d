import type { OperatorRole, Scope } from '@crosswalk/contract';
import type { FastifyContextConfig, FastifyReply, FastifyRequest } from 'fastify';
import { type AccessToken, notForThisApi, type TokenVerifier } from '../clients/index.ts';
import { ApiError } from '../lib/api-error.ts';
import { formatId } from '../lib/id.ts';
import { type SessionVerifier, scopesOf, type VerifiedSession } from '../operators/index.ts';
import { headerValues } from './headers.ts';
import type { ClientLimiter, HeaderSink } from './rate-limits.ts';
import { environmentOf, requireCsrfToken, requireOwnSite, type SessionCookie } from './session-request.ts';

/**
 * Lets a request through or not: it needs a valid access token whose client has the scope and is within its rate, which is told to
 * `answer`. Any valid bearer among several is accepted: some Scalekit clients send an old token beside a fresh one. Calls `done`
 * with an `ApiError` (UNAUTHENTICATED, PERMISSION_DENIED, RATE_LIMITED) or with the token; at once when the token is known.
 */
export type Admit = (
  rawHeaders: readonly string[],
  scope: Scope,
  answer: HeaderSink,
  done: (error: Error | undefined, token?: AccessToken) => void,
) => void;

/** The one place that decides which clients may do what, for REST and gRPC. */
export function createAdmission(verifier: TokenVerifier, limiter: ClientLimiter): Admit {
  return (rawHeaders, scope, answer, done) => {
    const headers = headerValues(rawHeaders, 'authorization');
    const decide = (token: AccessToken | typeof notForThisApi | undefined) => {
      if (token === undefined) return done(unauthenticated(bearersOf(headers)));
      if (token === notForThisApi) return done(ofOrganization());
      if (!token.scopes.includes(scope)) {
        return done(new ApiError('PERMISSION_DENIED', `the client lacks the scope "${scope}"`));
      }
      limiter.take(token.clientId, answer, (error) => done(error, token));
    };
    // Nearly every request: one token that was checked before. Nothing is matched or split for it.
    const usual = headers.length === 1 && headers[0]?.startsWith('Bearer ') ? verifier.cached(headers[0].slice(7)) : undefined;
    if (usual !== undefined) return decide(usual);
    const bearers = bearersOf(headers);
    for (const bearer of bearers) {
      const known = verifier.cached(bearer);
      if (known !== undefined) return decide(known);
    }
    firstValid(verifier, bearers).then(decide, done);
  };
}

/** What decides about requests with the session of an operator. */
export interface SessionAdmission {
  sessions: SessionVerifier;
  cookie: SessionCookie;
  limiter: ClientLimiter;
  publicUrl: string;
}

/**
 * The hook that admits requests on routes with a scope or for sessions. Runs before the body is read. A request with an Authorization
 * header is a client's, whatever cookie it has.
 */
export function authenticationHook(admit: Admit, admission: SessionAdmission) {
  const { cookie } = admission;
  return (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
    const { config } = request.routeOptions;
    const { scope, session } = config;
    if (scope === undefined && session === undefined) return done();
    const token = session === undefined && request.headers.authorization !== undefined ? undefined : cookie.read(request.raw.rawHeaders);
    if (scope === undefined || token !== undefined) return admitSession(admission, { request, reply, config, token }, done);
    admit(request.raw.rawHeaders, scope, reply, (error, client) => {
      if (client !== undefined) request.caller = { environmentId: client.environmentId, actor: { type: 'client', id: client.clientId } };
      done(error);
    });
  };
}

/** A request on a route for sessions, or with one; `token` is what its cookie holds. */
interface SessionRequest {
  request: FastifyRequest;
  reply: FastifyReply;
  config: FastifyContextConfig;
  token: string | undefined;
}

function admitSession(
  { sessions, limiter, publicUrl }: SessionAdmission,
  { request, reply, config, token }: SessionRequest,
  done: (error?: Error) => void,
): void {
  const { scope, session, adminOnly = false } = config;
  /** Decides about what the cookie holds; gives whose rate the request counts for. */
  const decide = (found: VerifiedSession | undefined): string => {
    request.session = found;
    if (session === 'open') return request.ip;
    if (found === undefined) throw new ApiError('UNAUTHENTICATED', 'the session has ended: sign in again');
    requireCsrfToken(request, found.session.csrf_token);
    if (scope !== undefined) {
      const environmentId = environmentOf(request);
      requireRole(found.roles[environmentId], environmentId, scope, adminOnly);
      request.caller = { environmentId, actor: { type: 'operator', id: found.operatorId } };
    }
    return found.operatorId;
  };
  const look = async () => {
    requireOwnSite(request, publicUrl);
    return decide(token === undefined ? undefined : (sessions.cached(token) ?? (await sessions.verify(token))));
  };
  look().then((sender) => limiter.take(sender, reply, done), done);
}

/** Throws 404 where the operator has no role, as if there were no such environment, and 403 where the role is not enough. */
function requireRole(role: OperatorRole | undefined, environmentId: string, scope: Scope, adminOnly: boolean): void {
  if (role === undefined) {
    throw new ApiError('ENVIRONMENT_NOT_FOUND', `there is no environment ${formatId('env', environmentId)} in which you have a role`);
  }
  if (scopesOf[role].includes(scope) && (role === 'admin' || !adminOnly)) return;
  const needed = adminOnly ? 'an admin' : 'an editor or an admin';
  throw new ApiError('PERMISSION_DENIED', `this takes ${needed} of the environment; your role is ${role}`);
}

/** What the first token says that opens this API; of several that do not, whether one is valid. */
async function firstValid(verifier: TokenVerifier, bearers: string[]): Promise<AccessToken | typeof notForThisApi | undefined> {
  let best: typeof notForThisApi | undefined;
  for (const bearer of bearers) {
    const token = await verifier.verify(bearer);
    if (token !== undefined && token !== notForThisApi) return token;
    best ??= token;
  }
  return best;
}

/** The tokens of all Authorization headers, those that a proxy joined with commas included. */
function bearersOf(headers: readonly string[]): string[] {
  return headers
    .flatMap((header) => (header.length > maxHeader ? [] : header.split(',')))
    .map((part) => /^\s*Bearer +([A-Za-z0-9_.~+/=-]+)\s*$/i.exec(part)?.[1])
    .filter((token) => token !== undefined);
}

/** Characters. More than ten times one of our tokens (about 700): a header with more is none of ours, and is not split. */
const maxHeader = 8192;

function unauthenticated(bearers: readonly string[]): ApiError {
  return new ApiError(
    'UNAUTHENTICATED',
    bearers.length === 0 ? 'Token empty: send Authorization: Bearer <token>' : 'the access token is not valid or has expired',
  );
}

function ofOrganization(): ApiError {
  return new ApiError(
    'PERMISSION_DENIED',
    'the access token is of a client of an organization (m2morg_…), which may not call this API: take one of the environment (skc_…)',
  );
}
