import { once } from 'node:events';
import http2 from 'node:http2';
import { describe, expect, test } from 'vitest';
import { createLogger } from '../../packages/server/src/logger.ts';
import { useTestServer } from '../../packages/server/src/testing.ts';
import { errorCode, frame, frameFlag, frameType, headerBlock, RawHttp2, requestFields } from '../raw-http2.ts';

/** Bytes of HTTP/2 that no library would send. */
const lines: string[] = [];
const server = useTestServer({ logger: createLogger('info', { write: (line) => lines.push(line) }) });
const path = '/api/v1/organizations';
const auth = (): [string, string] => ['authorization', `Bearer ${server.client.token}`];
const { endStream, endHeaders } = frameFlag;

/** A client whose stream 1 has the fields given, in one frame or in several of 16 KB. */
async function ask(fields: readonly (readonly [string, string])[], more: Uint8Array = Buffer.alloc(0), end = true): Promise<RawHttp2> {
  const client = await RawHttp2.open(server.url);
  client.socket.write(Buffer.concat([blocks(fields, end ? endStream : 0), more]));
  return client;
}

function blocks(fields: readonly (readonly [string, string])[], flags: number): Buffer {
  const block = headerBlock(fields);
  const parts = Array.from({ length: Math.ceil(block.length / 16_384) }, (_, index) =>
    block.subarray(index * 16_384, (index + 1) * 16_384),
  );
  return Buffer.concat(
    parts.map((part, index) =>
      frame(
        index === 0 ? frameType.headers : frameType.continuation,
        (index === 0 ? flags : 0) | (index === parts.length - 1 ? endHeaders : 0),
        1,
        part,
      ),
    ),
  );
}

/** A request over a connection of its own that is fine. */
async function expectServed(): Promise<void> {
  const { status } = await server.client.request('GET', path);
  expect(status).toBe(200);
}

const plain = requestFields(path);
const post = (): [string, string][] => [...requestFields(path, 'POST'), auth(), ['content-type', 'application/json']];
const without = (name: string) => plain.filter(([other]) => other !== name);
/** A client that has sent one frame as it is. */
const sendFrame = async (bytes: Uint8Array) => {
  const client = await RawHttp2.open(server.url);
  client.socket.write(bytes);
  return client;
};

test.for<[string, 'stream' | 'session', () => Promise<RawHttp2>]>([
  ['a pseudo-header twice', 'stream', () => ask([[':method', 'GET'], ...plain, auth()])],
  ['a pseudo-header behind the others', 'stream', () => ask([...plain.slice(1), auth(), [':method', 'GET']])],
  ['a pseudo-header that nobody knows', 'stream', () => ask([...plain, [':colour', 'red'], auth()])],
  ['the pseudo-header of an answer', 'stream', () => ask([...plain, [':status', '200'], auth()])],
  ['an empty path', 'stream', () => ask([...without(':path'), [':path', ''], auth()])],
  ['no path', 'stream', () => ask([...without(':path'), auth()])],
  ['a name in upper case', 'stream', () => ask([...plain, auth(), ['X-Upper', 'x']])],
  ['headers of a connection', 'stream', () => ask([...plain, auth(), ['connection', 'close']])],
  ['te: gzip', 'stream', () => ask([...plain, auth(), ['te', 'gzip']])],
  ['CONNECT that has a path', 'stream', () => ask([...requestFields(path, 'CONNECT'), auth()])],
  [
    'a body of another length than it says',
    'stream',
    () => ask([...post(), ['content-length', '9']], frame(frameType.data, endStream, 1, Buffer.from('{}')), false),
  ],
  ['pseudo-headers among its trailers', 'stream', () => ask(post(), blocks([[':path', '/']], endStream), false)],
  ['headers that are no HPACK', 'session', () => sendFrame(frame(frameType.headers, endStream | endHeaders, 1, Buffer.alloc(5, 0xff)))],
  ['an even number', 'session', () => sendFrame(frame(frameType.headers, endStream | endHeaders, 2, headerBlock([...plain, auth()])))],
  ['a frame longer than allowed', 'session', () => sendFrame(frame(frameType.data, 0, 1, Buffer.alloc(20_000)))],
])('a request of HTTP/2 with %s ends its %s, and no other (H25)', async ([, part, send], { task }) => {
  const client = await send();
  const code = () => (part === 'stream' ? client.reset(1) : client.goAway);
  await client.until(() => code() !== undefined);
  task.meta.trial = { row: 'H25', door: 'wire', answer: `${part} ended with ${code()}` };
  expect(code()).toBeGreaterThan(errorCode.noError);
  client.socket.destroy();
  await expectServed();
});

test.each(['b\r\nx-c: d', 'b\0c'])('of HTTP/2, a header with the value %j is as good as not sent (H25)', async (value) => {
  const client = await ask([...plain, ['authorization', `Bearer ${server.client.token}${value}`]]);
  await client.until(() => client.goAway !== undefined || client.frames.some(({ type }) => type === frameType.data));
  expect(client.frames.find(({ type }) => type === frameType.data)?.payload.toString()).toContain('"UNAUTHENTICATED"');
  client.socket.destroy();
});

describe('headers beyond 16 KB (H25, H26)', () => {
  const many = Array.from({ length: 20 }, (_, index): [string, string] => [`x-${index}`, 'x'.repeat(1000)]);

  test('end the stream of a client that knows the limit; below it they are read', async () => {
    const session = http2.connect(server.url);
    const get = async (baggage: string) => {
      const stream = session.request({ ':path': path, authorization: auth()[1], baggage });
      const [answer] = await once(stream, 'response');
      stream.resume();
      return answer[':status'];
    };
    expect(await get('b'.repeat(14 * 1024))).toBe(200);
    await expect(get('b'.repeat(17 * 1024))).rejects.toThrow('ENHANCE_YOUR_CALM');
    expect(await get('b')).toBe(200);
    session.close();
  });

  test.each([
    ['a request', []],
    ['a call of gRPC', [['content-type', 'application/grpc']]],
  ] satisfies [string, [string, string][]][])('of %s are refused to one that does not want to know it', async (_what, more) => {
    lines.splice(0);
    const client = await ask([...requestFields(path, 'POST'), auth(), ...more, ...many]);
    const refused = () => lines.find((line) => line.includes('"HEADERS_TOO_LARGE"'));
    await client.until(() => refused() !== undefined);
    expect(JSON.parse(refused() ?? '{}')).toMatchObject({ error_code: 'HEADERS_TOO_LARGE' });
    client.socket.destroy();
  });
});
