import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** The built page, which the build of the dashboard puts into this package. */
const directory = join(dirname(fileURLToPath(import.meta.url)), '../../dist/dashboard');

/** Nothing but files of this server; styles set by script are how the component library works. */
const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
} as const;

/**
 * Serves the dashboard at `/dashboard/`. Its files have names of their content, so browsers keep them for a year. An address below that is
 * no file is a page: the dashboard itself knows which. What looks like a file and is none stays 404.
 */
export async function registerDashboard(app: FastifyInstance): Promise<void> {
  if (!existsSync(join(directory, 'index.html'))) return;
  await app.register(fastifyStatic, {
    root: directory,
    prefix: '/dashboard/',
    cacheControl: false,
    redirect: true,
    wildcard: false,
    preCompressed: true,
    decorateReply: false,
    setHeaders(reply, path) {
      for (const [name, value] of Object.entries(headers)) reply.setHeader(name, value);
      reply.setHeader('cache-control', path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  const page = await readFile(join(directory, 'index.html'), 'utf8');
  app.get<{ Params: { '*': string } }>('/dashboard/*', { schema: { hide: true } }, async ({ params }, reply) => {
    const last = params['*'].split('/').at(-1) ?? '';
    if (params['*'].startsWith('assets/') || last.includes('.')) return reply.callNotFound();
    return reply.headers(headers).header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(page);
  });
  app.get('/', { schema: { hide: true } }, async (_request, reply) => reply.redirect('/dashboard/'));
}
