import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Watches the HTTP/1 connections of a server. The result makes each end as soon as it may, once the server closes: Node
 * ends those that are idle at that moment, and would wait for the first word of those on which no request has arrived
 * yet, and for the next one on those that were busy.
 */
export function prepareDraining(server: Server): () => void {
  const silent = new Set<Socket>();
  const underWay = new Set<ServerResponse>();
  server.on('connection', (socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    silent.delete(socket);
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
  });
  return () => {
    for (const socket of silent) socket.destroy();
    for (const response of underWay) {
      const { socket } = response;
      if (response.headersSent) response.once('close', () => socket?.end());
      else response.setHeader('connection', 'close');
    }
  };
}
