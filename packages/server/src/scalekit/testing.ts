import type { DescService } from '@bufbuild/protobuf';
import { type Client, Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { ScalekitClient, ScalekitException, type ScalekitOptions, ScalekitServerException } from '@scalekit-sdk/node';
import { ErrorInfoSchema } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/errdetails/errdetails_pb.js';
import type { TestClient, TestServer } from '../testing.ts';

/** Scalekit's own client as a program makes one, for a client of a test server. */
export function scalekitOf(
  { url }: Pick<TestServer, 'url'>,
  { clientId, clientSecret }: TestClient,
  options?: ScalekitOptions,
): ScalekitClient {
  return new ScalekitClient(url, clientId, clientSecret, options);
}

/** Connections by address and token: each is opened once, as a program would. */
const transports = new Map<string, Transport>();

/** The methods of a service as its descriptors have them: for fields that Scalekit's client for Node never sends, and the others do. */
export function messagesOf<Service extends DescService>(
  service: Service,
  { url }: Pick<TestServer, 'url'>,
  token: string | undefined,
): Client<Service> {
  const key = `${url} ${token}`;
  const transport = transports.get(key) ?? openTransport(url, token);
  transports.set(key, transport);
  return createClient(service, transport);
}

function openTransport(baseUrl: string, token: string | undefined): Transport {
  return createGrpcTransport({
    baseUrl,
    interceptors: [
      (next) => (request) => {
        if (token !== undefined) request.header.set('authorization', `Bearer ${token}`);
        return next(request);
      },
    ],
  });
}

/** How a call was refused, as the one who called it sees it. */
export interface Refusal {
  /** the class that Scalekit's client throws; of a call by messages, `ConnectError` */
  exception: string;
  /** the name of the gRPC code; undefined when the client refused by itself */
  code: string | undefined;
  /** the same as a number */
  status: number | undefined;
  errorCode: string | null | undefined;
  message: string;
  /** the fields that were refused */
  fields: string[];
}

/** What a call that must be refused was refused with; fails when it is not. */
export async function refusal(call: Promise<unknown>): Promise<Refusal> {
  const error: unknown = await call.then(
    () => new Error('the call was not refused'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof ScalekitServerException) {
    const { grpcStatus: status, errorCode, message, unpackedDetails } = error;
    return { exception: error.constructor.name, code: Code[status], status, errorCode, message, fields: unpackedDetails.flatMap(fieldsOf) };
  }
  if (error instanceof ConnectError) {
    const { code: status, message } = error;
    const details = error.findDetails(ErrorInfoSchema);
    const [{ errorCode } = { errorCode: undefined }] = details;
    return { exception: 'ConnectError', code: Code[status], status, errorCode, message, fields: details.flatMap(fieldsOf) };
  }
  if (error instanceof ScalekitException) {
    const [exception, message] = [error.constructor.name, error.message];
    return { exception, code: undefined, status: undefined, errorCode: undefined, message, fields: [] };
  }
  throw error;
}

interface Detail {
  validationErrorInfo?: { fieldViolations: { field: string }[] } | undefined;
}

function fieldsOf({ validationErrorInfo }: Detail): string[] {
  return validationErrorInfo?.fieldViolations.map(({ field }) => field) ?? [];
}

/** A part of an answer that must be there. */
export function there<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error('the answer lacks a part');
  return part;
}

/** Arguments as plain JavaScript gives them: of types that TypeScript would not let through. */
export function untyped(value: unknown) {
  return Object(value);
}
