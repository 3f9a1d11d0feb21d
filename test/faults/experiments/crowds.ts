import { get } from 'node:http';
import type { Socket } from 'node:net';
import { floods } from '../../http2-floods.ts';
import { frame, frameFlag, frameType, headerBlock, RawHttp2, request, requestFields, settings } from '../../raw-http2.ts';
import { residentMegabytes } from '../../resident-memory.ts';
import type { ServerProcess } from '../../server-process.ts';
import { eventually, type Member, openCrowd, percentile99, startClients } from '../crowd.ts';
import { type Experiment, pause, type Setting } from '../experiment.ts';
import { send } from '../writers.ts';

/** Connections of each kind of slow client. */
const slowClients = 700;
/** A client that says nothing, or half of a head, has its connection ended after 10 seconds; it is looked for every second. Milliseconds. */
const longestHead = 15_000;
/** One whose body or answer does not go on, after 30 seconds and a look every second, or 60 for what is read. Milliseconds. */
const longestBody = 75_000;
/** A call is ended as a body is, and its connection, on which nothing is under way then, 72 seconds later. Milliseconds. */
const longestIdle = 110_000;
/** For how long they are watched beyond that. Milliseconds. */
const slack = 10_000;
/** How long one that reads again takes to see its end: what had been sent to it comes first. Milliseconds. */
const readingTime = 5_000;
/** How many connections are held open with nothing on them. */
const idleConnections = 10_000;
/** Clients that use theirs meanwhile, five requests a second each, which is far less than a server can answer, and for how long. Milliseconds. */
const [activeClients, activePause, activeTime] = [100, 200, 10_000];
/** How many a server takes: see maxConnections of its listener. */
const mostConnections = 12_000;
const tooMany = 13_000;
/** Memory that a crowd may add to a server. Megabytes. */
const memoryLimit = 400;

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** Thousands of connections that do little, and floods of frames. The promises are the same: others are served, each ends in time, memory is bounded. */
export const crowds: Experiment[] = [
  {
    name: 'T27',
    what: `${6 * slowClients} slow clients: heads, bodies and answers by the byte, HTTP/2 and gRPC that say no more`,
    rounds: 1,
    run: slow,
  },
  { name: 'T29', what: 'floods of frames of HTTP/2, of every kind at once', rounds: 5, run: flood },
  {
    name: 'T30',
    what: `${idleConnections} connections that are kept open, of HTTP/1.1 and then of HTTP/2, and more than there may be`,
    rounds: 2,
    run: idle,
  },
];

