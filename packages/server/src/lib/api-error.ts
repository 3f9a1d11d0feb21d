import { type ErrorCode, errorCatalogue } from '@crosswalk/contract';

/** One field that was refused: `field` is its path in the request (`metadata.plan`, `external_ids.stripe`). */
export interface FieldViolation {
  field: string;
  description: string;
  /** The broken rule in a word, for programs (`max_length`, `nfc`). */
  constraint?: string;
}

/** What an error says beyond its code and message. */
export interface ErrorDetail {
  violations?: FieldViolation[];
  /** The record in the way of a conflict, or the one that was meant. */
  resource?: { id?: string; kind?: string; system?: string; value?: string; version?: number };
  /** Seconds until a retry makes sense; becomes `Retry-After`. */
  retryAfter?: number;
  /** What really happened, for the log and never for the caller. */
  cause?: unknown;
}

/**
 * An answer that is an error: thrown anywhere below a route and turned into a REST or gRPC
 * answer in one place. `message` is read by the caller's developers: it names the field and the
 * way out, and never holds more than 100 characters of what they sent.
 */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'ApiError';
    this.code = code;
    this.detail = detail;
  }

  /** HTTP status of this error. */
  get status(): number {
    return errorCatalogue[this.code].status;
  }
}

/**
 * The error for one bad field: the message reads "field: description".
 * `code` defaults to INVALID_ARGUMENT; give the narrower one where the catalogue has it.
 */
export function invalid(field: string, description: string, constraint?: string, code: ErrorCode = 'INVALID_ARGUMENT'): ApiError {
  const violation: FieldViolation = constraint === undefined ? { field, description } : { field, description, constraint };
  return new ApiError(code, `${field}: ${description}`, { violations: [violation] });
}

/** At most 100 characters of `text` for an error message, never splitting a code point. */
export function excerpt(text: string): string {
  const points = Array.from(text.slice(0, 220));
  return points.length <= 100 && text.length <= 220 ? text : `${points.slice(0, 99).join('')}…`;
}
