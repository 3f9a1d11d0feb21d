/** Pixels of every chart; what stands in for one has the same. */
export const chartHeight = 200;

/** Hours (UTC) that have a value; those without any are left out. */
interface Hour {
  time: string;
}

/** One bar of a chart. */
export interface Bar {
  /** when it begins, RFC 3339 */
  time: string;
  values: number[];
}

const hour = 3_600_000;

/**
 * Bars of equal width from hours of values, the last one with the hour that is now; bars without a value are there too. `hours`: how far
 * back; `width`: hours of a bar, which begins at a multiple of it (UTC). `now`: milliseconds.
 */
export function barsOf<Given extends Hour>(
  given: readonly Given[],
  valuesOf: (hour: Given) => number[],
  { hours, width, now, values }: { hours: number; width: number; now: number; values: number },
): Bar[] {
  const size = width * hour;
  const last = Math.floor(now / size) * size;
  const first = last - (Math.ceil(hours / width) - 1) * size;
  const bars = new Map<number, Bar>();
  for (let time = first; time <= last; time += size) {
    bars.set(time, { time: new Date(time).toISOString(), values: Array.from({ length: values }, () => 0) });
  }
  for (const one of given) {
    const bar = bars.get(Math.floor(Date.parse(one.time) / size) * size);
    if (bar === undefined) continue;
    const found = valuesOf(one);
    bar.values = bar.values.map((value, index) => value + (found[index] ?? 0));
  }
  return [...bars.values()];
}

/** The filter of records that have no ID of a system: `NOT external_ids.stripe :*`. */
export function withoutSystem(name: string): string {
  return `NOT external_ids${/^[\p{L}\p{N}_-]+$/u.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`} :*`;
}
