import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startNameServer } from '../../name-server.ts';
import { residentMegabytes } from '../../resident-memory.ts';
import { percentile99, startClients } from '../crowd.ts';
import { type Experiment, pause, type Setting, Skipped } from '../experiment.ts';
import type { Installation } from '../installation.ts';
import { send } from '../writers.ts';

/** Endpoints that answer, and as many that take a message and say nothing. */
const endpoints = 50;
/** Endpoints whose names are asked for in vain, beside a few that a name server knows and a few that only the system's own look-up finds. */
const [lostNames, foundNames] = [8, 2];
/** Changes in a second, and for how long: far less than a server can send, as only what holds up another is looked for. */
const [rate, seconds] = [4, 15];
/** How long a webhook may take to an endpoint that answers, beyond what it takes where all do. Milliseconds. */
const longestDelivery = 2_000;
/** Memory that those who hang may add. Megabytes. */
const memoryLimit = 100;

/** Endpoints that hang, and those whose names nobody tells, hold up no other. */
export const slowReceivers: Experiment[] = [
  {
    name: 'T18',
    what: `${endpoints} of ${2 * endpoints} endpoints take their webhooks and never answer`,
    rounds: 1,
    async run(setting) {
      const { targets, servers } = await setting.install({ engine: 'embedded', settings: { CROSSWALK_WEBHOOK_ALLOW: '127.0.0.0/8' } });
      const [receiver, hanging] = [await startEndpoints(setting, {}), await startEndpoints(setting)];
      const healthy = urls(`http://127.0.0.1:${receiver.port}`, endpoints);
      const lost = urls(`http://127.0.0.1:${hanging.port}`, endpoints);
      return compare({ setting, targets, servers, receiver, healthy, lost });
    },
  },
  {
    name: 'T22',
    what: `the names of ${lostNames} endpoints are asked for in vain: a name server says nothing, or nothing to the system's own look-up`,
    rounds: 1,
    async run(setting) {
      // Each message takes a connection of its own, and those from time to time another look-up.
      const receiver = await startEndpoints(setting, { connection: 'close' });
      const shell = await startNames(setting);
      const { targets, servers } = await setting.install({
        engine: 'embedded',
        settings: { CROSSWALK_WEBHOOK_ALLOW: '127.0.0.0/8' },
        shell,
      });
      // Each its own name: what was found is known for a while.
      const healthy = ['found-N.test', 'host-N'].flatMap((name) => urls(`http://${name}:${receiver.port}`, foundNames));
      const lost = urls(`http://N.silent.test:${receiver.port}`, lostNames / 2).concat(
        urls(`http://gone-N.test:${receiver.port}`, lostNames / 2),
      );
      return compare({ setting, targets, servers, receiver, healthy, lost });
    },
  },
];

interface Comparison extends Pick<Installation, 'targets' | 'servers'> {
  setting: Setting;
  receiver: Endpoints;
  healthy: string[];
  lost: string[];
}

/** Sends to endpoints that are well, and then to the others besides. */
async function compare({ setting, targets, servers, receiver, healthy, lost }: Comparison) {
  const [target] = targets;
  if (target === undefined) throw new Error('there is one server');
  const { url, token } = target;
  const make = async (endpoint: string) => {
    const { status } = await send(url, token, 'POST', '/api/v1/webhook_endpoints', {
      url: endpoint,
      event_types: ['organization.created'],
    });
    if (status !== 201) throw new Error(`an endpoint was answered with ${status}`);
  };
  const memory = () => residentMegabytes(servers[0]?.child.pid);
  for (const endpoint of healthy) await make(endpoint);
  const usual = await measure(url, token, receiver, healthy.length);
  const problems = [...usual.problems];
  const before = await memory();
  // At once: each is looked for when it is made, and that takes its time.
  await Promise.all(lost.map(make));
  const notes: string[] = [`without them webhooks p99 ${usual.webhooks} ms, API p99 ${usual.api} ms`];
  for (let round = 1; round <= setting.rounds; round += 1) {
    const found = await measure(url, token, receiver, healthy.length);
    const grown = Math.round((await memory()) - before);
    problems.push(...found.problems);
    if (found.webhooks > usual.webhooks + longestDelivery) problems.push(`webhooks to endpoints that answer took ${found.webhooks} ms`);
    if (grown > memoryLimit) problems.push(`the memory of the server grew by ${grown} MB`);
    notes.push(
      `with them ${found.webhooks} and ${found.api} ms (API ${(found.api / usual.api).toFixed(2)} times), memory ${grown} MB more`,
    );
  }
  return { problems, note: notes.join('; ') };
}

