import { Agent, createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { randomNumbers } from '../tools/programs/random.ts';
import { idOf } from './records.ts';

/** One round of changes that are written while readers of the feed and receivers of webhooks wait for them. */
export interface Changes {
  url: string;
  token: string;
  records: number;
  seed: number;
  /** changes per second that are asked for */
  rate: number;
  seconds: number;
  /** endpoints that answer, and as many that never do */
  endpoints: number;
}

/** What came of it. Delays are milliseconds from the answer to a change until it is seen. */
export interface ChangesResult {
  /** changes per second that were answered */
  written: number;
  /** events per second that the reader saw until it had them all, and the delays */
  read: number;
  feed: Delays;
  /** deliveries per second to the endpoints that answer until they had them all, and the delays */
  delivered: number;
  webhooks: Delays;
  /** what went wrong; the figures are then worth nothing */
  problem?: string;
}

export interface Delays {
  p50: number;
  p99: number;
}

/** What is not seen after this is lost. Milliseconds. */
const patience = 30_000;

// The process of the load: each line that comes is `Changes`, each line that goes its `ChangesResult`.
for await (const line of createInterface({ input: process.stdin })) {
  const result = await run(JSON.parse(line)).catch((error: unknown) => ({ problem: String(error) }));
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

async function run({ url, token, records, seed, rate, seconds, endpoints }: Changes): Promise<ChangesResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const call = (method: string, path: string, body?: object) => send(agent, url + path, token, method, body);
  const servers: Server[] = [];
  const ids: string[] = [];
  const written = new Map<string, number>();
  const deliveries: number[] = [];
  const feedSeen: number[] = [];
  const early: { key: string; time: number; seen: number[] }[] = [];
  const see = (key: string, seen: number[]) => {
    const time = performance.now();
    const answered = written.get(key);
    // A change may be seen before its answer has come.
    if (answered === undefined) early.push({ key, time, seen });
    else seen.push(time - answered);
  };
  let lastDelivery = 0;
  for (let index = 0; index < endpoints * 2; index += 1) {
    const server = createServer((incoming, response) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      incoming.on('end', () => {
        if (index % 2 === 1) return;
        const { record_id: id, record_version: version } = JSON.parse(text);
        see(`${id}:${version}`, deliveries);
        lastDelivery = performance.now();
        response.writeHead(204).end();
      });
    });
    servers.push(server);
    const address = await new Promise<AddressInfo | string | null>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve(server.address()));
    });
    const port = typeof address === 'object' ? address?.port : 0;
    const made = await call('POST', '/api/v1/webhook_endpoints', {
      url: `http://127.0.0.1:${port}/`,
      event_types: ['organization.updated'],
    });
    ids.push(made.webhook_endpoint.id);
  }

  let over = false;
  const start = await call('GET', '/api/v1/organizations?page_size=1');
  let lastRead = 0;
  const reading = (async () => {
    for (let cursor: string = start.events_cursor; ; ) {
      const page = await call('GET', `/api/v1/events?types=organization.updated&limit=1000&wait=1&after=${cursor}`);
      for (const event of page.events) see(`${event.record_id}:${event.record_version}`, feedSeen);
      if (page.events.length > 0) lastRead = performance.now();
      cursor = page.next_cursor;
      if (over) return;
    }
  })();

  const random = randomNumbers(seed);
  const began = performance.now();
  const calls: Promise<void>[] = [];
  for (let sent = 0; sent < rate * seconds; sent += 1) {
    const ahead = (sent / rate) * 1000 - (performance.now() - began);
    if (ahead > 1) await new Promise((resolve) => setTimeout(resolve, ahead));
    const path = `/api/v1/organizations/org_${idOf(random(records))}`;
    calls.push(
      call('PATCH', path, { metadata: { round: `${seed}-${sent}` } }).then(({ organization }) => {
        written.set(`${organization.id}:${organization.version}`, performance.now());
      }),
    );
  }
  await Promise.all(calls);
  const wrote = performance.now();
  const isDone = () =>
    feedSeen.length + early.filter(({ seen }) => seen === feedSeen).length >= calls.length &&
    deliveries.length + early.filter(({ seen }) => seen === deliveries).length >= calls.length * endpoints;
  while (!isDone() && performance.now() - wrote < patience) await new Promise((resolve) => setTimeout(resolve, 20));
  over = true;
  await reading;
  for (const { key, time, seen } of early) seen.push(Math.max(0, time - (written.get(key) ?? time)));
  for (const id of ids) await call('DELETE', `/api/v1/webhook_endpoints/${id}`);
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  agent.destroy();
  if (feedSeen.length < calls.length) throw new Error(`the feed showed ${feedSeen.length} of ${calls.length} changes`);
  if (deliveries.length < calls.length * endpoints) throw new Error(`${deliveries.length} of ${calls.length * endpoints} deliveries came`);
  return {
    written: calls.length / ((wrote - began) / 1000),
    read: calls.length / ((lastRead - began) / 1000),
    feed: delaysOf(feedSeen),
    delivered: deliveries.length / ((lastDelivery - began) / 1000),
    webhooks: delaysOf(deliveries),
  };
}

function delaysOf(values: readonly number[]): Delays {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => Math.round(sorted[Math.floor((sorted.length - 1) * part)] ?? 0);
  return { p50: at(0.5), p99: at(0.99) };
}

// biome-ignore lint/suspicious/noExplicitAny: the bench reads a few fields of answers that the tests have checked
function send(agent: Agent, url: string, token: string, method: string, body?: object): Promise<any> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${token}`,
      ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    };
    const outgoing = request(url, { method, agent, headers }, (response) => {
      let answer = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        answer += chunk;
      });
      response.on('end', () => {
        if ((response.statusCode ?? 0) >= 300)
          reject(new Error(`${method} ${url} was answered with ${response.statusCode}: ${answer.slice(0, 300)}`));
        else resolve(answer === '' ? undefined : JSON.parse(answer));
      });
    });
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}
