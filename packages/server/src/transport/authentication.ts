import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TokenVerifier } from '../clients/index.ts';
import { ApiError } from '../lib/api-error.ts';
import { headerValues } from './headers.ts';
import type { ClientLimiter } from './rate-limits.ts';

/**
 * The hook that lets a request through: on a route with a scope it needs a valid access token whose client has
 * that scope and is within its rate. Runs before the body is read. Any valid bearer among several is accepted:
 * some Scalekit clients send an old token beside a fresh one.
 */
export function authenticationHook(verifier: TokenVerifier, limiter: ClientLimiter) {
  return (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
    const { scope } = request.routeOptions.config;
    if (scope === undefined) return done();
    const finish = () => {
      const token = request.token;
      if (token === undefined) return done(unauthenticated('Token empty: send Authorization: Bearer <token>'));
      if (!token.scopes.includes(scope)) {
        return done(new ApiError('PERMISSION_DENIED', `the client lacks the scope "${scope}"`, { requiredScope: scope }));
      }
      limiter.take(token.clientId, reply, done);
    };
    const bearers = bearersOf(request);
    const known = bearers.map((bearer) => verifier.cached(bearer)).find((token) => token !== undefined);
    if (known !== undefined) {
      request.token = known;
      return finish();
    }
    firstValid(verifier, bearers).then((token) => {
      request.token = token;
      if (token === undefined && bearers.length > 0) return done(unauthenticated('the access token is not valid or has expired'));
      return finish();
    }, done);
  };
}

async function firstValid(verifier: TokenVerifier, bearers: string[]) {
  for (const bearer of bearers) {
    const token = await verifier.verify(bearer);
    if (token !== undefined) return token;
  }
  return undefined;
}

/** The tokens of all Authorization headers, those that a proxy joined with commas included. */
function bearersOf(request: FastifyRequest): string[] {
  return headerValues(request.raw, 'authorization')
    .flatMap((header) => (header.length > maxHeader ? [] : header.split(',')))
    .map((part) => /^\s*Bearer +([A-Za-z0-9_.~+/=-]+)\s*$/i.exec(part)?.[1])
    .filter((token) => token !== undefined);
}

/** Our tokens have about 700 characters; two of them and some room. */
const maxHeader = 8192;

function unauthenticated(message: string): ApiError {
  return new ApiError('UNAUTHENTICATED', message);
}
