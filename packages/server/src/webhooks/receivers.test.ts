import type { Socket } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { createEndpoint, deliveryOf, startRawReceiver, startReceiver } from './testing.ts';

const server = useTestServer({ webhooks: { allow: ['127.0.0.0/8'], timeout: 1_000, lease: 3_000 } });
const request: typeof server.client.request = (...call) => server.client.request(...call);
beforeAll(() => server.startWork());

const create = async (name: string, more: object = {}) =>
  Object((await request('POST', '/api/v1/organizations', { display_name: name, ...more })).body).organization;
describe('delivery', () => {
  test.each([
    ['that takes longer than the limit', () => {}, 'no whole answer within 1 seconds'],
    ['whose headers come a byte at a time', drip('HTTP/1.1 200 OK\r\nx-slow: '), 'no whole answer within 1 seconds'],
    [
      'whose body comes a byte at a time',
      drip('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', '1\r\na\r\n'),
      'no whole answer within 1 seconds',
    ],
    [
      'that ends early',
      (socket: Socket) => void socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc')),
      'other side closed',
    ],
    [
      'that is none of HTTP',
      (socket: Socket) => void socket.once('data', () => socket.end('hello\n')),
      'does not match the HTTP/1.1 protocol',
    ],
    [
      'with ten thousand headers',
      (socket: Socket) => void socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\n${'x-a: b\r\n'.repeat(10_000)}\r\n`)),
      'Headers Overflow',
    ],
    ['that resets', (socket: Socket) => void socket.once('data', () => socket.resetAndDestroy()), 'ECONNRESET'],
    [
      'with a chunk that is none',
      (socket: Socket) => void socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n')),
      'Invalid character in chunk size',
    ],
  ])('of an answer %s has failed, and says why (W16)', async (_what, onConnection, reason) => {
    const { url } = await startRawReceiver(onConnection);
    const { id } = await createEndpoint(server.client, url, { event_types: ['role'] });
    const { delivered, attempt } = Object((await request('POST', `/api/v1/webhook_endpoints/${id}:test`, {})).body);
    expect([delivered, attempt.error]).toEqual([false, expect.stringContaining(reason)]);
  });

  test.each([301, 302, 303, 307, 308])('that redirects (%i) has failed, and nobody follows (W11)', async (status) => {
    const inside = await startReceiver();
    const receiver = await startReceiver((_received, response) => response.writeHead(status, { location: inside.url }).end());
    const { id } = await createEndpoint(server.client, receiver.url, { event_types: ['role'] });
    const { delivered, attempt } = Object((await request('POST', `/api/v1/webhook_endpoints/${id}:test`, {})).body);
    expect([delivered, attempt.response_status, receiver.received.length, inside.received.length]).toEqual([false, status, 1, 0]);
  });

  test('of an answer of any length has succeeded with its status; a kilobyte of it is kept (W16)', async () => {
    const receiver = await startReceiver((_received, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024, 'x')));
      };
      response.on('drain', more);
      more();
    });
    const { id } = await createEndpoint(server.client, receiver.url, { event_types: ['role'] });
    const before = process.memoryUsage().rss;
    const { delivered, attempt } = Object((await request('POST', `/api/v1/webhook_endpoints/${id}:test`, {})).body);
    expect([delivered, attempt.response_body]).toEqual([true, 'x'.repeat(1024)]);
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * 1024 * 1024);
  });

  test.each([
    [200, 'DELIVERED'],
    [204, 'DELIVERED'],
    [299, 'DELIVERED'],
    [300, 'PENDING'],
    [400, 'PENDING'],
    [404, 'PENDING'],
    [503, 'PENDING'],
    [999, 'PENDING'],
  ])('that is answered with %i is %s (W17)', async (status, expected) => {
    const receiver = await startReceiver((_received, response) => response.writeHead(status).end());
    const { id } = await createEndpoint(server.client, receiver.url, { event_types: ['organization.created'] });
    await create('Status');
    const [received] = await receiver.waitFor(1);
    expect((await deliveryOf(server.client, id, received?.id ?? '', ({ log }) => log.length > 0)).status).toBe(expected);
  });

  test.each([
    ['60', 60],
    ['99999999', 24 * 3600],
    ['-1', 5],
    ['soon', 5],
  ])('waits as long as Retry-After: %s asks, within reason (W17)', async (value, seconds) => {
    const receiver = await startReceiver((_received, response) => response.writeHead(429, { 'retry-after': value }).end());
    const { id } = await createEndpoint(server.client, receiver.url, { event_types: ['organization.created'] });
    await create('Later');
    const [received] = await receiver.waitFor(1);
    const { next_attempt_time: next } = await deliveryOf(server.client, id, received?.id ?? '', ({ log }) => log.length > 0);
    const pause = (Date.parse(next ?? '') - (received?.time ?? 0)) / 1000;
    expect(pause).toBeGreaterThan(seconds * 0.75);
    expect(pause).toBeLessThan(seconds * 1.25 + 5);
  });
});

/** Sends the beginning of an answer, and then one piece at a time. */
function drip(start: string, piece = 'a') {
  return (socket: Socket) => {
    socket.once('data', () => {
      socket.write(start);
      const timer = setInterval(() => socket.write(piece), 100);
      socket.once('close', () => clearInterval(timer));
    });
  };
}
