import { type IncomingMessage, ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../lib/api-error.ts';
import { errorAnswer } from './error-answer.ts';
import { headersTooLarge } from './headers.ts';
import { methods } from './methods.ts';
import { newRequestId } from './request-id.ts';
import { isAnswered } from './unread-body.ts';

/** Connections that were refused, some while the body of a request was still on the way. */
const refused = new WeakSet<Duplex>();

/** Whether the connection of a request was refused: it is answered and logged. */
export function isRefused({ raw }: Pick<FastifyRequest, 'raw'>): boolean {
  return refused.has(raw.socket);
}

/** Connections whose request may take longer than others: whoever reads its body looks after it. */
const unhurried = new WeakSet<Duplex>();

/** Lets the request that a connection is sending take its time, until it is said that it has come. */
export function letTakeTime(socket: Duplex): () => void {
  unhurried.add(socket);
  return () => unhurried.delete(socket);
}

/** What ended a request before it was whole, if it was not the server. */
export function interruption(thrown: Error, { raw }: Pick<FastifyRequest, 'raw'>): ApiError | undefined {
  return raw.errored === thrown ? new ApiError('MALFORMED_REQUEST', 'the connection ended before the request was whole') : undefined;
}

/**
 * Answers what never became a request: text that is not HTTP, headers without end, bytes that do not come. The
 * connection ends with it. Nothing is written where another answer is due or was given: it would be taken for that.
 */
export function refuseConnection(log: FastifyBaseLogger, error: Error, socket: Duplex): void {
  if (codeOf(error) === 'ERR_HTTP_REQUEST_TIMEOUT' && unhurried.has(socket)) return;
  const response: unknown = Reflect.get(socket, '_httpMessage');
  const pending = response instanceof ServerResponse ? response : undefined;
  const isDue = pending !== undefined && (pending.headersSent || pending.req.complete);
  if (!socket.writable || codeOf(error) === 'ECONNRESET' || isDue || isAnswered(socket)) {
    socket.destroy();
    return;
  }
  sendRefusal(log, socket, refusalOf(error));
}

/** CONNECT is no request to this server: it is answered here, as Node asks no route. */
export function registerConnect({ server, log }: FastifyInstance): void {
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    // The connection is ours alone now: unheard, its failure would end the process.
    socket.on('error', () => {});
    sendRefusal(log, socket, new ApiError('METHOD_NOT_ALLOWED', 'this server is no proxy'), { allow: methods.join(', ') });
  });
}

function sendRefusal(log: FastifyBaseLogger, socket: Duplex, refusal: ApiError, headers: Record<string, string> = {}): void {
  refused.add(socket);
  const requestId = newRequestId();
  const body = JSON.stringify(errorAnswer(refusal, requestId));
  const head = {
    date: new Date().toUTCString(),
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-request-id': requestId,
    connection: 'close',
    ...headers,
  };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
  log.info({ reqId: requestId, error_code: refusal.code, status: refusal.status }, 'connection refused');
  socket.end(`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n${lines.join('')}\r\n${body}`, () => socket.destroy());
}

function refusalOf(error: Error): ApiError {
  switch (codeOf(error)) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ApiError('REQUEST_TIMEOUT', 'the request did not arrive in time');
    case 'HPE_HEADER_OVERFLOW':
      return headersTooLarge();
    default:
      return new ApiError('MALFORMED_REQUEST', 'this is not a request of HTTP/1.1');
  }
}

function codeOf(error: Error): unknown {
  return 'code' in error ? error.code : undefined;
}
