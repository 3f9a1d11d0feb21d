import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
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

/** Reads the key of a POST or a PATCH before anything else, also where the effect comes once without it. Register after authentication. */
export function registerKeyCheck(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.method !== 'POST' && request.method !== 'PATCH') return done();
    const { scope, once } = request.routeOptions.config;
    if (scope === 'write' && idempotencyKeyOf(request.raw.rawHeaders) !== undefined && once === true) throw keyRefused();
    done();
  });
}

/** The 400 of a key where request or answer has a secret: an answer that is to be repeated would have to be stored with it. */
export function keyRefused(): ApiError {
  const description = 'must be left out: a secret is shown once and stored nowhere, so the answer cannot be repeated';
  return new ApiError('IDEMPOTENCY_KEY_REFUSED', `Idempotency-Key: ${description}`, {
    violations: [{ field: 'Idempotency-Key', description }],
  });
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
  reply.code(replay.status).header('idempotent-replayed', 'true');
  if (replay.body === '') return reply.send();
  return reply
    .type('application/json; charset=utf-8')
    .serializer((body: string) => body)
    .send(replay.body);
}
