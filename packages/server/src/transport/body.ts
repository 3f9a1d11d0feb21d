import type { FastifyInstance } from 'fastify';
import { ApiError } from '../lib/api-error.ts';
import { parseJson } from '../lib/json-scan.ts';

/** Largest JSON body of an ordinary route. Bytes. */
export const bodyLimit = 1024 * 1024;

/** Levels of nesting in any body: metadata has 8 of its own, requests add a few. */
const maxDepth = 32;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const jsonType = /^application\/(?:json|merge-patch\+json)(?:\s*;\s*charset=(?:"utf-8"|utf-8))?$/i;

/**
 * Reads request bodies: JSON in UTF-8 and nothing else, checked to the letter, because a type that is
 * read loosely is a way around validation.
 */
export function registerBodyParser(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    // Where nothing would take a body, what is wrong with it is not the reason.
    if (request.is404) return done(null, undefined);
    try {
      const type = request.headers['content-type'] ?? '';
      if (!jsonType.test(type)) {
        throw new ApiError('UNSUPPORTED_MEDIA_TYPE', 'Content-Type: must be application/json (in UTF-8)');
      }
      done(null, parseJson(decode(body), { maxDepth }));
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  });
  app.addHook('onRequest', (request, _reply, done) => {
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      return done(new ApiError('UNSUPPORTED_MEDIA_TYPE', 'Content-Encoding: bodies must be sent uncompressed'));
    }
    const { accept } = request.headers;
    if (accept === undefined || /(?:\*\/\*|application\/(?:\*|json|problem\+json))/i.test(accept)) return done();
    const { scope, produces = [] } = request.routeOptions.config;
    if (scope !== undefined && !produces.some((type) => accept.toLowerCase().includes(type))) {
      return done(new ApiError('NOT_ACCEPTABLE', `Accept: this path answers ${['application/json', ...produces].join(', ')}`));
    }
    done();
  });
}

/** Text of a body; 400 when it is not UTF-8. `string` never comes: the parser asks for a buffer. */
export function decode(body: string | Buffer): string {
  try {
    return typeof body === 'string' ? body : utf8.decode(body);
  } catch {
    throw new ApiError('MALFORMED_JSON', 'the body is not valid UTF-8');
  }
}
