import type { FastifyInstance } from 'fastify';

/** Bounds of what clients have asked for and do not read. */
export interface HeldAnswersOptions {
  /** how long a client may take to read an answer, in milliseconds; default 60,000 */
  timeout?: number | undefined;
  /** how many bytes of answers a process holds at once; default 128 MB */
  limit?: number | undefined;
}

/**
 * Answers that are there as a whole and on their way. The largest are a few megabytes: a client that reads a byte at a time would keep one in
 * memory for days, and a thousand such clients more than there is. So each has to be read in time, and where all together are too
 * many, the oldest are dropped: those who read what they asked for are done long before. Streams of rows look after themselves.
 */
export class HeldAnswers {
  readonly #timeout: number;
  readonly #limit: number;
  /** in the order in which they were sent */
  readonly #held = new Map<number, { bytes: number; drop: () => void }>();
  #total = 0;
  #count = 0;

  constructor({ timeout = 60_000, limit = 128 * 1024 * 1024 }: HeldAnswersOptions = {}) {
    this.#timeout = timeout;
    this.#limit = limit;
  }

  /** Holds an answer until what is returned is called. `drop` ends its connection or stream, and may be called once before. */
  hold(bytes: number, drop: () => void): () => void {
    this.#count += 1;
    const number = this.#count;
    this.#held.set(number, { bytes, drop });
    this.#total += bytes;
    const timer = setTimeout(() => this.#drop(number), this.#timeout);
    for (const oldest of this.#held.keys()) {
      if (this.#total <= this.#limit || oldest === number) break;
      this.#drop(oldest);
    }
    return () => {
      clearTimeout(timer);
      this.#release(number);
    };
  }

  #drop(number: number): void {
    const { drop } = this.#held.get(number) ?? {};
    this.#release(number);
    drop?.();
  }

  #release(number: number): void {
    this.#total -= this.#held.get(number)?.bytes ?? 0;
    this.#held.delete(number);
  }
}

/** Holds the answers of a server. */
export function registerHeldAnswers(app: FastifyInstance, answers: HeldAnswers): void {
  app.addHook('onSend', ({ raw }, reply, payload, done) => {
    if (typeof payload === 'string' || Buffer.isBuffer(payload)) {
      // An answer of HTTP/1.1 may wait for the one before it, and has no connection of its own till then.
      const drop = () => (raw.httpVersionMajor === 1 ? raw.socket.destroy() : reply.raw.destroy());
      reply.raw.once('close', answers.hold(payload.length, drop));
    }
    done(null, payload);
  });
}
