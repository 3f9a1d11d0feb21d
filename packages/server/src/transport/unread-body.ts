import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { bodyLimit } from './body.ts';

/** How long a client that sends more than it may can take to read its answer and hang up. Milliseconds. */
const patience = 2_000;

/**
 * Answers that come before the body was read (401, 405, 413, 415) leave it on the connection. A short one is read and
 * dropped, so that the connection can serve the next request. Of a long one no more is read, and the connection ends:
 * not at once, which would tear the answer out of the client's hands, but after a moment.
 */
export function registerUnreadBodies(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const { raw } = request;
    const length = Number(raw.headers['content-length'] ?? 0);
    const hasBody = length > 0 || raw.headers['transfer-encoding'] !== undefined;
    if (!hasBody || raw.complete || raw.httpVersionMajor !== 1) return done(null, payload);
    const isTooLong = length > bodyLimit || reply.statusCode === 413;
    // Who waits to be asked for the body and is not may send it or leave it out: where it ends is not to be known.
    const isUnasked = raw.headers.expect !== undefined;
    if (isTooLong || isUnasked) reply.header('connection', 'close');
    if (!isUnasked) {
      answered.add(raw.socket);
      if (isTooLong) leave(raw);
      else drop(raw);
    }
    done(null, payload);
  });
}

/** Connections whose request is answered and still comes in. */
const answered = new WeakSet<Duplex>();

/** Whether the request that a connection is sending has its answer already. */
export function isAnswered(socket: Duplex): boolean {
  return answered.has(socket);
}

/** Reads a body of up to 1 MB and forgets it. */
function drop(body: IncomingMessage): void {
  let left = bodyLimit;
  body
    .on('end', () => answered.delete(body.socket))
    .on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left >= 0) return;
      body.removeAllListeners('data').pause();
      hangUp(body.socket);
    });
}

/** Leaves a body unread. */
function leave(body: IncomingMessage): void {
  // Begun and stopped: of a body that nobody began, Node reads all, to throw it away.
  body.once('data', () => body.pause());
  // What Node does after an answer that says `Connection: close`.
  body.socket.destroySoon = () => hangUp(body.socket);
}

/** Says that nothing more will come, and gives the client time to read what did. */
function hangUp(socket: Socket): void {
  socket.end();
  setTimeout(() => socket.destroy(), patience).unref();
}
