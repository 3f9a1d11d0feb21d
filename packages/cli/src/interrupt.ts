import { constants } from 'node:os';

/** npm passes a Ctrl-C on to the program that the terminal has told too: signals this close are one. Milliseconds. */
const sameSignal = 300;

/** Hears SIGINT and SIGTERM: the first asks the command to stop, the second ends the process at once. */
export class Interrupt {
  /** aborted when the command is asked to stop */
  readonly signal: AbortSignal;
  readonly #stop = new AbortController();
  readonly #onStop: () => void;
  #status: number | undefined;
  #heardAt = 0;

  /** `onStop` is called at the first signal. */
  constructor(onStop: () => void = () => {}) {
    this.signal = this.#stop.signal;
    this.#onStop = onStop;
    process.on('SIGINT', this.#hear).on('SIGTERM', this.#hear);
  }

  /** The exit status that the signal asks for; undefined when none was heard. */
  get status(): number | undefined {
    return this.#status;
  }

  /** Gives the signals back to whoever had them. */
  end(): void {
    process.off('SIGINT', this.#hear).off('SIGTERM', this.#hear);
  }

  readonly #hear = (signal: NodeJS.Signals) => {
    const now = Date.now();
    if (this.#status === undefined) {
      this.#heardAt = now;
      this.#status = 128 + constants.signals[signal];
      this.#onStop();
      this.#stop.abort();
    } else if (now - this.#heardAt > sameSignal) {
      process.exit(this.#status);
    }
  };
}
