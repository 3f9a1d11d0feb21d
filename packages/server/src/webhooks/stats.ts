import type { WebhookHour, WebhookStats } from '@crosswalk/contract';

/** What is kept of an hour of attempts. */
export interface HourRow {
  time: string;
  delivered: number;
  failed: number;
  /** attempts by the step of the scale that their time is within */
  durations: number[];
}

/**
 * The scale of times, in milliseconds: each step begins after the one before it, and the last takes all beyond. A step is at most two and a half
 * times the one before, so a percentile is told that exactly, for a row of 14 numbers an hour.
 */
const scale = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 15_000, 30_000, 60_000] as const;

/** The step of a time; from 0. */
export function stepOf(milliseconds: number): number {
  const step = scale.findIndex((end) => milliseconds <= end);
  return step === -1 ? scale.length - 1 : step;
}

/** How many steps there are. */
export const steps = scale.length;

/** The end of the step within which a share of the attempts is; null when there was none. */
function percentile(durations: readonly number[], share: number): number | null {
  const wanted = Math.ceil(sum(durations) * share);
  if (wanted === 0) return null;
  let passed = 0;
  const step = durations.findIndex((count) => {
    passed += count;
    return passed >= wanted;
  });
  return scale[step] ?? null;
}

const percentiles = (durations: readonly number[]) => ({ p50_ms: percentile(durations, 0.5), p95_ms: percentile(durations, 0.95) });

/** The figures of an endpoint, hours in order. `now`: milliseconds since 1970. */
export function statsOf(rows: readonly HourRow[], now: number): WebhookStats {
  const all = rows.reduce<number[]>((totals, { durations }) => durations.map((count, step) => count + (totals[step] ?? 0)), []);
  return {
    delivered: sum(rows.map(({ delivered }) => delivered)),
    failed: sum(rows.map(({ failed }) => failed)),
    ...percentiles(all),
    hours: rows.map(({ durations, ...hour }): WebhookHour => ({ ...hour, ...percentiles(durations) })),
    as_of: new Date(now).toISOString(),
  };
}

/** The beginning of the first of so many hours, of which the last is the one of `now`. Milliseconds since 1970. */
export function firstHour(now: number, hours: number): Date {
  return new Date((Math.floor(now / hour) - hours + 1) * hour);
}

const hour = 3_600_000;

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
