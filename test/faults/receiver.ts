import { createServer } from 'node:http';
import type { Target } from './client.ts';
import { send } from './writers.ts';

/** A receiver of webhooks that takes all that come, as an experiment looks at it. */
export interface Receiver {
  url: string;
  /** how often each came, by the ID of the webhook */
  seen: Map<string, number>;
  /** the versions of each record in the order in which they came */
  order: Map<string, number[]>;
  /** While it is so, what comes is taken and never answered. */
  isSilent: boolean;
  /** Has a server send all that happens to organizations; resolves to the ID of the endpoint. */
  subscribe(target: Target): Promise<string>;
  close(): Promise<void>;
}

/** Starts a receiver on 127.0.0.1. */
export async function startReceiver(): Promise<Receiver> {
  const [seen, order]: [Receiver['seen'], Receiver['order']] = [new Map(), new Map()];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { id, record_id: record, record_version: version } = JSON.parse(Buffer.concat(chunks).toString());
    seen.set(id, (seen.get(id) ?? 0) + 1);
    order.set(record, [...(order.get(record) ?? []), version]);
    if (!receiver.isSilent) response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a listener on a port has an address');
  const url = `http://127.0.0.1:${address.port}/`;
  const receiver: Receiver = {
    url,
    seen,
    order,
    isSilent: false,
    async subscribe({ url: server, token }) {
      const { status, body } = await send(server, token, 'POST', '/api/v1/webhook_endpoints', { url, event_types: ['organization'] });
      if (status !== 201) throw new Error(`the endpoint was answered with ${status}`);
      return Object(body).webhook_endpoint.id;
    },
    async close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return receiver;
}
