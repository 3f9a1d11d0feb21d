import http2, { type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { consistencyHeader } from '@crosswalk/contract';
import type { FastifyBaseLogger } from 'fastify';
import type { Reads } from '../../database/reads.ts';
import { IdempotentReplay } from '../../idempotency/index.ts';
import { ApiError } from '../../lib/api-error.ts';
import { type Telemetry, unmatched, type WatchedRequest } from '../../telemetry/index.ts';
import type { Admit } from '../../transport/authentication.ts';
import { readFromOf } from '../../transport/consistency-token.ts';
import { isFault, knownError } from '../../transport/error-response.ts';
import { areTooLarge, headersTooLarge } from '../../transport/headers.ts';
import type { HeldAnswers } from '../../transport/held-answers.ts';
import { idempotencyKeyOf } from '../../transport/idempotency-key.ts';
import { defaultRequestTimeout, type StreamHandler } from '../../transport/listener.ts';
import { outOfPatience, type Patience } from '../../transport/patience.ts';
import { requestIdOf } from '../../transport/request-id.ts';
import { frame, readMessage } from './message.ts';
import type { Method } from './method.ts';
import { errorStatus, statusName } from './status.ts';
import { parseTimeout } from './timeout.ts';

const contentType = 'application/grpc+proto';

/** What the handler needs of the service. */
export interface GrpcOptions {
  methods: ReadonlyMap<string, Method>;
  /** The error of a path that no method has. */
  refuse: (path: string) => ApiError;
  admit: Admit;
  reads: Reads;
  patience: Patience;
  answers: HeldAnswers;
  logger: FastifyBaseLogger;
  telemetry: Telemetry | undefined;
}

/**
 * Unary gRPC on streams of HTTP/2: admits, reads the one message, runs the method within the deadline, answers with status and details.
 * A deadline or a cancellation ends the waiting, not the work: a change that was begun is made or not, as a whole.
 */
export function createGrpcHandler({ methods, refuse, admit, reads, patience, answers, logger, telemetry }: GrpcOptions): StreamHandler {
  return (stream, headers, rawHeaders) => {
    const requestId = requestIdOf(headers['x-request-id']);
    const path = headers[':path'] ?? '';
    const watched = telemetry?.begin({
      protocol: 'grpc',
      method: 'POST',
      route: methods.has(path) ? path : unmatched,
      headers,
      attributes: () => ({ 'rpc.system.name': 'grpc', 'rpc.method': path.slice(1, 200), 'crosswalk.request_id': requestId }),
    });
    let answered = false;
    const answer = (send: () => void, error?: ApiError) => {
      if (answered) return;
      answered = true;
      clearTimeout(timer);
      patience.end(wait);
      if (watched !== undefined) endWatch(watched, error);
      if (!stream.destroyed && !stream.closed) send();
    };
    const succeed = (message: Uint8Array, token?: string) =>
      answer(() => {
        const drop = () => stream.close(http2.constants.NGHTTP2_CANCEL);
        stream.once('close', answers.hold(message.length, drop));
        sendMessage(stream, message, requestId, token);
      });
    const fail = (thrown: unknown) => {
      const error = knownError(thrown);
      answer(() => {
        logError(logger, error, thrown, { reqId: requestId, path: path.slice(0, 200) });
        sendError(stream, error, requestId);
      }, error);
    };
    let timer: NodeJS.Timeout | undefined;
    const sent = { complete: true };
    const wait = patience.begin({ sent, giveUp: () => fail(outOfPatience(patience)) });
    const start = () => {
      if (areTooLarge(rawHeaders)) throw headersTooLarge();
      const { method, timeout } = readHead(headers, methods, refuse);
      timer = setTimeout(() => fail(deadlineExceeded()), Math.min(timeout, defaultRequestTimeout));
      admit(rawHeaders, method.scope, ignored, (error, token) => {
        if (error !== undefined || token === undefined) return fail(error);
        const { environmentId, clientId } = token;
        const run = async () => {
          sent.complete = false;
          const message = await readMessage(stream, headerOf(headers, 'grpc-encoding'));
          if (answered) return;
          sent.complete = true;
          const isRead = method.scope === 'read';
          const readFrom = isRead ? readFromOf(rawHeaders) : undefined;
          const context = {
            environmentId,
            actor: { type: 'client' as const, id: clientId },
            requestId,
            ...(readFrom === undefined ? {} : { readFrom }),
          };
          const bytes = await method.run({ context, path, idempotencyKey: idempotencyKeyOf(rawHeaders) }, message).catch(replayed);
          succeed(bytes, isRead || !reads.hasReplica ? undefined : await reads.position());
        };
        run().catch(fail);
      });
    };
    try {
      if (watched === undefined) start();
      else watched.run(start);
    } catch (error) {
      fail(error);
    }
  };
}

function endWatch(watched: WatchedRequest, error: ApiError | undefined): void {
  const status = statusName(error);
  watched.end({ status, errorCode: error?.code, failed: error !== undefined && isFault(error), attributes: { 'rpc.status_code': status } });
}

/** The stored answer of an earlier call, where that is what a call ended with. */
function replayed(thrown: unknown): Uint8Array {
  if (thrown instanceof IdempotentReplay) return Buffer.from(thrown.body, 'base64');
  throw thrown;
}

/** Rates are told in headers, which a gRPC client does not look for. */
const ignored = { header: () => {} };

function deadlineExceeded(): ApiError {
  return new ApiError('DEADLINE_EXCEEDED', 'the deadline of the call has passed');
}

function readHead(headers: IncomingHttpHeaders, methods: ReadonlyMap<string, Method>, refuse: (path: string) => ApiError) {
  const path = headers[':path'] ?? '';
  const type = headers['content-type'] ?? '';
  if (!/^application\/grpc(?:\+proto)?(?:;.*)?$/.test(type))
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE', `content-type: must be ${contentType}`);
  if (headers[':method'] !== 'POST') throw new ApiError('METHOD_NOT_ALLOWED', 'gRPC calls are made with POST');
  const method = methods.get(path);
  if (method === undefined) throw refuse(path);
  const timeout = parseTimeout(headerOf(headers, 'grpc-timeout')) ?? defaultRequestTimeout;
  // A timer knows no less than a millisecond: such a deadline has passed by now, and nothing is begun.
  if (timeout < 1) throw deadlineExceeded();
  return { method, timeout };
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const [value] = [headers[name]].flat();
  return value;
}

function sendMessage(stream: ServerHttp2Stream, message: Uint8Array, requestId: string, token: string | undefined): void {
  const headers = { ':status': 200, 'content-type': contentType, 'x-request-id': requestId };
  stream.respond(token === undefined ? headers : { ...headers, [consistencyHeader]: token }, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(frame(message));
}

function sendError(stream: ServerHttp2Stream, error: ApiError, requestId: string): void {
  stream.respond(
    { ':status': 200, 'content-type': contentType, 'x-request-id': requestId, ...errorStatus(error, requestId) },
    { endStream: true },
  );
  // What the client still sends of its message is thrown away for a moment, so that it reads the answer first; then it is told to stop.
  stream.resume();
  setTimeout(() => stream.close(http2.constants.NGHTTP2_NO_ERROR), lingering).unref();
}

/** Time for the rest of a refused message to arrive. Milliseconds. */
const lingering = 1_000;

function logError(logger: FastifyBaseLogger, error: ApiError, thrown: unknown, call: object): void {
  if (isFault(error)) logger.error({ ...call, err: error.detail.cause ?? thrown, error_code: error.code }, 'request failed');
  else logger.info({ ...call, error_code: error.code }, 'request refused');
}
