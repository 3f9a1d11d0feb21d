import { databaseFailure } from '../database/sql-error.ts';

/** Rows of one batch: what one transaction does within about a second. */
const most = 1_000;

/**
 * How many rows a batch has: half as many after one whose statement took longer than it may, and a quarter more after each that was done. So
 * rows that are dear to the database pass in smaller batches, rather than being tried again for ever.
 */
export class BatchSize {
  #rows = most;

  get rows(): number {
    return this.#rows;
  }

  /** Whether a batch that failed by `error` is to be done again with fewer rows, which the next one has then. */
  shrinkAfter(error: unknown): boolean {
    if (!isTooSlow(error) || this.#rows === 1) return false;
    this.#rows = Math.floor(this.#rows / 2);
    return true;
  }

  /** A batch was done. */
  grow(): void {
    this.#rows = Math.min(most, this.#rows + Math.ceil(this.#rows / 4));
  }
}

/** Whether the database gave up a statement because it took longer than it may. */
export function isTooSlow(error: unknown): boolean {
  return databaseFailure(error)?.code === 'QUERY_TOO_SLOW';
}
