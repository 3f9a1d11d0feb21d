import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A way to a server that breaks off. */
export interface CuttingProxy {
  url: string;
  /** how many connections it cut */
  cuts(): number;
  close(): Promise<void>;
}

/** A connection is cut before this many bytes went one way: some in the first request, some in the first answer, some in later ones. */
const farthest = 6_000;

/** Passes on what it gets, and cuts each connection after a random byte of a random direction: what came so far arrives, the rest never. */
export async function startCuttingProxy(to: string, random: (max: number) => number): Promise<CuttingProxy> {
  const { hostname, port } = new URL(to);
  let cuts = 0;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    const both = [client, upstream];
    for (const socket of both) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        open.delete(socket);
        for (const other of both) other.destroy();
      });
    }
    const [toCut, other] = random(2) === 1 ? [client, upstream] : [upstream, client];
    let left = random(farthest);
    other.on('data', (chunk) => toCut.write(chunk));
    toCut.on('data', (chunk) => {
      if (chunk.length < left) {
        left -= chunk.length;
        other.write(chunk);
        return;
      }
      cuts += 1;
      toCut.pause();
      // A reset where there is something unread, an end otherwise: both happen in networks.
      other.write(chunk.subarray(0, left), () => {
        for (const socket of both) socket.destroy();
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a listener on a port has an address');
  return {
    url: `http://127.0.0.1:${address.port}`,
    cuts: () => cuts,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
