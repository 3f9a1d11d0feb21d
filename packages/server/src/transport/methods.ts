import type { FastifyInstance, HTTPMethods } from 'fastify';
import { ApiError } from '../lib/api-error.ts';

/** The methods that paths are asked for; none has another. */
export const methods: HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'];

/**
 * Answers 405 with `Allow` for a method that a path does not have. Call before routes are registered, and the
 * function it returns after the last one.
 */
export function registerMethodCheck(app: FastifyInstance): () => void {
  const byPath = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const ofPath = byPath.get(url) ?? new Set<string>();
    for (const one of [method].flat()) ofPath.add(one);
    byPath.set(url, ofPath);
  });
  return () => {
    for (const [url, ofPath] of [...byPath]) {
      const allow = [...ofPath].sort().join(', ');
      const others = methods.filter((method) => !ofPath.has(method));
      app.route({
        method: others,
        url,
        schema: { hide: true },
        // Before the body is read: whatever it is, it is not wanted.
        onRequest: (request, reply, done) => {
          reply.header('allow', allow);
          done(new ApiError('METHOD_NOT_ALLOWED', `this path does not have ${request.method}; it has ${allow}`));
        },
        handler: () => {},
      });
    }
  };
}
