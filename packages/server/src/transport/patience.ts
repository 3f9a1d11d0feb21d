import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../lib/api-error.ts';
import { answerError } from './error-response.ts';

/**
 * How long a request may take to be answered, without the time in which its client sends it. A statement ends after 10 seconds and a connection
 * that says nothing is given up after 13, but a request has several statements and waits for a connection before. Fifteen seconds are promised: the
 * rest is for the answer. Milliseconds.
 */
export const usualPatience = 14_000;

/** The clock of one request: it calls back, once, when the service has had it for too long. */
export class Patience {
  #left: number;
  #begun = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #end: () => void;

  /** `limit` in milliseconds. It stands still until it is started. */
  constructor(limit: number, end: () => void) {
    this.#left = limit;
    this.#end = end;
  }

  /** It goes on: the service has the request. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#begun = performance.now();
    // Whole milliseconds: Node keeps a list for each different time, and nearly all requests have the same.
    this.#timer = setTimeout(this.#end, Math.ceil(this.#left));
  }

  /** It stands still: the client is sending, or it has been answered. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#left = Math.max(0, this.#left - Math.floor(performance.now() - this.#begun));
  }
}

/**
 * What a request is told that took too long: 503 with Retry-After. It ends the waiting, not the work: a change that was begun is made or not, as a
 * whole, as when the answer is lost on its way.
 */
export function outOfPatience(limit: number): ApiError {
  return new ApiError('DATABASE_UNAVAILABLE', `the database did not do it within ${limit / 1000} seconds; try again`, { retryAfter: 2 });
}

/** Answers every request in time, but for those whose route is `long`. Before any hook that waits for the database. */
export function registerPatience(app: FastifyInstance, limit: number): void {
  const clocks = new WeakMap<FastifyRequest, Patience>();
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.long !== true) {
      const clock = new Patience(limit, () => {
        answerError(outOfPatience(limit), request, reply);
        // What comes of the work is nobody's answer any more.
        reply.hijack();
      });
      clocks.set(request, clock);
      reply.raw.once('close', () => clock.stop());
      clock.start();
    }
    done();
  });
  app.addHook('preParsing', (request, _reply, payload, done) => {
    clocks.get(request)?.stop();
    done(null, payload);
  });
  app.addHook('preValidation', (request, _reply, done) => {
    clocks.get(request)?.start();
    done();
  });
  app.addHook('onSend', (request, _reply, payload, done) => {
    clocks.get(request)?.stop();
    done(null, payload);
  });
}
