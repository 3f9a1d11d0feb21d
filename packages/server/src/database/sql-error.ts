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

/** Whether the connection was lost or never made. The driver says so by plain errors with a system code or a known message. */
export function isConnectionFailure(error: unknown): error is Error {
  if (!(error instanceof Error) || error instanceof DatabaseError) return false;
  const code = codeOf(error);
  // The Unix socket is gone, or no file is left for one; any other missing file is another matter.
  if (code === 'ENOENT' || code === 'EMFILE' || code === 'ENFILE') return 'syscall' in error && error.syscall === 'connect';
  return connectionCodes.has(code) || connectionMessages.test(error.message);
}

/** What a failure of the database means to the caller, or undefined when it means a bug of ours. */
export function databaseFailure(error: unknown): ApiError | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = codeOf(error);
  if (code === '55P03' || code === '40P01' || code === '40001') {
    return new ApiError('RECORD_BUSY', 'other writers kept the record locked; try again', { retryAfter: 1, cause: error });
  }
  if (code === '57014') {
    return new ApiError('QUERY_TOO_SLOW', 'the query took longer than 10 seconds', { retryAfter: 10, cause: error });
  }
  if (isConnectionFailure(error) || unavailable.some((prefix) => code.startsWith(prefix))) {
    return new ApiError('DATABASE_UNAVAILABLE', 'the database does not answer; try again', { retryAfter: 2, cause: error });
  }
  return undefined;
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** SQLSTATE codes and classes of a database that is there and cannot serve, for now or until an operator acts. */
const unavailable = [
  '08', // connection
  '25006', // read-only: a standby
  '25P03', // the transaction was ended while idle
  '28', // the password was changed
  '3D000', // the database is gone
  '53', // out of disk, memory or connections
  '57P', // shutting down, crashed, starting up, idle session ended
  '58', // input or output error
  'XX002', // a damaged index
];

const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
const connectionMessages =
  /timeout exceeded when trying to connect|Connection terminated|connection timeout|timeout expired|Query read timeout|Client has encountered a connection error|not queryable|Cannot use a pool after calling end/i;
