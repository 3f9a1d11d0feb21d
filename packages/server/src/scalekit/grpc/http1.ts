import type { FastifyInstance } from 'fastify';
import { ApiError } from '../../lib/api-error.ts';
import { loggedPath } from '../../transport/error-response.ts';
import { errorStatus } from './status.ts';

/**
 * Refuses calls of gRPC that come over HTTP/1.1, from a proxy that takes HTTP/2 from the client and passes it on so. Their client understands one form of
 * answer: 200 with the status of gRPC, here in the headers, which every proxy passes on, as there are no trailers to lose. Anything else, a 404 above
 * all, it shows as something else than it is.
 */
export function refuseOverHttp1(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.headers['content-type']?.startsWith('application/grpc') !== true) return done();
    const error = new ApiError(
      'HTTP2_REQUIRED',
      'gRPC needs HTTP/2 all the way, and this call came over HTTP/1.1: tell the proxy to speak HTTP/2 to the server (haproxy: proto h2)',
    );
    request.errorCode = error.code;
    request.log.info({ error_code: error.code, url: loggedPath(request) }, 'request refused');
    for (const [name, value] of Object.entries(errorStatus(error, request.id))) reply.header(name, value);
    reply.type('application/grpc').send();
  });
}
