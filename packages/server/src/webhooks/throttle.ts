/** Requests under way at one endpoint at most, from one process: enough to keep pace with a receiver far away. */
const maxWindow = 64;

/** How many a process begins with at an endpoint that it knows nothing of. */
const firstWindow = 8;

/** The pause between attempts at an endpoint that does not answer. Milliseconds. */
const probePause = 1_000;

/** The longest pause of the whole endpoint that Retry-After brings; each delivery keeps to its own besides. Milliseconds. */
const maxPause = 60_000;

/** Milliseconds. */
const staleAfter = 5 * 60_000;

/**
 * How much of an endpoint's work a process takes on at once: it doubles with every success and is halved by every sign of overload,
 * down to one attempt a second. So an endpoint that hangs holds no more than a few sockets, and none that another needs.
 */
export class Throttle {
  #window = firstWindow;
  #inFlight = 0;
  #pausedUntil = 0;
  #lastUse = 0;

  /** How many more attempts may begin at `now`, in milliseconds. */
  slots(now: number): number {
    return now < this.#pausedUntil ? 0 : Math.max(0, Math.floor(this.#window) - this.#inFlight);
  }

  /** An attempt begins. */
  begin(now: number): void {
    this.#inFlight += 1;
    this.#lastUse = now;
  }

  /** An attempt has ended; `retryAfter` is in seconds. */
  end(result: 'success' | 'refusal' | 'overload', now: number, retryAfter: number | null = null): void {
    this.#inFlight -= 1;
    if (result === 'success') {
      this.#window = Math.min(maxWindow, this.#window * 2);
      this.#pausedUntil = 0;
    }
    if (result === 'overload') {
      this.#window = Math.max(1, this.#window / 2);
      const pause = Math.min(maxPause, (retryAfter ?? 0) * 1000);
      this.#pausedUntil = Math.max(this.#pausedUntil, now + Math.max(pause, this.#window < 2 ? probePause : 0));
    }
  }

  /** Whether it has been out of use for so long that nothing it knows is worth keeping. */
  isStale(now: number): boolean {
    return this.#inFlight === 0 && now - this.#lastUse > staleAfter;
  }
}

/** What an endpoint has of a process that knows nothing of it. */
export const initialSlots = firstWindow;
