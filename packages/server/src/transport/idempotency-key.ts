import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IdempotentReplay } from '../idempotency/index.ts';
import { ApiError } from '../lib/api-error.ts';
import { headerValues } from './headers.ts';

/** The Idempotency-Key among the headers of a change (IETF draft-ietf-httpapi-idempotency-key-header), or undefined. */
export function idempotencyKeyOf(rawHeaders: readonly string[]): string | undefined {
  const sent = headerValues(rawHeaders, 'idempotency-key');
  const [key] = sent;
  if (key === undefined) return undefined;
  if (sent.length !== 1 || !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new ApiError(
      'INVALID_IDEMPOTENCY_KEY',
      'Idempotency-Key: must be one header of 1 to 255 printable ASCII characters without spaces',
      {
        violations: [{ field: 'Idempotency-Key', description: 'must be one header of 1 to 255 printable ASCII characters without spaces' }],
      },
    );
  }
  return key;
}

/** What makes two requests the same: method, path with query, preconditions and body. */
export function requestHashOf(request: FastifyRequest): Uint8Array {
  return createHash('sha256')
    .update(JSON.stringify([request.method, request.url, request.headers['if-match'] ?? null, request.headers['if-none-match'] ?? null]))
    .update(JSON.stringify(request.body ?? null))
    .digest();
}

/** Gives the stored answer of an earlier request again. */
export function sendReplay(reply: FastifyReply, replay: IdempotentReplay): FastifyReply {
  if (replay.etag !== null) reply.header('etag', replay.etag);
  return reply
    .code(replay.status)
    .header('idempotent-replayed', 'true')
    .type('application/json; charset=utf-8')
    .serializer((body: string) => body)
    .send(replay.body);
}
