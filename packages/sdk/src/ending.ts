import { described } from './options.ts';

/** The longest that a timer takes; a longer one would end at once. Milliseconds. */
const longestTimer = 2 ** 31 - 1;

/** Throws a `TypeError` or a `RangeError` unless it is a time in milliseconds: a timer takes what is none for no time at all. */
export function requireTimeout(timeout: number | undefined): void {
  if (timeout === undefined) return;
  if (typeof timeout !== 'number') throw new TypeError(`timeout must be a number of milliseconds, not ${described(timeout)}`);
  if (!(timeout > 0)) throw new RangeError(`timeout must be more than 0 milliseconds, not ${timeout}: Infinity is no limit`);
}

/**
 * What ends a wait before its time: the caller's signal, or how long it may take. It is released when the wait is over: a signal of the caller
 * may live as long as the process, and would keep something of every call.
 */
export class Ending {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  #isLate = false;
  readonly #onAbort = () => this.#controller.abort(this.#caller?.reason);

  /** `timeout` in milliseconds; left out or longer than a timer takes: no limit */
  constructor(caller: AbortSignal | undefined, timeout = Number.POSITIVE_INFINITY) {
    this.#caller = caller;
    caller?.addEventListener('abort', this.#onAbort);
    if (caller?.aborted) this.#onAbort();
    if (timeout > longestTimer) return;
    this.#timer = setTimeout(() => {
      this.#isLate = !this.signal.aborted;
      this.#controller.abort(new DOMException(`it took longer than ${timeout} milliseconds`, 'TimeoutError'));
    }, timeout);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the time was up before the caller ended it. */
  get isLate(): boolean {
    return this.#isLate;
  }

  /** What the work comes to, or the reason of the end if that is first: then the work goes on for whoever else waits for it. */
  race<Value>(work: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      const { signal } = this;
      const onAbort = () => reject(signal.reason);
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort);
      work.then(resolve, reject);
    });
  }

  /** From now on it may take as long as it likes: only the caller ends it. */
  stopClock(): void {
    clearTimeout(this.#timer);
  }

  release(): void {
    this.stopClock();
    this.#caller?.removeEventListener('abort', this.#onAbort);
  }
}
