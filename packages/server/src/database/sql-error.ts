import { DatabaseError } from 'pg';
import { ApiError } from '../lib/api-error.ts';

/** The name of the unique or exclusion constraint an error is about, or undefined if it is another kind of error. */
export function uniqueViolation(error: unknown): string | undefined {
  return error instanceof DatabaseError && (error.code === '23505' || error.code === '23P01') ? error.constraint : undefined;
}

/** The name of the foreign key an error is about, or undefined if it is another kind of error. */
export function foreignKeyViolation(error: unknown): string | undefined {
  return error instanceof DatabaseError && error.code === '23503' ? error.constraint : undefined;
}

/** Whether the whole transaction may simply be run again: it lost a deadlock or a serialization race. */
export function isRetryable(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === '40P01' || error.code === '40001');
}

/**
 * What a failure of the database means to the caller, or undefined when it means a bug of ours.
 * Connection failures come from the driver as plain errors with a system code or a known message.
 */
export function databaseFailure(error: unknown): ApiError | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === '55P03' || code === '40P01' || code === '40001') {
    return new ApiError('RECORD_BUSY', 'other writers kept the record locked; try again', { retryAfter: 1, cause: error });
  }
  if (code === '57014') {
    return new ApiError('QUERY_TOO_SLOW', 'the query took longer than 10 seconds', { retryAfter: 10, cause: error });
  }
  if (unavailableCodes.has(code) || code.startsWith('08') || unavailableMessages.test(error.message)) {
    return new ApiError('DATABASE_UNAVAILABLE', 'the database does not answer; try again', { retryAfter: 2, cause: error });
  }
  return undefined;
}

const unavailableCodes = new Set([
  '53000',
  '53100',
  '53200',
  '53300',
  '53400', // out of resources: disk, memory, connections
  '57P01',
  '57P02',
  '57P03',
  '57P05', // shutting down, crashed, starting up, idle session ended
  '25P03',
  '25006', // transaction ended while idle; read-only standby
  '58030',
  'XX002', // input or output error
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
const unavailableMessages =
  /timeout exceeded when trying to connect|Connection terminated|connection timeout|Client has encountered a connection error|not queryable|Cannot use a pool after calling end/i;
