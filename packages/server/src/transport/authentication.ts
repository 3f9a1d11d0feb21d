import type { Scope } from '@crosswalk/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AccessToken, TokenVerifier } from '../clients/index.ts';
import { ApiError } from '../lib/api-error.ts';
import { headerValues } from './headers.ts';
import type { ClientLimiter, HeaderSink } from './rate-limits.ts';

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

/** The one place that decides who may do what, for REST and gRPC. */
export function createAdmission(verifier: TokenVerifier, limiter: ClientLimiter): Admit {
  return (rawHeaders, scope, answer, done) => {
    const headers = headerValues(rawHeaders, 'authorization');
    const decide = (token: AccessToken | undefined) => {
      if (token === undefined) return done(unauthenticated(bearersOf(headers)));
      if (!token.scopes.includes(scope)) {
        return done(new ApiError('PERMISSION_DENIED', `the client lacks the scope "${scope}"`, { requiredScope: scope }));
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

/** The hook that admits requests on routes with a scope. Runs before the body is read. */
export function authenticationHook(admit: Admit) {
  return (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
    const { scope } = request.routeOptions.config;
    if (scope === undefined) return done();
    admit(request.raw.rawHeaders, scope, reply, (error, token) => {
      request.token = token;
      done(error);
    });
  };
}

async function firstValid(verifier: TokenVerifier, bearers: string[]): Promise<AccessToken | undefined> {
  for (const bearer of bearers) {
    const token = await verifier.verify(bearer);
    if (token !== undefined) return token;
  }
  return undefined;
}

/** The tokens of all Authorization headers, those that a proxy joined with commas included. */
function bearersOf(headers: readonly string[]): string[] {
  return headers
    .flatMap((header) => (header.length > maxHeader ? [] : header.split(',')))
    .map((part) => /^\s*Bearer +([A-Za-z0-9_.~+/=-]+)\s*$/i.exec(part)?.[1])
    .filter((token) => token !== undefined);
}

/** Our tokens have about 700 characters; two of them and some room. */
const maxHeader = 8192;

function unauthenticated(bearers: readonly string[]): ApiError {
  return new ApiError(
    'UNAUTHENTICATED',
    bearers.length === 0 ? 'Token empty: send Authorization: Bearer <token>' : 'the access token is not valid or has expired',
  );
}
