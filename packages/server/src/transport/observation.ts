import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Telemetry, unmatched } from '../telemetry/index.ts';
import { loggedPath } from './error-response.ts';

/** Has every request watched, from its head to the end of its answer. Before any other hook. */
export function registerObservation(app: FastifyInstance, telemetry: Telemetry): void {
  const watched = new WeakMap<FastifyRequest, ReturnType<Telemetry['begin']>>();
  app.addHook('onRequest', (request, reply, done) => {
    const one = telemetry.begin({
      protocol: 'rest',
      method: request.method,
      route: templateOf(request) ?? unmatched,
      headers: request.headers,
      attributes: () => attributesOf(request),
    });
    watched.set(request, one);
    let isAnswered = false;
    reply.raw.once('finish', () => {
      isAnswered = true;
    });
    reply.raw.once('close', () => {
      const { statusCode } = reply;
      one.end({
        status: isAnswered ? String(statusCode) : 'aborted',
        errorCode: request.errorCode,
        failed: isAnswered && statusCode >= 500,
        attributes: isAnswered ? { 'http.response.status_code': statusCode } : { 'error.type': 'aborted' },
      });
    });
    one.run(done);
  });
  // What a body's bytes call back is the connection's, not the request's: from here on it is the request's again.
  app.addHook('preValidation', (request, _reply, done) => {
    const one = watched.get(request);
    if (one === undefined) done();
    else one.run(done);
  });
}

/** The path of the route as the documentation has it: Fastify writes a colon that begins no parameter twice, and what a parameter may be behind it. */
function templateOf({ routeOptions }: FastifyRequest): string | undefined {
  return routeOptions.url?.replaceAll('([^:]+)', '').replaceAll('::', ':');
}

/** By the conventions of OpenTelemetry for servers of HTTP. The query is left out: it may hold personal data. */
function attributesOf(request: FastifyRequest) {
  const template = templateOf(request);
  const agent = request.headers['user-agent'];
  return {
    'http.request.method': request.method,
    'url.scheme': request.protocol,
    'url.path': loggedPath(request),
    'network.protocol.version': request.raw.httpVersion,
    'crosswalk.request_id': request.id,
    ...(template === undefined ? {} : { 'http.route': template }),
    ...(agent === undefined ? {} : { 'user_agent.original': agent.slice(0, 200) }),
  };
}
