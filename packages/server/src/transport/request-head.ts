import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../lib/api-error.ts';
import { bodyLimit } from './body.ts';
import { areTooLarge, headersTooLarge, headerValues } from './headers.ts';

/** Checks what the head of a request says of itself, before anything is done for it. */
export function registerHeadChecks(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.raw.httpVersionMajor === 2 && areTooLarge(request.raw.rawHeaders)) return done(headersTooLarge());
    if (isAmbiguous(request)) {
      reply.header('connection', 'close');
      return done(new ApiError('MALFORMED_REQUEST', 'the request must have one Host, and no second Content-Type'));
    }
    const { expect } = request.headers;
    if (expect !== undefined && expect.toLowerCase() !== '100-continue') {
      return done(new ApiError('EXPECTATION_FAILED', 'Expect: only 100-continue can be met'));
    }
    done();
  });

  // By itself Node asks for the body before anyone has looked at the request (RFC 9110 section 10.1.1).
  for (const event of ['checkContinue', 'checkExpectation']) {
    app.server.on(event, (request, response) => app.server.emit('request', request, response));
  }
  app.addHook('preParsing', (request, reply, payload, done) => {
    const { expect, 'content-length': length } = request.headers;
    // Fastify makes `routeOptions` anew each time it is read.
    if (expect !== undefined && Number(length ?? 0) <= (request.routeOptions.bodyLimit ?? bodyLimit)) reply.raw.writeContinue();
    done(null, payload);
  });
}

/** Whether a header that two readers could read differently is there twice, or the Host of RFC 9112 section 3.2 is missing. */
function isAmbiguous({ raw }: FastifyRequest): boolean {
  const hosts = headerValues(raw.rawHeaders, 'host').length;
  return hosts > 1 || (hosts === 0 && raw.httpVersion === '1.1') || headerValues(raw.rawHeaders, 'content-type').length > 1;
}
