import { consistencyHeader } from '@crosswalk/contract';
import type { FastifyInstance } from 'fastify';
import { anyPosition, type Position } from '../database/position.ts';
import type { Reads } from '../database/reads.ts';
import { invalid } from '../lib/api-error.ts';
import { headerValues } from './headers.ts';

/** What a header of a read says: `any`, or the token of an earlier answer. Undefined without one, and for `primary`: nothing else will do. */
export function readFromOf(rawHeaders: readonly string[]): Position | undefined {
  const sent = headerValues(rawHeaders, consistencyHeader);
  const [token] = sent;
  if (token === undefined) return undefined;
  if (sent.length === 1 && token === 'any') return anyPosition;
  if (sent.length === 1 && token === 'primary') return undefined;
  if (sent.length === 1 && /^[0-9a-f]{16}$/.test(token)) return token;
  throw invalid(consistencyHeader, 'must be one header with the token of an earlier answer, any or primary', 'consistency_token');
}

/**
 * The answer to every request of a client that may have changed something tells the position behind it. Asked for after the change has
 * committed, one question for all that wait. Where the database does not say it, the token is `primary`.
 */
export function registerConsistencyTokens(app: FastifyInstance, reads: Reads): void {
  if (!reads.hasReplica) return;
  app.addHook('onSend', async (request, reply) => {
    if (request.routeOptions.config.scope !== 'write' || request.caller === undefined) return;
    // A database that did not answer is not waited for once more.
    reply.header(consistencyHeader, request.errorCode === 'DATABASE_UNAVAILABLE' ? 'primary' : await reads.position());
  });
}
