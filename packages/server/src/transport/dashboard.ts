import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** The built page: part of the package where it is published, beside it in the repository. */
const directory = join(dirname(fileURLToPath(import.meta.url)), '../../../dashboard/dist');

/** Nothing but files of this server; styles set by script are how the component library works. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** Serves the dashboard at `/dashboard/`. Its files have names of their content, so browsers keep them for a year. */
export async function registerDashboard(app: FastifyInstance): Promise<void> {
  if (!existsSync(directory)) return;
  await app.register(fastifyStatic, {
    root: directory,
    prefix: '/dashboard/',
    cacheControl: false,
    redirect: true,
    setHeaders(reply, path) {
      reply.setHeader('content-security-policy', policy);
      reply.setHeader('x-content-type-options', 'nosniff');
      reply.setHeader('cache-control', path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  app.get('/', { schema: { hide: true } }, async (_request, reply) => reply.redirect('/dashboard/'));
}
