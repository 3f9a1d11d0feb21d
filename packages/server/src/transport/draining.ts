import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { ApiError } from '../lib/api-error.ts';
import { Line } from '../lib/line.ts';

/**
 * Watches the connections of a server. The result makes those of HTTP/1 end as soon as they may, once the server closes:
 * Node ends the ones that are idle at that moment, but would wait for the first word of one that has said nothing
 * yet, and for the next request on one that was busy.
 */
export function prepareDraining(server: Server): () => void {
  const connected = new Set<Socket>();
  const underWay = new Line<ServerResponse>();
  server.on('connection', (socket) => {
    connected.add(socket);
    socket.once('close', () => connected.delete(socket));
  });
  server.on('request', ({ httpVersionMajor }, response) => {
    if (httpVersionMajor !== 1) return;
    const place = underWay.join(response);
    response.once('close', () => underWay.leave(place));
  });
  return () => {
    for (const socket of connected) if (socket.bytesRead === 0) socket.destroy();
    for (const response of underWay) {
      const { socket } = response;
      if (response.headersSent) response.once('close', () => socket?.end());
      else response.setHeader('connection', 'close');
    }
  };
}

/**
 * Refuses with 503 what still comes on open connections once a server closes, before anything is done for it. Its connection ends, as Fastify says in
 * every answer from then on. What came before is answered as ever.
 */
export function refuseOnceClosing(app: FastifyInstance): void {
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
  });
  app.addHook('onRequest', (_request, _reply, done) => {
    done(isClosing ? new ApiError('SERVER_STOPPING', 'this server stops: send the request to another one', { retryAfter: 1 }) : undefined);
  });
}
