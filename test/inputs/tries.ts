import { inject } from 'vitest';

/** How often a property is tried, and with which seed: `npm run inputs` may say both, and fast-check tells the seed of what fails. */
export function tries(short: number, long: number): { numRuns: number; seed?: number } {
  const { seed, runs } = inject('inputs');
  return { numRuns: runs ?? (inject('long') ? long : short), ...(seed === undefined ? {} : { seed }) };
}
