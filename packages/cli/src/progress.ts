import pc from 'picocolors';
import type { Streams } from './streams.ts';

/** How often progress is shown: on a terminal in one line that is written again, elsewhere in a line each. Milliseconds. */
const [terminalPeriod, plainPeriod] = [100, 5000];

/** Shows how far long work is, and lets other lines through. */
export class Progress {
  readonly #streams: Streams;
  readonly #describe: () => string;
  readonly #timer: NodeJS.Timeout;
  readonly color: ReturnType<typeof pc.createColors>;
  #shown = '';

  /** `describe` gives the line. */
  constructor(streams: Streams, env: Record<string, string | undefined>, describe: () => string) {
    this.#streams = streams;
    this.#describe = describe;
    this.color = pc.createColors(streams.terminal !== undefined && !env.NO_COLOR);
    const [period, show] =
      streams.terminal === undefined ? [plainPeriod, () => streams.err(`${describe()}\n`)] : [terminalPeriod, () => this.#redraw()];
    this.#timer = setInterval(show, period);
    this.#timer.unref();
  }

  /** Writes lines that stay. */
  say(text: string): void {
    this.#clear();
    this.#streams.err(`${text}\n`);
  }

  /** Shows the line once more, to stay: a part is done. */
  keep(): void {
    this.say(this.#describe());
  }

  end(): void {
    clearInterval(this.#timer);
    this.#clear();
  }

  #redraw(): void {
    const { terminal, err } = this.#streams;
    if (terminal === undefined) return;
    // One column less: a line that fills the last one wraps, and can be written again no more. Some terminals say 0.
    const line = this.#describe().slice(0, Math.max(1, (terminal.columns() || 80) - 1));
    if (line === this.#shown) return;
    err(`\r\u001b[K${this.color.dim(line)}`);
    this.#shown = line;
  }

  #clear(): void {
    if (this.#shown !== '') this.#streams.err('\r\u001b[K');
    this.#shown = '';
  }
}
