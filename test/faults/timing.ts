/** Where a secret that is sent differs from the right one. */
export type WrongPlace = 'first' | 'last';

/**
 * Makes a try with a secret that is wrong in one place, which says whether it was taken. What it needs is made before, as only the try
 * itself is timed.
 */
export type Attempt = (place: WrongPlace) => () => boolean | Promise<boolean>;

/** What the times of both kinds of tries tell apart. */
export interface Difference {
  /** Welch's t, the largest of all cuts; positive when it takes longer to refuse what is wrong at its end */
  t: number;
  /** of both kinds together, nanoseconds */
  median: number;
  /** whether a wrong secret was taken */
  taken: boolean;
}

/** From here on the two kinds of tries differ (dudect, TVLA): by chance once in 150,000 comparisons of one cut. */
export const leakFrom = 4.5;

/** So many tries are made and then timed, so that making one is not what its time depends on. Pairs. */
const batch = 500;
/** Not timed, so that all of the code is compiled before. Pairs. */
const warmUp = 2_000;
/** A cut counts if it leaves so many times of each kind. */
const fewest = 1_000;
/** How many cuts are tried beside none (as dudect does). */
const cuts = 100;

/**
 * Whether the time of a try tells where the secret was wrong: as dudect (Reparaz, Balasch and Verbauwhede, 2017) finds it out. Pairs of
 * tries are timed in an order of chance, and Welch's t is taken of all times and of those below each of many percentiles, since what else
 * the machine does makes the long ones.
 */
export async function compareTimes(attempt: Attempt, pairs: number, random: (max: number) => number): Promise<Difference> {
  const times: Record<WrongPlace, Float64Array> = { first: new Float64Array(pairs), last: new Float64Array(pairs) };
  let taken = false;
  for (let done = -Math.min(warmUp, pairs); done < pairs; ) {
    const size = Math.min(batch, done < 0 ? -done : pairs - done);
    const tries = Array.from({ length: size }, () => {
      const [one, other]: WrongPlace[] = random(2) === 1 ? ['first', 'last'] : ['last', 'first'];
      return [one, other].map((place = 'first') => ({ place, run: attempt(place) }));
    });
    for (const [index, pair] of tries.entries()) {
      for (const { place, run } of pair) {
        const start = process.hrtime.bigint();
        const result = run();
        const answer = typeof result === 'boolean' ? result : await result;
        const time = Number(process.hrtime.bigint() - start);
        taken ||= answer;
        if (done >= 0) times[place][done + index] = time;
      }
    }
    done += size;
  }
  return { ...tellApart(times.first, times.last), taken };
}

/** The largest t of two lists of times, cut at many percentiles and not at all, and the median of both together. */
export function tellApart(first: Float64Array, last: Float64Array): Pick<Difference, 't' | 'median'> {
  const all = new Float64Array(first.length + last.length);
  all.set(first);
  all.set(last, first.length);
  all.sort();
  const median = all[Math.floor(all.length / 2)] ?? 0;
  // Around the median: the sums of squares keep their digits.
  const [ofFirst, ofLast] = [new Sums(first, median), new Sums(last, median)];
  const values = [welch(ofFirst.of(first.length), ofLast.of(last.length))];
  for (let cut = 1; cut <= cuts; cut += 1) {
    const limit = all[Math.floor(all.length * (1 - 0.5 ** ((10 * cut) / cuts)))] ?? 0;
    const [a, b] = [ofFirst.of(ofFirst.below(limit)), ofLast.of(ofLast.below(limit))];
    if (a.count >= fewest && b.count >= fewest) values.push(welch(a, b));
  }
  const t = values.reduce((largest, value) => (Math.abs(value) > Math.abs(largest) ? value : largest), 0);
  return { t, median };
}

/** A sample: how many, their mean, and their variance (n - 1). */
interface Sample {
  count: number;
  mean: number;
  variance: number;
}

/** Welch's t of two samples; positive when the second has the larger mean. */
function welch(a: Sample, b: Sample): number {
  const difference = b.mean - a.mean;
  return difference === 0 ? 0 : difference / Math.sqrt(a.variance / a.count + b.variance / b.count);
}

/** Times in order with their running sums, so that each cut costs a search. */
class Sums {
  readonly #sorted: Float64Array;
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;
  readonly #zero: number;

  constructor(times: Float64Array, zero: number) {
    this.#sorted = times.toSorted();
    this.#zero = zero;
    this.#sums = new Float64Array(times.length + 1);
    this.#squares = new Float64Array(times.length + 1);
    let [sum, square] = [0, 0];
    for (const [index, time] of this.#sorted.entries()) {
      sum += time - zero;
      square += (time - zero) ** 2;
      this.#sums[index + 1] = sum;
      this.#squares[index + 1] = square;
    }
  }

  /** How many are below a limit. */
  below(limit: number): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle] ?? limit) < limit) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The sample of the smallest so many. */
  of(count: number): Sample {
    const [sum, square] = [this.#sums[count] ?? 0, this.#squares[count] ?? 0];
    return { count, mean: this.#zero + sum / count, variance: Math.max(0, square - (sum * sum) / count) / (count - 1) };
  }
}
