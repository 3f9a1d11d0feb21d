import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A network between two programs that is as bad as it is told to be. */
export interface BadNetwork {
  /** on 127.0.0.1 */
  port: number;
  /** from now on: for what is sent later, and for what has not arrived */
  state: NetworkState;
  /** how many packets were lost so far */
  lost(): number;
  close(): Promise<void>;
}

/** How a network is. `good` passes everything on; `silent` nothing, not even that a side has closed a connection. */
export type NetworkState = 'good' | 'silent' | Slow;

/** Each way, and of a packet. Milliseconds. */
export interface Slow {
  delay: number;
  /** the delay is this much more or less */
  jitter: number;
  /** of 100 packets so many are lost, and sent again by TCP */
  loss: number;
}

/** TCP sends again what was not acknowledged for this long (RFC 6298, with Linux' minimum), and waits twice as long each time. Milliseconds. */
const firstRetransmission = 200;
/** The same of the packet that opens a connection. Milliseconds. */
const firstSynRetransmission = 1_000;
const longestRetransmission = 120_000;

/**
 * Passes on between whoever connects to its port and a Unix socket. What is lost comes later and holds up what follows it, as in TCP: a
 * connection that had something on its way when the network fell silent may be so for as long again after the end of that.
 */
export async function startBadNetwork(path: string, random: (max: number) => number): Promise<BadNetwork> {
  const open = new Set<Socket>();
  let [lost, isClosed] = [0, false];
  // What still waits when it is closed keeps nobody from ending.
  const pause = (time: number) => sleep(time, undefined, { ref: false });
  /** Resolves when a packet of now has arrived. */
  const arrival = async (retransmission: number) => {
    if (typeof network.state === 'object') {
      const { delay, jitter } = network.state;
      await pause(delay - jitter + random(2 * jitter + 1) - 1);
    }
    for (let wait = retransmission; !isClosed && isLost(); wait = Math.min(2 * wait, longestRetransmission)) {
      lost += 1;
      await pause(wait);
    }
  };
  const isLost = () => network.state === 'silent' || (typeof network.state === 'object' && random(100) <= network.state.loss);
  /** One way of a connection: packets arrive in their order, whatever each of them takes. */
  const way = (to: Socket) => {
    let last = Promise.resolve();
    return (act: () => void) => {
      const arrived = arrival(firstRetransmission);
      last = last.then(() => arrived).then(() => (to.destroyed ? undefined : act()));
    };
  };
  const server = createServer({ allowHalfOpen: true }, async (client) => {
    open.add(client);
    client.on('error', () => {}).once('close', () => open.delete(client));
    await arrival(firstSynRetransmission);
    if (isClosed) return;
    const upstream = connect({ path, allowHalfOpen: true });
    open.add(upstream);
    upstream.on('error', () => {}).once('close', () => open.delete(upstream));
    for (const [from, to] of [[client, upstream] as const, [upstream, client] as const]) {
      const send = way(to);
      from.on('data', (chunk: Buffer) => send(() => to.write(chunk)));
      from.once('end', () => send(() => to.end()));
      from.once('close', () => send(() => to.destroy()));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a listener on a port has an address');
  const network: BadNetwork = {
    port: address.port,
    state: 'good',
    lost: () => lost,
    async close() {
      isClosed = true;
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return network;
}