async function slow({ rounds, install, afterwards }: Setting) {
  const { targets, servers } = await install({ engine: 'embedded' });
  const [target] = targets;
  if (target === undefined) throw new Error('there is one server');
  const { url, token } = target;
  await makeLargePage(url, token);
  const auth = `Authorization: Bearer ${token}\r\n`;
  const grpc: [string, string][] = [
    ['content-type', 'application/grpc'],
    ['authorization', `Bearer ${token}`],
  ];
  const call = frame(
    frameType.headers,
    frameFlag.endHeaders,
    1,
    headerBlock([...requestFields('/scalekit.v1.organizations.OrganizationService/GetOrganization', 'POST'), ...grpc]),
  );
  const kinds: { what: string; limit: number; begin: (socket: Socket) => void; more?: (socket: Socket) => void; isUnread?: boolean }[] = [
    {
      what: 'head',
      limit: longestHead,
      begin: (socket) => socket.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: '),
      more: (socket) => socket.write('x'),
    },
    {
      what: 'body',
      limit: longestBody,
      begin: (socket) =>
        socket.write(
          `POST /api/v1/organizations HTTP/1.1\r\nHost: x\r\n${auth}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n`,
        ),
      more: (socket) => socket.write(' '),
    },
    { what: 'half of a preface of HTTP/2', limit: longestHead, begin: (socket) => socket.write(preface.slice(0, 20)) },
    {
      what: 'preface and no more',
      limit: longestBody,
      begin: (socket) => socket.write(Buffer.concat([Buffer.from(preface), settings({})])),
    },
    {
      what: 'call of gRPC without its message',
      limit: longestIdle,
      begin: (socket) => socket.write(Buffer.concat([Buffer.from(preface), settings({}), call])),
    },
    {
      // The last to come: while the server makes these, it accepts a connection in each turn of its event loop, and the others would wait.
      what: 'answer',
      limit: longestBody,
      // Nothing is read of it but a byte now and then.
      begin: (socket) => socket.pause() && socket.write(`GET /api/v1/organizations?page_size=30 HTTP/1.1\r\nHost: x\r\n${auth}\r\n`),
      more: (socket) => socket.read(1),
      isUnread: true,
    },
  ];
  const problems: string[] = [];
  const notes: string[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const before = await memoryOf(servers[0]);
    const clients = await startClients({ url, token, clients: 4, pause: 0 });
    const crowd: ((typeof kinds)[number] & { members: Member[] })[] = [];
    const waits: number[] = [];
    for (const kind of kinds) {
      crowd.push({ ...kind, members: await openCrowd(url, slowClients, kind.begin) });
      waits.push(await acceptedAfter(url));
    }
    const all = crowd.flatMap(({ members }) => members);
    afterwards(async () => destroy(all));
    const begin = performance.now();
    let peak = before;
    let ended: Promise<void> | undefined;
    for (let passed = 0; passed < longestIdle + slack; passed = performance.now() - begin) {
      if (passed > longestBody + slack) ended ??= readOn(crowd.filter(({ isUnread }) => isUnread).flatMap(({ members }) => members));
      for (const { members, more } of crowd) if (more !== undefined) for (const { socket } of members.filter(isOpen)) more(socket);
      peak = Math.max(peak, await memoryOf(servers[0]));
      await pause(500);
    }
    await ended;
    const service = await clients.stop();
    // What the machine adds: whatever holds up an end, in the server or here, holds up those who are served all the time.
    const allowance = Math.max(percentile99(service.times), ...waits.slice(0, -1));
    for (const { what, limit, members, isUnread = false } of crowd) {
      const lives = members.map(({ opened, ended = Number.POSITIVE_INFINITY }) => ended - opened);
      notes.push(`${what}: ended ${isUnread ? 'within' : 'after'} ${(Math.max(...lives) / 1000).toFixed(1)} s`);
      const late = lives.filter((life) => life > limit + allowance).length;
      if (late > 0) problems.push(`${late} slow clients (${what}) were kept longer than ${limit / 1000} s`);
    }
    problems.push(...servedIn(service, peak - before));
    notes.push(
      `${service.times.length} requests of others, p99 ${percentile99(service.times)} ms, allowance ${Math.round(allowance)} ms; ` +
        `a connection behind those of the answers was accepted after ${Math.round(waits.at(-1) ?? 0)} ms; memory from ${before} to ${peak} MB`,
    );
    destroy(all);
  }
  return { problems, note: notes.join('; ') };
}

/**
 * Who does not read does not see the end either, until it reads. When it came is not known then, only that it was no later than now: it counts as
 * in time, since this is called when the time is over, however long the machine took to open them.
 */
async function readOn(members: readonly Member[]): Promise<void> {
  for (const { socket } of members) socket.resume();
  await pause(readingTime);
  for (const member of members) if (member.ended !== undefined) member.ended = member.opened + longestBody;
}

/** How long it takes until a connection of now has its answer: those that were opened before have been accepted then. Milliseconds. */
async function acceptedAfter(url: string): Promise<number> {
  const begin = performance.now();
  await new Promise((resolve) => get(`${url}/healthz`, { agent: false }, (answer) => answer.resume().once('end', resolve)));
  return performance.now() - begin;
}

/** A page of almost a megabyte, more than the kernel takes of one that nobody reads. */
async function makeLargePage(url: string, token: string): Promise<void> {
  const metadata = { value: 'x'.repeat(30_000) };
  for (let number = 0; number < 30; number += 1)
    await send(url, token, 'POST', '/api/v1/organizations', { display_name: `Large ${number}`, metadata });
}

