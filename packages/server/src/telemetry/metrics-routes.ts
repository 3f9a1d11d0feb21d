import type { FastifyInstance } from 'fastify';
import { ApiError } from '../lib/api-error.ts';
import { hashSecret, matchesHash } from '../lib/secret.ts';
import type { Metrics } from './metrics.ts';

/** `GET /metrics`, for whoever has the token of METRICS_TOKEN; 401 for everybody else. */
export function metricsRoutes(app: FastifyInstance, metrics: Metrics, token: string): void {
  const wanted = hashSecret(token);
  app.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
    const [, sent = ''] = /^Bearer +(.+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (!matchesHash(sent, wanted)) throw new ApiError('UNAUTHENTICATED', 'send Authorization: Bearer <METRICS_TOKEN>');
    return reply
      .header('cache-control', 'no-store')
      .type(metrics.contentType)
      .send(await metrics.text());
  });
}
