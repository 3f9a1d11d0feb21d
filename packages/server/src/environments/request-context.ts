import type { Position } from '../database/position.ts';

/** Who makes a change: a client or an operator by its database ID, or the system itself. */
export interface Actor {
  type: 'client' | 'operator' | 'system';
  id: string | null;
}

/** What every use case is told of the request it serves. */
export interface RequestContext {
  /** database ID of the environment: the first argument of every statement */
  environmentId: string;
  actor: Actor;
  requestId: string;
  /** present on requests that only read: a replica that has come to this position will do */
  readFrom?: Position;
  /** present when the caller sent an Idempotency-Key */
  idempotency?: IdempotentRequest;
}

/** The context of what the system does by itself, or for somebody who is no client and no operator. `requestId` names the work in its events. */
export function systemContext(environmentId: string, requestId: string): RequestContext {
  return { environmentId, actor: { type: 'system', id: null }, requestId };
}

/** A request that may be repeated and must have its effect once. */
export interface IdempotentRequest {
  key: string;
  /** SHA-256 of method, path and body */
  requestHash: Uint8Array;
  /** The answer as it is stored with the effect: HTTP status, JSON text (empty: no body), and the entity tag in its quotes. */
  answer: (result: unknown) => { status: number; body: string; etag?: string };
}
