import type { FastifyInstance } from 'fastify';
import { ApiError } from '../lib/api-error.ts';
import { Line, type Place } from '../lib/line.ts';
import { answerError } from './error-response.ts';

/**
 * How long a request may take to be answered, without the time in which its client sends it. A statement ends after 10 seconds and a connection
 * that says nothing is given up after 13, but a request has several statements and waits for a connection before. Fifteen seconds are promised: the
 * rest is for the answer. Milliseconds.
 */
const usualPatience = 14_000;

/** How often it is looked who has waited too long, at most. Milliseconds. */
const longestTick = 250;

/** Somebody who waits for an answer. */
export interface Waiting {
  /** what they sent: while that is not complete, the time is theirs */
  readonly sent: { readonly complete: boolean };
  /** Tells them that there will be none. */
  giveUp(): void;
}

interface Watched extends Waiting {
  /** when they are told, by the clock of `performance.now()` */
  due: number;
}

export type Wait = Place<Watched>;

/**
 * Who waits for an answer, and for how long at most. One timer looks after all of them: a timer of its own for each, and a table of them, took a
 * quarter of the processor time of a look-up.
 */
export class Patience {
  /** how long a request may take to be answered, in milliseconds */
  readonly limit: number;
  readonly #waiting = new Line<Watched>();
  readonly #tick: number;
  #timer: NodeJS.Timeout | undefined;

  /** `limit` in milliseconds; default 14,000 */
  constructor(limit = usualPatience) {
    this.limit = limit;
    this.#tick = Math.min(longestTick, limit / 4);
  }

  /** From now on somebody waits. What is returned is for `end`. */
  begin({ sent, giveUp }: Waiting): Wait {
    this.#timer ??= setTimeout(() => this.#look(), this.#tick).unref();
    return this.#waiting.join({ sent, giveUp, due: performance.now() + this.limit });
  }

  /** They have their answer. May be called again. */
  end(wait: Wait): void {
    this.#waiting.leave(wait);
  }

  #look(): void {
    this.#timer = undefined;
    const now = performance.now();
    let place = this.#waiting.first;
    while (place !== undefined) {
      const { after, item } = place;
      if (!item.sent.complete) item.due = now + this.limit;
      else if (item.due <= now && this.#waiting.leave(place)) item.giveUp();
      place = after;
    }
    if (this.#waiting.first !== undefined) this.#timer ??= setTimeout(() => this.#look(), this.#tick).unref();
  }
}

/**
 * What a request is told that took too long: 503 with Retry-After. It ends the waiting, not the work: a change that was begun is made or not, as a
 * whole, as when the answer is lost on its way.
 */
export function outOfPatience({ limit }: Patience): ApiError {
  return new ApiError('DATABASE_UNAVAILABLE', `it was not done within ${limit / 1000} seconds; try again`, { retryAfter: 2 });
}

/** Answers every request in time, but for those whose route is `long`. Before any hook that waits for the database. */
export function registerPatience(app: FastifyInstance, patience: Patience): void {
  app.decorateRequest('wait', undefined);
  app.addHook('onRequest', (request, reply, done) => {
    request.wait = patience.begin({
      sent: request.raw,
      giveUp() {
        if (reply.sent || request.routeOptions.config.long === true) return;
        answerError(outOfPatience(patience), request, reply);
        // What comes of the work is nobody's answer any more.
        reply.hijack();
      },
    });
    done();
  });
  app.addHook('onSend', ({ wait }, _reply, payload, done) => {
    if (wait !== undefined) patience.end(wait);
    done(null, payload);
  });
}
