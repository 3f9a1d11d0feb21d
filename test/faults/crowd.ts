import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { startChild } from '../../tools/programs/child.ts';

/** A connection of a crowd, as its client sees it. */
export interface Member {
  socket: Socket;
  /** when it was opened and when it ended, whoever ended it; undefined while it is open. Milliseconds of the monotonic clock. */
  opened: number;
  ended?: number;
  /** what came of it, at most 1,000 bytes */
  received: string;
}

/** How many connections are opened at a time: fewer than the queue of the kernel holds. */
const batch = 200;

/** Opens many connections at once; what cannot be opened has ended. */
export async function openCrowd(url: string, size: number, begin: (socket: Socket) => void): Promise<Member[]> {
  const { hostname, port } = new URL(url);
  const members: Member[] = [];
  const open = async () => {
    const socket = connect({ host: hostname, port: Number(port) });
    const member: Member = { socket, opened: performance.now(), received: '' };
    members.push(member);
    socket.on('error', () => {});
    socket.once('close', () => {
      member.ended = performance.now();
    });
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {});
    if (socket.destroyed) return;
    member.opened = performance.now();
    socket.on('data', (chunk) => {
      if (member.received.length < 1_000) member.received += chunk.toString('latin1');
    });
    begin(socket);
  };
  for (let start = 0; start < size; start += batch) await Promise.all(Array.from({ length: Math.min(batch, size - start) }, open));
  return members;
}

/** Waits until something is so, for a minute at most. */
export async function eventually(isSo: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 60_000; !isSo() && Date.now() < deadline; ) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** What clients who behave got meanwhile. */
export interface Service {
  /** Milliseconds from a request to its answer, of each. */
  times: number[];
  /** how often there was another answer than 200, or none */
  failures: string[];
}

/** Clients that ask for a page of one organization, each one request after the other, over connections that they keep. */
export interface ClientsSettings {
  url: string;
  token: string;
  clients: number;
  /** from an answer to the next request, milliseconds */
  pause: number;
}

/** Starts clients in a process of their own: what is done to a server here must not hold them up. `stop` gives what they got. */
export async function startClients(settings: ClientsSettings): Promise<{ stop(): Promise<Service> }> {
  const child = startChild(new URL('./clients-program.ts', import.meta.url));
  await child.ask(JSON.stringify(settings));
  return {
    async stop() {
      const service: Service = JSON.parse(await child.ask('stop'));
      await child.end();
      return service;
    },
  };
}

/** The time that a hundredth of the requests took longer than. Milliseconds. */
export function percentile99(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0);
}
