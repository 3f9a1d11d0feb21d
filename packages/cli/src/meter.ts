/** How far something long is. */
export interface Reading {
  /** what is done: `sending` */
  what: string;
  done: number;
  /** undefined: nobody knows */
  total: number | undefined;
  /** how figures are written, with their unit */
  write: (figure: number) => string;
}

/** Cells of the bar. */
const width = 24;

/** Writes how far something is, how fast it goes on and when it will be done. The rate is that of the last few seconds. */
export class Meter {
  readonly #now: () => number;
  /** readings of the last seconds, the oldest first */
  #seen: { at: number; done: number }[] = [];
  #what = '';

  /** `now` gives milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** One line: `sending  [######------]  25 %  1.0 MB of 4.0 MB  512 kB/s  6 s left`. */
  line({ what, done, total, write }: Reading): string {
    const rate = this.#rate(what, done);
    const parts = [what];
    if (total !== undefined && total > 0) {
      const share = Math.min(1, done / total);
      const filled = Math.floor(share * width);
      parts.push(
        `[${'#'.repeat(filled)}${'-'.repeat(width - filled)}]`,
        `${Math.floor(share * 100)} %`,
        `${write(done)} of ${write(total)}`,
      );
    } else parts.push(write(done));
    if (rate > 0) parts.push(`${write(Math.round(rate))}/s`);
    if (rate > 0 && total !== undefined && total > done) parts.push(`${spanOf((total - done) / rate)} left`);
    return parts.join('  ');
  }

  /** What is done in a second; 0 when that is not known yet. */
  #rate(what: string, done: number): number {
    const at = this.#now();
    if (what !== this.#what || (this.#seen.at(-1)?.done ?? 0) > done) this.#seen = [];
    this.#what = what;
    this.#seen.push({ at, done });
    while (this.#seen.length > 2 && at - (this.#seen[0]?.at ?? at) > rateSpan) this.#seen.shift();
    const [first = { at, done }] = this.#seen;
    return at - first.at < shortest ? 0 : ((done - first.done) / (at - first.at)) * 1000;
  }
}

/** The rate is that of so long, and told after so long. Milliseconds. */
const [rateSpan, shortest] = [10_000, 500];

/** Bytes, in the units of disks. */
export function bytes(figure: number): string {
  if (figure < 1000) return `${figure} B`;
  for (const [index, unit] of ['kB', 'MB', 'GB'].entries()) {
    const value = figure / 1000 ** (index + 1);
    if (value < 999.5 || unit === 'GB') return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
  }
  return `${figure} B`;
}

/** A span of time, of seconds. */
export function spanOf(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.ceil(whole / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
