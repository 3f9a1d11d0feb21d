import { type ErrorAnswer, errorCatalogue } from '@crosswalk/contract';
import type { ApiError } from '../lib/api-error.ts';
import { pointerOf, type Sent } from './pointer.ts';

/** The body of an error answer. */
export function errorAnswer(error: ApiError, requestId: string): ErrorAnswer {
  const { violations, resource } = error.detail;
  return {
    code: errorCatalogue[error.code].grpc,
    message: error.message,
    details: [
      {
        '@type': 'type.googleapis.com/scalekit.v1.errdetails.ErrorInfo',
        error_code: error.code,
        help: errorCatalogue[error.code].wayOut,
        request_info: { request_id: requestId },
        ...(violations === undefined ? {} : { validation_error_info: { field_violations: violations } }),
        ...(resource === undefined ? {} : { resource_info: resource }),
      },
    ],
  };
}

/** The same as RFC 9457 has it. A field that is no part of the body has no pointer. */
export function problem(error: ApiError, requestId: string, sent: Sent): object {
  const { violations, resource } = error.detail;
  return {
    type: `urn:crosswalk:error:${error.code}`,
    title: errorCatalogue[error.code].title,
    status: error.status,
    detail: error.message,
    instance: `urn:crosswalk:request:${requestId}`,
    error_code: error.code,
    request_id: requestId,
    ...(violations === undefined
      ? {}
      : {
          errors: violations.map(({ field, description, constraint }) => ({
            field,
            pointer: pointerOf(field, sent),
            code: constraint,
            message: description,
          })),
        }),
    ...(resource === undefined ? {} : { resource }),
  };
}
