import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
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
