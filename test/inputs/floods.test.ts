import { once } from 'node:events';
import http2 from 'node:http2';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { useTestServer } from '../../packages/server/src/testing.ts';
import { type Flood, floodPolitely, floods } from '../http2-floods.ts';
import { errorCode, frame, frameType, number31, RawHttp2, request, settings } from '../raw-http2.ts';

/** Clients that send without end what costs them nothing, or read nothing of what they asked for (T27 and T29 in small). */
const server = useTestServer({ requestTimeout: 3_000, answers: { timeout: 3_000, limit: 64 * 1024 * 1024 } });
const path = '/api/v1/organizations';
const auth = (): [string, string] => ['authorization', `Bearer ${server.client.token}`];

/** Does something while another client asks and is answered, one request after the other; at least one of them is begun and ended meanwhile. */
async function whileServing<Result>(act: () => Promise<Result>): Promise<Result> {
  let isOver = false;
  const statuses = new Set<number>();
  const asking = (async () => {
    do statuses.add((await server.client.request('GET', path)).status);
    while (!isOver);
  })();
  const result = await act().finally(() => {
    isOver = true;
  });
  await asking;
  expect([...statuses]).toEqual([200]);
  return result;
}

describe('a flood of', () => {
  const which = (harmless: boolean) =>
    floods.filter(({ isHarmless = false }) => isHarmless === harmless).map(({ what, bytes }): [string, Flood['bytes']] => [what, bytes]);
  test.each(which(false))('%s ends its connection; others are served meanwhile', async (_what, bytes) => {
    const client = await RawHttp2.open(server.url);
    await whileServing(async () => {
      await client.flood(bytes, 50_000);
      // Long before a connection with nothing under way would be closed. Which code says why, if any could be read, differs between versions of Node.
      await client.closed;
    });
  });

  test.each(which(true))('%s keeps nobody from being served', async (_what, bytes) => {
    const client = await RawHttp2.open(server.url);
    await whileServing(() => client.flood(bytes, 50_000));
    client.socket.destroy();
  });

  test.each([
    ['PING', frame(frameType.ping, 0, 0, Buffer.alloc(8)), frameType.ping],
    ['SETTINGS', settings({}), frameType.settings],
  ])('%s whose acknowledgements are read is told to be calm, one of now and then is not', async (_what, bytes, type) => {
    const client = await RawHttp2.open(server.url);
    const calm = await RawHttp2.open(server.url);
    await whileServing(() => floodPolitely(client, bytes, type, 50_000));
    await client.closed;
    expect(client.goAway).toBe(errorCode.enhanceYourCalm);
    expect(await floodPolitely(calm, bytes, type, 200)).toBe(200);
    expect(calm.goAway).toBeUndefined();
    calm.socket.destroy();
  });

  test('requests and calls that are answered is none, however many a connection has', async () => {
    const session = http2.connect(server.url);
    const statusOf = async (headers: http2.OutgoingHttpHeaders) => {
      const stream = session.request({ authorization: auth()[1], ...headers });
      const [answer] = await once(stream, 'response');
      stream.resume();
      return answer[':status'];
    };
    const statuses = new Set<number>();
    for (let turn = 0; turn < 20; turn += 1) {
      const answers = Array.from({ length: 100 }, (_, index) =>
        statusOf(
          index % 3 === 0
            ? { ':path': '/s/M', ':method': 'POST', 'content-type': 'application/grpc' }
            : { ':path': index % 3 === 1 ? '/healthz' : '/none', ':method': index % 2 === 0 ? 'GET' : 'HEAD' },
        ),
      );
      for (const status of await Promise.all(answers)) statuses.add(status);
    }
    expect([[...statuses].sort(), session.destroyed]).toEqual([[200, 404], false]);
    session.close();
  });

  test('calls that are taken back for a reason, some hundred at once, ends nothing', async () => {
    const client = await RawHttp2.open(server.url);
    const [flood] = floods;
    await client.flood((turn) => flood?.bytes(turn) ?? Buffer.alloc(0), 300);
    client.socket.write(request(1_001, '/healthz'));
    await client.until(() => client.frames.some(({ type, stream }) => type === frameType.data && stream === 1_001));
    expect([client.goAway, client.socket.destroyed]).toEqual([undefined, false]);
    client.socket.destroy();
  });
});

describe('a client that does not read its answer', () => {
  /** Answers of three megabytes: more than the kernel takes of those that nobody reads. */
  const large = `${path}?page_size=100`;
  beforeAll(async () => {
    const metadata = { value: 'x'.repeat(30_000) };
    for (let index = 0; index < 100; index += 1) await server.client.request('POST', path, { display_name: 'Large', metadata });
  });

  test('over HTTP/2, with no window at all or one byte at a time, has its streams ended', async () => {
    // SETTINGS_INITIAL_WINDOW_SIZE (4) is what the server may send of each stream.
    const [closed, slow] = [await RawHttp2.open(server.url, { 4: 0 }), await RawHttp2.open(server.url, { 4: 0 })];
    const streams = [1, 3, 5, 7];
    for (const client of [closed, slow]) for (const stream of streams) client.socket.write(request(stream, large, [auth()]));
    const drip = setInterval(() => {
      for (const stream of streams) slow.socket.write(frame(frameType.windowUpdate, 0, stream, number31(1)));
    }, 50);
    await whileServing(() =>
      Promise.all([closed, slow].flatMap((client) => streams.map((stream) => client.until(() => client.reset(stream) !== undefined)))),
    );
    clearInterval(drip);
    for (const client of [closed, slow]) {
      expect(streams.map((stream) => typeof client.reset(stream))).toEqual(streams.map(() => 'number'));
      client.socket.destroy();
    }
  });

  test('over HTTP/1.1 has its connection ended, however slowly it reads', async () => {
    const accepted = once(server.server.server, 'connection');
    const { hostname, port } = new URL(server.url);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('error', () => {});
    socket.pause();
    const [end]: Socket[] = await accepted;
    for (let index = 0; index < 4; index += 1) socket.write(`GET ${large} HTTP/1.1\r\nHost: x\r\n${auth().join(': ')}\r\n\r\n`);
    await whileServing(async () => {
      // A byte now and then, so that the connection is never silent.
      for (; end?.destroyed === false; await sleep(20)) socket.read(1);
    });
    socket.destroy();
  });
});
