import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import type pg from 'pg';
import { afterEach } from 'vitest';
import type { TestClient } from '../testing.ts';

/** A request that came in. */
export interface Received {
  id: string;
  headers: Record<string, string>;
  /** as it came */
  text: string;
  message: Record<string, unknown> & { type: string; record_id: string; record_version: number };
  /** milliseconds since 1970 */
  time: number;
}

/** How a receiver answers; the default is 204. */
export type Answer = (received: Received, response: ServerResponse, nth: number) => void;

/** A receiver of webhooks on 127.0.0.1. */
export interface Receiver {
  url: string;
  received: Received[];
  /** Answers differently from now on. */
  answer(next: Answer): void;
  /** Resolves when so many requests have come in, or rejects after `timeout` milliseconds. */
  waitFor(count: number, timeout?: number): Promise<Received[]>;
  close(): Promise<void>;
}

const open = new Set<{ close(): Promise<void> }>();
afterEach(async () => {
  await Promise.all([...open].map((one) => one.close()));
  open.clear();
});

/** Starts a receiver, which ends with the test. */
export async function startReceiver(first: Answer = (_received, response) => response.writeHead(204).end()): Promise<Receiver> {
  let answer = first;
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void read(request).then((one) => {
      received.push(one);
      answer(one, response, received.length);
    });
  });
  const receiver: Receiver = {
    url: `http://127.0.0.1:${await listen(server)}/hook`,
    received,
    answer(next) {
      answer = next;
    },
    async waitFor(count, timeout = 10_000) {
      const deadline = Date.now() + timeout;
      while (received.length < count) {
        if (Date.now() > deadline) throw new Error(`${received.length} of ${count} requests came in`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return received;
    },
    close: () => closing(server),
  };
  open.add(receiver);
  return receiver;
}

/** Starts a server that is none of HTTP: it does to each connection what it is told. Ends with the test. */
export async function startRawReceiver(onConnection: (socket: Socket) => void): Promise<{ url: string }> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  const port = await listen(server);
  open.add({
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  });
  return { url: `http://127.0.0.1:${port}/hook` };
}

/** Lets time pass: what waits for its next attempt is due. What is being sent just now is left alone. */
export async function makeDue(pool: pg.Pool): Promise<void> {
  await pool.query(
    'update webhook_deliveries set due_time = now() where due_time is not null and jsonb_array_length(log) = least(attempts, 10)',
  );
}

/** Makes an endpoint; resolves to its ID and secret. */
export async function createEndpoint(client: TestClient, url: string, more: object = {}): Promise<{ id: string; secret: string }> {
  const { status, body } = await client.request('POST', '/api/v1/webhook_endpoints', { url, ...more });
  if (status !== 201) throw new Error(`creating the endpoint was answered with ${status}: ${JSON.stringify(body)}`);
  const { webhook_endpoint: endpoint, secret } = Object(body);
  return { id: endpoint.id, secret };
}

/** The delivery of an event, when it has come to a status; rejects after ten seconds. */
export async function deliveryOf(
  client: TestClient,
  endpointId: string,
  eventId: string,
  until: (delivery: Delivery) => boolean,
): Promise<Delivery> {
  const path = `/api/v1/webhook_endpoints/${endpointId}/deliveries/${eventId}`;
  for (const deadline = Date.now() + 10_000; ; ) {
    const { body } = await client.request('GET', path);
    const { delivery } = Object(body);
    if (delivery !== undefined && until(delivery)) return delivery;
    if (Date.now() > deadline) throw new Error(`the delivery is ${JSON.stringify(body)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A delivery as it is answered, as far as tests look at it. */
export interface Delivery {
  event_id: string;
  status: string;
  attempts: number;
  next_attempt_time: string | null;
  log: { response_status: number | null; response_body: string; error: string | null; duration_ms: number }[];
}

async function read(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  return { id: headers['webhook-id'] ?? '', headers, text, message: JSON.parse(text), time: Date.now() };
}

async function listen(server: Server | TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  return address.port;
}

function closing(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
