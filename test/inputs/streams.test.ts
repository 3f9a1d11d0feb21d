import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../../packages/server/src/logger.ts';
import { useTestServer } from '../../packages/server/src/testing.ts';
import { credentialSettings, fetchToken } from '../../tools/programs/credentials.ts';
import { residentMegabytes } from '../resident-memory.ts';
import { startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { send } from './input.ts';

const megabyte = 1024 * 1024;
const lines: string[] = [];
const server = useTestServer({ requestTimeout: 3_000, logger: createLogger('info', { write: (line) => lines.push(line) }) });
/** The server's ends of all connections. */
const sockets: Socket[] = [];
beforeAll(() => {
  server.server.server.on('connection', (socket: Socket) => sockets.push(socket));
});

const organizations = '/api/v1/organizations';
const json = 'Content-Type: application/json\r\n';
const chunked = 'Transfer-Encoding: chunked\r\n';
const auth = () => `Authorization: Bearer ${server.client.token}\r\n`;
const head = (method: string, path: string, headers: string) => `${method} ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
const open = (url = server.url) => connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
/** What was logged since the last look. */
const logged = () => lines.splice(0).map((line) => JSON.parse(line));

interface Flood {
  /** of blocks that follow the head; default 50 MB */
  bytes?: number;
  inChunks?: boolean;
  /** The client goes this long after the answer began, in milliseconds; else the server must hang up. */
  leaveAfter?: number;
}

/** Sends a head and then blocks as fast as they are taken, until either side ends the connection; what came back. */
function flood(socket: Socket, text: string, { bytes = 50 * megabyte, inChunks = true, leaveAfter }: Flood = {}) {
  const block = Buffer.alloc(64 * 1024, 'x');
  const piece = inChunks ? Buffer.concat([Buffer.from(`${block.length.toString(16)}\r\n`), block, Buffer.from('\r\n')]) : block;
  let [answer, sent] = ['', 0];
  const pump = () => {
    while (!socket.destroyed && sent < bytes) {
      sent += piece.length;
      if (!socket.write(piece)) return;
    }
  };
  return new Promise<{ answer: string; sent: number }>((resolve) => {
    socket
      .on('data', (chunk) => {
        if (answer === '' && leaveAfter !== undefined) setTimeout(() => socket.destroy(), leaveAfter);
        answer += chunk.toString('latin1');
      })
      .on('drain', pump)
      // The server hangs up while more is on the way: that is what is asked of it.
      .on('error', () => {})
      .on('close', () => resolve({ answer, sent }));
    socket.write(text);
    pump();
  });
}

describe('a body without end is read no further than the limit (B4)', () => {
  test.each([
    ['413', 'too large', 'POST', organizations, () => auth() + json],
    ['401', 'from a stranger', 'POST', organizations, () => json],
    ['405', 'for another method', 'PUT', '/api/v1/users', () => auth() + json],
    ['413', 'for no path', 'POST', '/nothing', () => auth() + json],
    ['415', 'compressed (H17)', 'POST', organizations, () => `${auth()}${json}Content-Encoding: gzip\r\n`],
    ['413', 'of another type', 'POST', organizations, () => `${auth()}Content-Type: text/plain\r\n`],
    ['200', 'where none is wanted', 'GET', '/healthz', () => ''],
    ['413', 'to the token endpoint', 'POST', '/oauth/token', () => 'Content-Type: application/x-www-form-urlencoded\r\n'],
  ])('%s: %s', async (status, _name, method, path, headers) => {
    for (const inChunks of [true, false]) {
      const framing = inChunks ? chunked : `Content-Length: ${50 * megabyte}\r\n`;
      const { answer, sent } = await flood(open(), head(method, path, headers() + framing), { inChunks, leaveAfter: 200 });
      expect([inChunks, answer.slice(0, 12)]).toEqual([inChunks, `HTTP/1.1 ${status}`]);
      // The limit is 1 MB; what the kernel and the streams hold comes on top, and what arrives before the busy event loop turns.
      expect(sockets.at(-1)?.bytesRead).toBeLessThan(20 * megabyte);
      expect(sent).toBeLessThan(20 * megabyte);
    }
  });

  test('and its connection ended when the client does not, with nothing after the answer', async () => {
    const { answer } = await flood(open(), head('POST', organizations, json + chunked));
    expect([...answer.matchAll(/HTTP\/1\.1 ([0-9]+) /g)].map(([, status]) => status)).toEqual(['401']);
  });

  test('a short body that nobody wanted leaves the connection usable', async () => {
    const socket = open();
    const both = `${head('POST', organizations, `${json}Content-Length: 20\r\n`)}{"display_name":"x"}${head('GET', '/healthz', 'Connection: close\r\n')}`;
    const { answer } = await flood(socket, both, { bytes: 0 });
    expect([...answer.matchAll(/HTTP\/1\.1 ([0-9]+) /g)].map(([, status]) => status)).toEqual(['401', '200']);
  });

  test('a client that keeps its connections learns that this one ends, and takes another', async () => {
    const body = `{"display_name":"${'x'.repeat(1_500_000)}"}`;
    for (let turn = 0; turn < 5; turn += 1) {
      const refused = await send(server, { method: 'POST', path: organizations, body });
      expect([refused.status, refused.headers.connection]).toEqual([413, 'close']);
      expect((await send(server, { path: organizations })).status).toBe(200);
    }
  });

  test('10 MB of spaces and 5 MB of escapes are too large (B9)', async () => {
    for (const body of [' '.repeat(10 * megabyte), `{"display_name":"${'\\u0041'.repeat(800_000)}"}`]) {
      const socket = open();
      const text = head('POST', organizations, `${auth()}${json}Content-Length: ${body.length}\r\n`) + body;
      const { answer } = await flood(socket, text, { bytes: 0, leaveAfter: 200 });
      expect(answer).toMatch(/^HTTP\/1\.1 413 .*BODY_TOO_LARGE/s);
    }
  });
});

test('a server under floods and compressed bombs stays as small as it was (B4, H17)', { timeout: 120_000 }, async () => {
  const directory = await temporaryDirectory('crosswalk-flood-');
  const { url, child, end } = await startServerProcess({ CROSSWALK_DATA_DIR: directory.path, ...credentialSettings });
  try {
    const token = await fetchToken(url);
    const authorized = `Authorization: Bearer ${token}\r\n`;
    const bomb = gzipSync(Buffer.alloc(10 * megabyte));
    const round = async () => {
      const floods = await Promise.all(
        ['', authorized].map((authorization) =>
          flood(open(url), head('POST', organizations, authorization + json + chunked), { leaveAfter: 100 }),
        ),
      );
      expect(floods.map(({ answer }) => answer.slice(9, 12))).toEqual(['401', '413']);
      for (const body of [bomb, gzipSync(bomb), bomb.subarray(100)]) {
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-encoding': 'gzip' };
        expect((await fetch(url + organizations, { method: 'POST', headers, body })).status).toBe(415);
      }
    };
    // The first rounds warm up what grows once: compiled code, buffers that are kept.
    for (let index = 0; index < 3; index += 1) await round();
    const before = await residentMegabytes(child.pid);
    for (let index = 0; index < 8; index += 1) await round();
    // Garbage that is not collected yet makes up to 20 MB; one flood or bomb that were kept would be more than twice that.
    expect((await residentMegabytes(child.pid)) - before).toBeLessThan(40);
  } finally {
    await end('SIGTERM');
    await directory.remove();
  }
});

describe('a request that does not arrive in time gets 408 and one line in the log (B5)', () => {
  const slowly = async (text: string, drops: string) => {
    const socket = open();
    const ended = flood(socket, text, { bytes: 0 });
    for (const drop of drops) {
      if (socket.destroyed) break;
      socket.write(drop);
      await sleep(100);
    }
    const { answer } = await ended;
    return answer;
  };

  test.each([
    ['its body comes byte by byte', () => head('POST', organizations, `${auth()}${json}Content-Length: 100\r\n`), '1'],
    ['its chunks come byte by byte', () => head('POST', organizations, auth() + json + chunked), '1\r\nx\r\n'],
    ['its head never ends', () => `GET ${organizations} HTTP/1.1\r\nHost: x\r\nX-Slow: `, '1'],
  ])('when %s', async (_name, text, drop) => {
    logged();
    const answer = await slowly(text(), drop.repeat(100));
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n.*\r\n\r\n\{"code":4,.*"REQUEST_TIMEOUT"/s);
    expect(logged()).toMatchObject([{ level: 30, error_code: 'REQUEST_TIMEOUT', status: 408 }]);
  });

  test('a connection that says nothing is ended too', async () => {
    expect(await slowly('', '')).toMatch(/^HTTP\/1\.1 408 /);
  });
});

describe('a client that goes away (B10)', () => {
  const quiet = async () => {
    for (let turn = 0; turn < 400; turn += 1) {
      const { pool } = server.database;
      if (sockets.every((socket) => socket.destroyed) && pool.idleCount === pool.totalCount && pool.waitingCount === 0) return;
      await sleep(50);
    }
    throw new Error('connections were left open');
  };
  /** Waits until the server has read something of a connection. */
  const arrival = async (socket: Socket) => {
    await once(socket, 'connect');
    const arrived = () => sockets.some(({ remotePort, bytesRead }) => remotePort === socket.localPort && bytesRead > 0);
    while (!arrived()) await sleep(5);
  };
  const count = async () => Number((await server.database.pool.query('select count(*) from organizations')).rows[0].count);
  const events = async () => Number((await server.database.pool.query('select count(*) from events')).rows[0].count);

  test('in the middle of the body: nothing is written, no connection is left, one line is logged for each', async () => {
    const before = await count();
    await quiet();
    logged();
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const socket = open();
        socket.on('error', () => {});
        socket.write(`${head('POST', organizations, `${auth()}${json}Content-Length: 100\r\n`)}{"display_name":`);
        await arrival(socket);
        await sleep(index);
        socket.destroy();
      }),
    );
    await quiet();
    expect(await count()).toBe(before);
    expect(logged().map(({ level, error_code }) => [level, error_code])).toEqual(Array(50).fill([30, 'MALFORMED_REQUEST']));
  });

  test('before the answer: the record is there with its event or not at all, nothing is logged as a failure', async () => {
    const [before, eventsBefore] = [await count(), await events()];
    const body = '{"display_name":"Aborted"}';
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const socket = open();
        socket.on('error', () => {});
        socket.write(head('POST', organizations, `${auth()}${json}Content-Length: ${body.length}\r\n`) + body);
        await sleep(index % 20);
        socket.destroy();
      }),
    );
    await quiet();
    const made = (await count()) - before;
    expect((await events()) - eventsBefore).toBe(made);
    expect(logged().filter(({ level }) => level > 30)).toEqual([]);
    expect((await server.client.request('GET', '/readyz')).status).toBe(200);
  });
});
