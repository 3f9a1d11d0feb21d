import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { pause } from './experiment.ts';

/** A way to several servers, which leaves out those that are not ready, as every load balancer does. */
export interface Balancer {
  url: string;
  /** Resolves when each server is ready. */
  allReady(): Promise<void>;
  close(): Promise<void>;
}

/** How often each server is asked whether it is ready; it has to say that it is about to stop for longer. Milliseconds. */
const interval = 100;

/** Passes each request on to the next server that is ready, over a connection of its own. One that nobody takes is offered to another. */
export async function startBalancer(urls: readonly string[]): Promise<Balancer> {
  const ready = new Set<string>();
  let [isClosed, turn] = [false, 0];
  const watch = async (url: string) => {
    while (!isClosed) {
      const answer = await fetch(`${url}/readyz`).catch(() => undefined);
      await answer?.arrayBuffer();
      if (answer?.status === 200) ready.add(url);
      else ready.delete(url);
      await pause(interval);
    }
  };
  const watching = Promise.all(urls.map(watch));
  const server = createServer(async (from, to) => {
    const chunks: Buffer[] = [];
    for await (const chunk of from) chunks.push(chunk);
    for (let attempt = 0; attempt < urls.length; attempt += 1) {
      turn += 1;
      const candidates = urls.filter((url) => ready.has(url));
      const url = candidates[turn % candidates.length];
      if (url === undefined) break;
      if (await passOn(url, from, Buffer.concat(chunks), to)) return;
      ready.delete(url);
    }
    to.writeHead(502).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a listener on a port has an address');
  return {
    url: `http://127.0.0.1:${address.port}`,
    async allReady() {
      while (ready.size < urls.length) await pause(interval);
    },
    async close() {
      isClosed = true;
      server.closeAllConnections();
      server.close();
      await watching;
    },
  };
}

/** Resolves to whether a server took the request: false where nobody listened. What breaks later breaks for the client too. */
function passOn(url: string, from: IncomingMessage, body: Buffer, to: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    const headers = { ...from.headers, connection: 'close' };
    const onward = request(url + (from.url ?? ''), { method: from.method ?? 'GET', headers, agent: false }, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(to);
      answer.on('error', () => to.destroy());
      resolve(true);
    });
    onward.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') return resolve(false);
      to.destroy();
      resolve(true);
    });
    onward.end(body);
  });
}
