import type { ErrorCode, Scope } from '@crosswalk/contract';
import type { FastifyRequest } from 'fastify';
import type { RequestContext } from '../environments/index.ts';
import { ApiError } from '../lib/api-error.ts';
import type { VerifiedSession } from '../operators/index.ts';
import { readFromOf } from './consistency-token.ts';
import { etagOf } from './etag.ts';
import { idempotencyKeyOf, requestHashOf } from './idempotency-key.ts';
import type { Wait } from './patience.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The scope a client needs for this route; without one the route is public. */
    scope?: Scope;
    /** Whether an operator needs the role admin for this route; a client only needs the scope. */
    adminOnly?: boolean;
    /** The route is for browsers: anybody may use it, or whoever has a session. It is about no environment. */
    session?: 'open' | 'required';
    /** Whether it changes one record, which If-Match and If-None-Match are held against: see transport/etag.ts. */
    conditional?: boolean;
    /** Whether it is about a secret, which is not stored: it takes no Idempotency-Key. */
    once?: boolean;
    /** Whether a replica may be read for it, where the caller says so. */
    replica?: boolean;
    /** Whether it takes as long as it takes: it goes through many rows, or waits for somebody else. Others are answered in time, see transport/patience.ts. */
    long?: boolean;
    /** The media types it answers beside JSON. */
    produces?: readonly string[];
  }
  interface FastifyRequest {
    /** Who asks: set by transport/authentication.ts on every route with a scope. */
    caller: Caller | undefined;
    /** The session that the request came with, where it needs or may have one: set there too. */
    session: VerifiedSession | undefined;
    /** Its place among those who wait for an answer: set by transport/patience.ts. */
    wait: Wait | undefined;
    /** What it was refused with, if it was: set by transport/error-response.ts. */
    errorCode: ErrorCode | undefined;
  }
}

/** Who makes a request, and in which environment. Database IDs. */
export interface Caller {
  environmentId: string;
  actor: { type: 'client' | 'operator'; id: string };
}

/** Who makes a request on a route with a scope. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === undefined) throw new ApiError('UNAUTHENTICATED', 'Token empty: send Authorization: Bearer <token>');
  return request.caller;
}

/** The session of a request on a route that requires one. */
export function sessionOf(request: FastifyRequest): VerifiedSession {
  if (request.session === undefined) throw new ApiError('UNAUTHENTICATED', 'nobody is signed in');
  return request.session;
}

/** The context of a request that only reads. */
export function contextOf(request: FastifyRequest): RequestContext {
  const context = primaryContextOf(request);
  const readFrom = request.routeOptions.config.replica === true ? readFromOf(request.raw.rawHeaders) : undefined;
  return readFrom === undefined ? context : { ...context, readFrom };
}

/** The context of a request that reads where changes are made, whatever its caller would take. */
export function primaryContextOf(request: FastifyRequest): RequestContext {
  // Field by field: spreading the caller took 2 us of each look-up (docs/decisions/0003).
  const { environmentId, actor } = callerOf(request);
  return { environmentId, actor, requestId: request.id };
}

/**
 * The context of a request that changes something. `answer` makes status, message (left out: no body) and entity tag of a result: with an
 * Idempotency-Key they are stored with the effect.
 */
export function changeContextOf<Result>(
  request: FastifyRequest,
  answer: (result: Result) => { status: number; body?: unknown; tag?: number | string },
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
        const { status, body, tag } = answer(result as Result);
        return { status, body: body === undefined ? '' : JSON.stringify(body), ...(tag === undefined ? {} : { etag: etagOf(tag) }) };
      },
    },
  };
}
