import type { FastifyInstance } from 'fastify';
import { Line, type Place } from '../lib/line.ts';

/** Bounds of what clients have asked for and do not read. */
export interface HeldAnswersOptions {
  /** how long a client may take to read an answer, in milliseconds; default 60,000 */
  timeout?: number | undefined;
  /** how many bytes of answers a process holds at once; default 128 MB */
  limit?: number | undefined;
}

interface HeldAnswer {
  bytes: number;
  drop: () => void;
  /** when it must have been read, by the clock of `performance.now()` */
  due: number;
}

/**
 * Answers that are there as a whole and on their way. The largest are a few megabytes: a client that reads a byte at a time would keep one in
 * memory for days, and a thousand such clients more than there is. So each has to be read in time, and where all together are too
 * many, the oldest are dropped: those who read what they asked for are done long before. Streams of rows look after themselves.
 */
export class HeldAnswers {
  readonly #timeout: number;
  readonly #limit: number;
  readonly #held = new Line<HeldAnswer>();
  #total = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor({ timeout = 60_000, limit = 128 * 1024 * 1024 }: HeldAnswersOptions = {}) {
    this.#timeout = timeout;
    this.#limit = limit;
  }

  /** Holds an answer until what is returned is called. `drop` ends its connection or stream, and may be called once before. */
  hold(bytes: number, drop: () => void): () => void {
    const place = this.#held.join({ bytes, drop, due: performance.now() + this.#timeout });
    this.#total += bytes;
    for (let oldest = this.#held.first; this.#total > this.#limit && oldest !== undefined && oldest !== place; oldest = this.#held.first) {
      this.#drop(oldest);
    }
    this.#watch(this.#timeout);
    return () => this.#release(place);
  }

  /** All have the same time, so that one timer does for them: it waits for the oldest. */
  #watch(delay: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const now = performance.now();
      let oldest = this.#held.first;
      for (; oldest !== undefined && oldest.item.due <= now; oldest = this.#held.first) this.#drop(oldest);
      if (oldest !== undefined) this.#watch(oldest.item.due - now);
    }, delay).unref();
  }

  #drop(place: Place<HeldAnswer>): void {
    this.#release(place);
    place.item.drop();
  }

  #release(place: Place<HeldAnswer>): void {
    if (this.#held.leave(place)) this.#total -= place.item.bytes;
  }
}

/** Holds the answers of a server. */
export function registerHeldAnswers(app: FastifyInstance, answers: HeldAnswers): void {
  app.addHook('onSend', ({ raw }, reply, payload, done) => {
    // Of a client that is gone the answer has closed already, and nothing would say that it is not held any more.
    if (!raw.socket.destroyed && (typeof payload === 'string' || Buffer.isBuffer(payload))) {
      // An answer of HTTP/1.1 may wait for the one before it, and has no connection of its own till then.
      const drop = () => (raw.httpVersionMajor === 1 ? raw.socket.destroy() : reply.raw.destroy());
      reply.raw.once('close', answers.hold(payload.length, drop));
    }
    done(null, payload);
  });
}
