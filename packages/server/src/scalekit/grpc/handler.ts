import http2, { type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { consistencyHeader } from '@crosswalk/contract';
import type { FastifyBaseLogger } from 'fastify';
import type { AccessToken } from '../../clients/index.ts';
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
import { outOfPatience, type Patience, type Wait } from '../../transport/patience.ts';
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

/** Unary gRPC on streams of HTTP/2. */
export function createGrpcHandler(options: GrpcOptions): StreamHandler {
  return (stream, headers, rawHeaders) => new ServerCall(options, stream, headers, rawHeaders).start();
}

/**
 * One call: it is admitted, its one message is read, the method runs within the deadline, and it is answered once, with status and details.
 * A deadline or a cancellation ends the waiting, not the work: a change that was begun is made or not, as a whole.
 */
class ServerCall {
  readonly #options: GrpcOptions;
  readonly #stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;
  readonly #rawHeaders: readonly string[];
  readonly #requestId: string;
  readonly #path: string;
  readonly #watched: WatchedRequest | undefined;
  readonly #sent = { complete: true };
  readonly #wait: Wait;
  #timer: NodeJS.Timeout | undefined;
  #answered = false;

  constructor(options: GrpcOptions, stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[]) {
    this.#options = options;
    this.#stream = stream;
    this.#headers = headers;
    this.#rawHeaders = rawHeaders;
    const requestId = requestIdOf(headers['x-request-id']);
    const path = headers[':path'] ?? '';
    this.#requestId = requestId;
    this.#path = path;
    this.#watched = options.telemetry?.begin({
      protocol: 'grpc',
      method: 'POST',
      route: options.methods.has(path) ? path : unmatched,
      headers,
      attributes: () => ({ 'rpc.system.name': 'grpc', 'rpc.method': path.slice(1, 200), 'crosswalk.request_id': requestId }),
    });
    this.#wait = options.patience.begin({ sent: this.#sent, giveUp: () => this.#fail(outOfPatience(options.patience)) });
  }

  start(): void {
    try {
      if (this.#watched === undefined) this.#admit();
      else this.#watched.run(() => this.#admit());
    } catch (error) {
      this.#fail(error);
    }
  }

  #admit(): void {
    const { methods, refuse, admit } = this.#options;
    if (areTooLarge(this.#rawHeaders)) throw headersTooLarge();
    const { method, timeout } = readHead(this.#headers, methods, refuse);
    this.#timer = setTimeout(() => this.#fail(deadlineExceeded()), Math.min(timeout, defaultRequestTimeout));
    admit(this.#rawHeaders, method.scope, ignored, (error, token) => {
      if (error !== undefined || token === undefined) this.#fail(error);
      else this.#run(method, token).catch((thrown: unknown) => this.#fail(thrown));
    });
  }

  async #run(method: Method, { environmentId, clientId }: AccessToken): Promise<void> {
    const { reads } = this.#options;
    this.#sent.complete = false;
    const message = await readMessage(this.#stream, headerOf(this.#headers, 'grpc-encoding'));
    if (this.#answered) return;
    this.#sent.complete = true;
    const isRead = method.scope === 'read';
    const readFrom = isRead ? readFromOf(this.#rawHeaders) : undefined;
    const context = {
      environmentId,
      actor: { type: 'client' as const, id: clientId },
      requestId: this.#requestId,
      ...(readFrom === undefined ? {} : { readFrom }),
    };
    const call = { context, path: this.#path, headers: this.#headers, idempotencyKey: idempotencyKeyOf(this.#rawHeaders) };
    const answer = await method.run(call, message).then(made, replayed);
    const token = isRead || !reads.hasReplica ? undefined : await reads.position();
    this.#succeed(answer.message, { ...answer.headers, ...(token === undefined ? {} : { [consistencyHeader]: token }) });
  }

  #succeed(message: Uint8Array, headers: OutgoingHttpHeaders): void {
    if (!this.#end()) return;
    const stream = this.#stream;
    stream.once(
      'close',
      this.#options.answers.hold(message.length, () => stream.close(http2.constants.NGHTTP2_CANCEL)),
    );
    sendMessage(stream, message, { ...headers, 'x-request-id': this.#requestId });
  }

  #fail(thrown: unknown): void {
    const error = knownError(thrown);
    if (!this.#end(error)) return;
    logError(this.#options.logger, error, thrown, { reqId: this.#requestId, path: this.#path.slice(0, 200) });
    sendError(this.#stream, error, this.#requestId);
  }

  /** Ends the waiting for an answer; whether one may be sent: it is the first, and there is somebody to get it. */
  #end(error?: ApiError): boolean {
    if (this.#answered) return false;
    this.#answered = true;
    clearTimeout(this.#timer);
    this.#options.patience.end(this.#wait);
    if (this.#watched !== undefined) endWatch(this.#watched, error);
    return !this.#stream.destroyed && !this.#stream.closed;
  }
}

function endWatch(watched: WatchedRequest, error: ApiError | undefined): void {
  const status = statusName(error);
  watched.end({ status, errorCode: error?.code, failed: error !== undefined && isFault(error), attributes: { 'rpc.status_code': status } });
}

/** What a call is answered with: a message, and what is told of it beside. */
interface Answer {
  message: Uint8Array;
  headers: OutgoingHttpHeaders;
}

function made(message: Uint8Array): Answer {
  return { message, headers: {} };
}

/** The stored answer of an earlier call, where that is what a call ended with. It says so, as over REST. */
function replayed(thrown: unknown): Answer {
  if (thrown instanceof IdempotentReplay)
    return { message: Buffer.from(thrown.body, 'base64'), headers: { 'idempotent-replayed': 'true' } };
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
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function sendMessage(stream: ServerHttp2Stream, message: Uint8Array, headers: OutgoingHttpHeaders): void {
  stream.respond({ ':status': 200, 'content-type': contentType, ...headers }, { waitForTrailers: true });
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
