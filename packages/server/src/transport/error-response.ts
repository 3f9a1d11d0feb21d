import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { databaseFailure } from '../database/sql-error.ts';
import { IdempotentReplay } from '../idempotency/index.ts';
import { ApiError } from '../lib/api-error.ts';
import { bodyLimit } from './body.ts';
import { errorAnswer, problem } from './error-answer.ts';
import { sendReplay } from './idempotency-key.ts';
import { methods } from './methods.ts';
import { interruption, isRefused } from './refused-connection.ts';
import { validationError } from './validation.ts';

/** The one place where a thrown error becomes an answer. */
export function registerErrorHandler(app: FastifyInstance): void {
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) => {
    if (methods.some((method) => method === request.method)) {
      return answerError(new ApiError('ROUTE_NOT_FOUND', 'there is no such path; the API page at /docs lists every path'), request, reply);
    }
    reply.header('allow', methods.join(', '));
    return answerError(new ApiError('METHOD_NOT_ALLOWED', `no path has ${request.method}`), request, reply);
  });
}

/** Logs an error and answers it. Also for errors that come before any route, such as a path that cannot be decoded. */
export function answerError(thrown: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (thrown instanceof IdempotentReplay) return sendReplay(reply, thrown);
  const error = toApiError(thrown, request);
  request.errorCode = error.code;
  // Its connection was answered and logged already.
  if (isRefused(request)) return sendError(request, reply, error);
  if (isFault(error)) request.log.error({ err: error.detail.cause ?? thrown, error_code: error.code }, 'request failed');
  else
    request.log.info({ error_code: error.code, status: error.status, method: request.method, url: loggedPath(request) }, 'request refused');
  return sendError(request, reply, error);
}

/**
 * The path of a request for the log, at most 200 characters: without its query, which may hold personal data, and without the secret in
 * the link of an invitation.
 */
export function loggedPath(request: FastifyRequest): string {
  const path = request.url.split('?', 1)[0]?.slice(0, 200) ?? '';
  return path.replace(/^(\/+invitations\/).+$/i, '$1…');
}

/** What an error of any origin means to the caller. */
function toApiError(thrown: FastifyError | Error, request: FastifyRequest): ApiError {
  if ('validation' in thrown && thrown.validation !== undefined) return validationError(thrown.validation, thrown.validationContext);
  const interrupted = interruption(thrown, request);
  if (interrupted !== undefined) return interrupted;
  switch ('code' in thrown ? thrown.code : '') {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ApiError('BODY_TOO_LARGE', `the body may have at most ${request.routeOptions.bodyLimit ?? bodyLimit} bytes here`);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ApiError('UNSUPPORTED_MEDIA_TYPE', 'Content-Type: must be application/json (in UTF-8)');
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new ApiError('MALFORMED_JSON', 'the body does not have the length that Content-Length says');
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new ApiError('URI_TOO_LONG', 'a segment of the path is longer than any ID');
    case 'FST_ERR_BAD_URL':
      return new ApiError('INVALID_ARGUMENT', 'the path has a percent sign that is not an escape, or an escape that is not UTF-8');
    default:
      return knownError(thrown);
  }
}

/** What an error that does not come from HTTP means to the caller: one of ours, a failure of the database, or a bug. */
export function knownError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  return (
    databaseFailure(thrown) ??
    new ApiError('INTERNAL', 'something failed inside the server; its log has the cause under this request ID', { cause: thrown })
  );
}

/** Whether somebody should look into an error: not one that says what this server does on purpose. */
export function isFault({ status, code }: ApiError): boolean {
  return status >= 500 && code !== 'NOT_OFFERED' && code !== 'SERVER_STOPPING';
}

/** Writes an error in the form the caller accepts: ours and Scalekit's, or RFC 9457. */
function sendError(request: FastifyRequest, reply: FastifyReply, error: ApiError): FastifyReply {
  reply.code(error.status).header('cache-control', 'no-store').header('x-request-id', request.id);
  if (error.status === 401) reply.header('www-authenticate', 'Bearer realm="crosswalk"');
  if (error.detail.retryAfter !== undefined) reply.header('retry-after', String(error.detail.retryAfter));
  if (request.headers.accept?.toLowerCase().includes('application/problem+json') === true) {
    return reply.type('application/problem+json; charset=utf-8').send(problem(error, request.id, request));
  }
  return reply.type('application/json; charset=utf-8').send(errorAnswer(error, request.id));
}
