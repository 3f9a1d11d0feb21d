import { databaseFailure, uniqueViolation } from '../database/sql-error.ts';
import { ApiError } from '../lib/api-error.ts';
import { type BatchSize, isTooSlow } from './batch-size.ts';

/** A batch that fails this often in succession by what is no fault of the database ends its job: a race for an ID is lost once or twice. */
const maxFailures = 8;

/** The job, an import or an undo, whose batch failed. */
interface FailedJob {
  size: BatchSize;
  /** notes the failure; returns how many there were in succession */
  count: () => Promise<number>;
  /** ends the job: one row alone takes the database too long, or the cause is in the log */
  finish: (code: 'QUERY_TOO_SLOW' | 'INTERNAL') => Promise<void>;
  onError: (error: unknown) => void;
}

/**
 * What becomes of a job whose batch failed. What takes the database too long is tried again with fewer rows; what it cannot do now, as long as it
 * takes: that error is thrown on. Anything else is tried again a few times, and then ends the job.
 */
export async function afterFailure(error: unknown, { size, count, finish, onError }: FailedJob): Promise<void> {
  if (size.shrinkAfter(error)) return;
  if (databaseFailure(error) !== undefined && !isTooSlow(error)) throw error;
  const failures = await count();
  // A lost race for an ID is found as a conflict when the batch is decided anew.
  const isRace = error instanceof ApiError || uniqueViolation(error) !== undefined;
  if (!isRace) onError(error);
  if (failures >= maxFailures) await finish(isTooSlow(error) ? 'QUERY_TOO_SLOW' : 'INTERNAL');
}
