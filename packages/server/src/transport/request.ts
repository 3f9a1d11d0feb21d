import type { Scope } from '@crosswalk/contract';
import type { FastifyRequest } from 'fastify';
import type { AccessToken } from '../clients/index.ts';
import type { RequestContext } from '../environments/index.ts';
import { ApiError } from '../lib/api-error.ts';
import { idempotencyKeyOf, requestHashOf } from './idempotency-key.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The scope a client needs for this route; without one the route is public. */
    scope?: Scope;
  }
  interface FastifyRequest {
    /** Who asks: set by transport/authentication.ts on every route with a scope. */
    token: AccessToken | undefined;
  }
}

/** The verified token of a request on a route with a scope. */
export function tokenOf(request: FastifyRequest): AccessToken {
  if (request.token === undefined) throw new ApiError('UNAUTHENTICATED', 'Token empty: send Authorization: Bearer <token>');
  return request.token;
}

/** The context of a request that only reads. */
export function contextOf(request: FastifyRequest): RequestContext {
  const token = tokenOf(request);
  return { environmentId: token.environmentId, actor: { type: 'client', id: token.clientId }, requestId: request.id };
}

/**
 * The context of a request that changes something. `answer` makes status and message of a result: with an
 * Idempotency-Key they are stored with the effect.
 */
export function changeContextOf<Result>(
  request: FastifyRequest,
  answer: (result: Result) => { status: number; body: unknown },
): RequestContext {
  const context = contextOf(request);
  const key = idempotencyKeyOf(request.raw.rawHeaders);
  if (key === undefined) return context;
  return {
    ...context,
    idempotency: {
      key,
      requestHash: requestHashOf(request),
      answer: (result) => {
        // The service passes what it returns to the route: both are this call's Result.
        const { status, body } = answer(result as Result);
        return { status, body: JSON.stringify(body ?? null) };
      },
    },
  };
}
