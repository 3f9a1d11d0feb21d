import type { FastifyInstance } from 'fastify';
import type pg from 'pg';
import { ApiError } from '../lib/api-error.ts';

/**
 * `/healthz` answers while the process lives, `/readyz` while the database answers too. The result announces a stop: `/readyz` answers 503
 * from then on, so that proxies send nothing new, and connections of HTTP/1 end with their next answer; all is still served.
 */
export function registerHealth(app: FastifyInstance, pool: pg.Pool): () => void {
  let isStopping = false;
  app.addHook('onRequest', (request, reply, done) => {
    if (isStopping && request.raw.httpVersionMajor === 1) reply.header('connection', 'close');
    done();
  });
  app.get('/healthz', { schema: { hide: true } }, async () => ({ status: 'ok' }));
  app.get('/readyz', { schema: { hide: true } }, async () => {
    if (isStopping) throw new ApiError('SERVER_STOPPING', 'this server is about to stop: another one answers', { retryAfter: 1 });
    await pool.query('select 1');
    return { status: 'ready' };
  });
  return () => {
    isStopping = true;
  };
}
