/** Work that is done again and again. */
export interface LoopOptions {
  /** One round; resolves to whether there is more to do at once. */
  work: () => Promise<boolean>;
  /** pause between rounds when there is nothing to do, in milliseconds */
  interval: number;
  /** Hears of a round that failed; the next follows after the pause. */
  onError: (error: unknown) => void;
}

/** Runs rounds of work one after another, never two at once, until it is stopped. */
export class Loop {
  readonly #options: LoopOptions;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #endPause: (() => void) | undefined;
  #woken = false;
  #stopped = false;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  /** Begins with a round at once. Does nothing when it runs already. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** There may be something to do: the next round does not wait for the end of the pause. */
  wake(): void {
    this.#woken = true;
    this.#endPause?.();
  }

  /** No round begins any more; resolves when the one under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#endPause?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#woken = false;
      const more = await this.#options.work().catch((error: unknown) => {
        this.#options.onError(error);
        // A wake must not turn a database that is down into a busy loop.
        this.#woken = false;
        return false;
      });
      if (!more) await this.#pause();
    }
  }

  async #pause(): Promise<void> {
    if (this.#woken || this.#stopped) return;
    await new Promise<void>((resolve) => {
      this.#endPause = resolve;
      this.#timer = setTimeout(resolve, this.#options.interval);
    });
    clearTimeout(this.#timer);
    this.#endPause = undefined;
  }
}
