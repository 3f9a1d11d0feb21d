import type { ErrorAnswer, ErrorCode } from '@crosswalk/contract';

/** One refused field of a request. */
export interface FieldViolation {
  field: string;
  description: string;
  constraint?: string;
}

/** The record in the way: the holder of a taken ID, the current version in a mismatch. */
export interface ErrorResource {
  id?: string;
  kind?: string;
  system?: string;
  value?: string;
  version?: number;
}

/** What is known of a failed call. */
export interface ErrorDetails {
  status: number;
  code: number;
  errorCode: ErrorCode | (string & {});
  requestId: string | undefined;
  fieldViolations?: FieldViolation[];
  resource?: ErrorResource;
  /** seconds */
  retryAfter?: number | undefined;
  cause?: unknown;
}

/** Any failure of a call. `errorCode` tells them apart; new codes may come, so fall back on `status`. */
export class CrosswalkError extends Error {
  override readonly name: string = 'CrosswalkError';
  /** HTTP status; 0 when no answer came */
  readonly status: number;
  /** the google.rpc.Code of the same error */
  readonly code: number;
  /** a code of the error catalogue, such as `EXTERNAL_ID_TAKEN` */
  readonly errorCode: ErrorCode | (string & {});
  /** ask the operator of the server about this ID */
  readonly requestId: string | undefined;
  readonly fieldViolations: FieldViolation[];
  readonly resource: ErrorResource | undefined;
  /** seconds after which a retry makes sense, where the server said so */
  readonly retryAfter: number | undefined;

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.status = details.status;
    this.code = details.code;
    this.errorCode = details.errorCode;
    this.requestId = details.requestId;
    this.fieldViolations = details.fieldViolations ?? [];
    this.resource = details.resource;
    this.retryAfter = details.retryAfter;
  }
}

/** 400 and 422: the request breaks a rule; `fieldViolations` names the fields. */
export class ValidationError extends CrosswalkError {
  override readonly name: string = 'ValidationError';
}

/** 401: the credentials are not valid. */
export class AuthenticationError extends CrosswalkError {
  override readonly name: string = 'AuthenticationError';
}

/** 403: the client lacks a scope. */
export class PermissionError extends CrosswalkError {
  override readonly name: string = 'PermissionError';
}

/** 404. */
export class NotFoundError extends CrosswalkError {
  override readonly name: string = 'NotFoundError';
}

/** 409: another record is in the way; `resource` names it. */
export class ConflictError extends CrosswalkError {
  override readonly name: string = 'ConflictError';
}

/** 412: the record is not in the state that `ifMatch` or `ifNoneMatch` asked for. */
export class PreconditionError extends CrosswalkError {
  override readonly name: string = 'PreconditionError';
}

/** 429, after the retries. */
export class RateLimitError extends CrosswalkError {
  override readonly name: string = 'RateLimitError';
}

/** No answer came: the network failed, or the time was up. It is not known whether the call had its effect. */
export class ConnectionError extends CrosswalkError {
  override readonly name: string = 'ConnectionError';
}

const byStatus = new Map<number, typeof CrosswalkError>([
  [400, ValidationError],
  [401, AuthenticationError],
  [403, PermissionError],
  [404, NotFoundError],
  [409, ConflictError],
  [412, PreconditionError],
  [422, ValidationError],
  [429, RateLimitError],
]);

/** The error of an answer that is one. Whatever is in it, it may be a proxy's: what is not of our form is passed over. */
export async function errorFrom(response: Response): Promise<CrosswalkError> {
  const text = await response.text();
  const answer = parse(text);
  const info = answer?.details.find(isErrorInfo);
  const Kind = byStatus.get(response.status) ?? CrosswalkError;
  const message = answer?.message ?? oauthDescription(text) ?? `the server answered ${response.status} without an explanation`;
  return new Kind(message, {
    status: response.status,
    code: answer?.code ?? 2,
    errorCode: info?.error_code ?? 'UNKNOWN',
    requestId: info?.request_info?.request_id ?? response.headers.get('x-request-id') ?? undefined,
    fieldViolations: info?.validation_error_info?.field_violations ?? [],
    ...(info?.resource_info === undefined ? {} : { resource: info.resource_info }),
    retryAfter: retryAfterOf(response),
  });
}

/** The error of a call that got no answer; `url` is what was asked, where that is known. */
export function connectionError(cause: unknown, url?: string): ConnectionError {
  // The origin alone: a query has IDs of people.
  const server = url === undefined ? 'the server' : `the server at ${new URL(url).origin}`;
  return new ConnectionError(`no answer from ${server}: ${reasonOf(cause)}`, {
    status: 0,
    code: 14,
    errorCode: 'CONNECTION',
    requestId: undefined,
    cause,
  });
}

/** What is at the bottom of a failure: that of `fetch` says no more than that it failed, and several addresses fail with an error each. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return reasonOf(error.cause);
  // OpenSSL tells the place in its own source.
  if ('code' in error && error.code === 'ERR_SSL_WRONG_VERSION_NUMBER')
    return 'it does not speak TLS: begin its URL with http://, or give the port that has TLS';
  return error instanceof AggregateError ? [...new Set(error.errors.map(reasonOf))].join('; ') : error.message;
}

/** `Retry-After` in seconds. */
function retryAfterOf(response: Response): number | undefined {
  const value = response.headers.get('retry-after');
  if (value === null || value.trim() === '') return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - Date.now()) / 1000);
}

type ErrorInfo = ErrorAnswer['details'][number];

/** An error answer as far as it is known to be one. */
interface ReceivedError {
  code?: number;
  message: string;
  details: unknown[];
}

function parse(text: string): ReceivedError | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isErrorAnswer(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isErrorAnswer(value: unknown): value is ReceivedError {
  if (typeof value !== 'object' || value === null || !('message' in value) || !('details' in value)) return false;
  return typeof value.message === 'string' && Array.isArray(value.details);
}

function isErrorInfo(detail: unknown): detail is Pick<ErrorInfo, 'error_code'> & Partial<ErrorInfo> {
  return typeof detail === 'object' && detail !== null && 'error_code' in detail && typeof detail.error_code === 'string';
}

/** The token endpoint answers errors in the form of OAuth. */
function oauthDescription(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('error' in value)) return undefined;
    return 'error_description' in value ? `${String(value.error)}: ${String(value.error_description)}` : String(value.error);
  } catch {
    return undefined;
  }
}