async function flood({ rounds, install }: Setting) {
  const { targets, servers } = await install({ engine: 'embedded' });
  const [target] = targets;
  if (target === undefined) throw new Error('there is one server');
  const problems: string[] = [];
  const memory: number[] = [];
  const times: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const clients = await startClients({ ...target, clients: 4, pause: 0 });
    await Promise.all(
      floods.map(async ({ what, bytes, isHarmless = false }) => {
        const client = await RawHttp2.open(target.url);
        const sent = await client.flood(bytes, 50_000);
        const until = performance.now() + 30_000;
        await client.until(() => isHarmless || performance.now() > until);
        if (!isHarmless && !client.socket.destroyed) problems.push(`${what}: the connection was kept after ${sent}`);
        client.socket.destroy();
      }),
    );
    const service = await clients.stop();
    // The first round warms up what grows once.
    if (round > 0) times.push(...service.times);
    problems.push(...servedIn(service, 0));
    await pause(1_000);
    memory.push(await memoryOf(servers[0]));
  }
  const [first = 0, ...later] = memory;
  const last = later.at(-1) ?? first;
  if (last > first * 1.1 + 20) problems.push(`memory went from ${first} to ${last} MB`);
  return {
    problems,
    note: `${times.length} requests of others, p99 ${percentile99(times)} ms; memory after each round ${memory.join(', ')} MB`,
  };
}

async function idle({ rounds, install, afterwards }: Setting) {
  const { targets, servers } = await install({ engine: 'embedded' });
  const [target] = targets;
  if (target === undefined) throw new Error('there is one server');
  const problems: string[] = [];
  const notes: string[] = [];
  const kinds: [string, (socket: Socket) => void][] = [
    ['HTTP/1.1', (socket) => socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['HTTP/2', (socket) => socket.write(Buffer.concat([Buffer.from(preface), settings({}), request(1, '/healthz')]))],
  ];
  for (let round = 0; round < rounds; round += 1) {
    const [what, begin] = kinds[round % kinds.length] ?? ['', () => {}];
    const serve = async () => {
      const clients = await startClients({ ...target, clients: activeClients, pause: activePause });
      await pause(activeTime);
      return clients.stop();
    };
    // A server that has just started is slow by itself.
    await serve();
    const before = await memoryOf(servers[0]);
    const held = await openCrowd(target.url, idleConnections, begin);
    afterwards(async () => destroy(held));
    await eventually(() => held.every(({ received }) => received !== ''));
    const service = await serve();
    const greeted = held.filter(({ received }) => received !== '').length;
    const kept = held.filter(isOpen).length;
    const memory = await memoryOf(servers[0]);
    if (greeted < idleConnections || kept < idleConnections)
      problems.push(`of ${idleConnections} connections of ${what} ${greeted} were answered and ${kept} kept`);
    problems.push(...servedIn(service, memory - before));
    notes.push(
      `${what}: ${kept} kept, ${service.times.length} requests of ${activeClients} others, p99 ${percentile99(service.times)} ms, memory from ${before} to ${memory} MB`,
    );
    // Beyond the cap: closed at once, and what is there stays.
    const more = await openCrowd(target.url, tooMany - idleConnections, begin);
    await eventually(() => more.filter((member) => !isOpen(member)).length >= tooMany - mostConnections);
    const refused = more.filter((member) => !isOpen(member)).length;
    const left = held.filter(isOpen).length;
    destroy(more);
    if (refused < tooMany - mostConnections || left < kept)
      problems.push(`beyond the cap ${refused} were refused and ${left} of ${kept} kept`);
    notes.push(`${refused} of ${more.length} more refused`);
    destroy(held);
    await pause(2_000);
    const { status } = await fetch(`${target.url}/readyz`);
    if (status !== 200) problems.push(`afterwards /readyz answered ${status}`);
  }
  return { problems, note: notes.join('; ') };
}

/** What was not so: others were served, and memory is bounded. */
function servedIn({ failures, times }: { failures: string[]; times: number[] }, added: number): string[] {
  return [
    ...(failures.length > 0 ? [`${failures.length} of ${times.length} requests of others failed: ${failures[0]}`] : []),
    ...(times.length === 0 ? ['nobody else was served'] : []),
    ...(added > memoryLimit ? [`the memory of the server grew by ${added} MB`] : []),
  ];
}

const memoryOf = async (server: ServerProcess | undefined) => Math.round(await residentMegabytes(server?.child.pid));

const isOpen = ({ ended }: Member) => ended === undefined;

function destroy(members: readonly Member[]): void {
  for (const { socket } of members) socket.destroy();
}
