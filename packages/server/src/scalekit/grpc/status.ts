import type { OutgoingHttpHeaders } from 'node:http2';
import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { AnySchema, anyPack } from '@bufbuild/protobuf/wkt';
import { errorCatalogue } from '@crosswalk/contract';
import { ErrorInfoSchema } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/errdetails/errdetails_pb.js';
import type { ApiError } from '../../lib/api-error.ts';

/**
 * The status of an error as headers or trailers: `grpc-status`, `grpc-message`, and the same two with an `ErrorInfo` in
 * `grpc-status-details-bin`. Every error has the details: the Python client fails on one without.
 */
export function errorStatus(error: ApiError, requestId: string): OutgoingHttpHeaders {
  const { grpc } = errorCatalogue[error.code];
  return {
    'grpc-status': String(grpc),
    'grpc-message': encodeMessage(error.message),
    'grpc-status-details-bin': details(grpc, error, requestId),
    ...(error.detail.retryAfter === undefined ? {} : { 'retry-after': String(error.detail.retryAfter) }),
  };
}

/** The codes of gRPC by their number. */
const names = (
  'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED ' +
  'FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED'
).split(' ');

/** The name of the status of an answer, such as `NOT_FOUND`; `OK` without an error. */
export function statusName(error: ApiError | undefined): string {
  return names[error === undefined ? 0 : errorCatalogue[error.code].grpc] ?? 'UNKNOWN';
}

/** Percent-encoded as the specification wants it: printable ASCII stays, but for the percent sign. */
function encodeMessage(message: string): string {
  return message.replace(/[^\x20-\x24\x26-\x7e]+/g, encodeURIComponent);
}

/** A google.rpc.Status: code = 1, message = 2, details = 3. */
function details(code: number, error: ApiError, requestId: string): string {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int32(code);
  writer.tag(2, WireType.LengthDelimited).string(error.message);
  writer.tag(3, WireType.LengthDelimited).bytes(toBinary(AnySchema, anyPack(ErrorInfoSchema, errorInfo(error, requestId))));
  return Buffer.from(writer.finish()).toString('base64').replace(/=+$/, '');
}

/** Their ResourceInfo has no fields for kind, system, value and version: its description is the JSON that REST has as `resource_info`. */
function errorInfo({ code, detail }: ApiError, requestId: string) {
  const { violations = [], resource } = detail;
  return create(ErrorInfoSchema, {
    errorCode: code,
    helpInfo: { links: [{ description: errorCatalogue[code].wayOut, url: '' }] },
    requestInfo: { requestId, servingData: '' },
    ...(violations.length === 0
      ? {}
      : {
          validationErrorInfo: {
            fieldViolations: violations.map(({ field, description, constraint = '' }) => ({ field, description, constraint })),
          },
        }),
    ...(resource === undefined ? {} : { resourceInfo: { resourceName: resource.id ?? '', description: JSON.stringify(resource) } }),
  });
}