/** Makes changes for a while; how long their webhooks took to each endpoint that answers, and requests meanwhile. Milliseconds, p99. */
async function measure(url: string, token: string, receiver: Endpoints, wanted: number) {
  const clients = await startClients({ url, token, clients: 2, pause: 0 });
  const made = new Map<string, number>();
  const problems: string[] = [];
  const change = async (number: number) => {
    const { status, body } = await send(url, token, 'POST', '/api/v1/organizations', { display_name: `Change ${number}` });
    if (status === 201) made.set(Object(body).organization.id, performance.now());
    else problems.push(`a change was answered with ${status}`);
  };
  const changes: Promise<void>[] = [];
  for (let number = 0; number < rate * seconds; number += 1) {
    changes.push(change(number));
    await pause(1000 / rate);
  }
  await Promise.all(changes);
  const service = await clients.stop();
  const times = () => [...made].flatMap(([id, time]) => (receiver.seen.get(id) ?? []).map((came) => Math.max(0, came - time)));
  for (const deadline = Date.now() + 60_000; times().length < made.size * wanted && Date.now() < deadline; ) await pause(50);
  const missing = made.size * wanted - times().length;
  if (missing > 0) problems.push(`${missing} webhooks to endpoints that answer did not come`);
  if (service.failures.length > 0) problems.push(`${service.failures.length} requests failed: ${service.failures[0]}`);
  return { problems, webhooks: percentile99(times()), api: percentile99(service.times) };
}

interface Endpoints {
  port: number;
  /** when webhooks about a record came, to all paths together */
  seen: Map<string, number[]>;
}

/** Receivers behind one port. They answer with these headers; without any, never. */
async function startEndpoints({ afterwards }: Setting, headers?: Record<string, string>): Promise<Endpoints> {
  const seen = new Map<string, number[]>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { record_id: record } = JSON.parse(Buffer.concat(chunks).toString());
    seen.set(record, [...(seen.get(record) ?? []), performance.now()]);
    if (headers !== undefined) response.writeHead(204, headers).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterwards(async () => {
    server.closeAllConnections();
    server.close();
  });
  const { port }: AddressInfo = Object(server.address());
  return { port, seen };
}

function urls(pattern: string, count: number): string[] {
  return Array.from({ length: count }, (_, number) => `${pattern.replace('N', String(number))}/${number}`);
}

/**
 * A name server that the servers use, which knows `found-N.test`, says that there is no `gone-N.test` and no `host-N`, and nothing to what is
 * asked for in `silent.test`, where the system's own look-up tries each name besides. `host-N` is in the file of hosts. Gives what the shell
 * has to do.
 */
async function startNames({ directory, afterwards }: Setting): Promise<string> {
  const host = '127.0.0.253';
  const names = await startNameServer(
    (name) => (name.endsWith('silent.test') ? 'silence' : name.startsWith('found-') ? { v4: ['127.0.0.1'] } : undefined),
    { host, port: 53 },
  ).catch((error: Error) => {
    throw new Skipped(`no name server can be started here, which takes root: ${error.message}`);
  });
  afterwards(async () => {
    names.close();
  });
  const file = join(directory, 'resolv.conf');
  await writeFile(file, `nameserver ${host}\nsearch also.silent.test\n`);
  const hosts = join(directory, 'hosts');
  await writeFile(hosts, `127.0.0.1 localhost ${Array.from({ length: foundNames }, (_, number) => `host-${number}`).join(' ')}\n`);
  // Seen by the server alone.
  const mounts = `mount --bind ${file} /etc/resolv.conf && mount --bind ${hosts} /etc/hosts`;
  return `exec unshare -m sh -c '${mounts} && exec "$0" "$@"' "$0" "$@"`;
}
