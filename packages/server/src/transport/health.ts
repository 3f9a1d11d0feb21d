import type { FastifyInstance } from 'fastify';
import type pg from 'pg';

/** `/healthz` answers while the process lives, `/readyz` while the database answers too. */
export function registerHealth(app: FastifyInstance, pool: pg.Pool): void {
  app.get('/healthz', { schema: { hide: true } }, async () => ({ status: 'ok' }));
  app.get('/readyz', { schema: { hide: true } }, async () => {
    await pool.query('select 1');
    return { status: 'ready' };
  });
}
