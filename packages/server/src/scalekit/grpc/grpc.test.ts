import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import { gzipSync } from 'node:zlib';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { AnySchema, anyUnpack } from '@bufbuild/protobuf/wkt';
import { ErrorInfoSchema } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/errdetails/errdetails_pb.js';
import {
  CreateOrganizationRequestSchema,
  CreateOrganizationResponseSchema,
  GetOrganizationRequestSchema,
} from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/organizations/organizations_pb.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { useTestServer } from '../../testing.ts';
import { refusal, scalekitOf } from '../testing.ts';
import { frame } from './message.ts';
import { parseTimeout } from './timeout.ts';

const server = useTestServer();
let session: http2.ClientHttp2Session;
beforeAll(() => {
  session = http2.connect(server.url);
});
afterAll(() => session.close());

const create1 = '/scalekit.v1.organizations.OrganizationService/CreateOrganization';
const get1 = '/scalekit.v1.organizations.OrganizationService/GetOrganization';
const message = (displayName: string, externalId?: string) =>
  toBinary(CreateOrganizationRequestSchema, create(CreateOrganizationRequestSchema, { organization: { displayName, externalId } }));
const getRequest = (id: string) =>
  toBinary(GetOrganizationRequestSchema, create(GetOrganizationRequestSchema, { identities: { case: 'id', value: id } }));

interface Answer {
  status: number;
  message: string;
  /** of the details; undefined without */
  error: { code: number; message: string; errorCode: string; requestId: string; fields: string[] } | undefined;
  body: Buffer;
  headers: http2.IncomingHttpHeaders;
}

/** One call as it goes over the wire. `body` is what follows the headers, framed or not. */
async function call(path: string, body: Uint8Array, headers: http2.OutgoingHttpHeaders = {}): Promise<Answer> {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc+proto',
    te: 'trailers',
    authorization: `Bearer ${server.client.token}`,
    ...headers,
  });
  stream.end(body);
  const [head] = await once(stream, 'response');
  let trailers: http2.IncomingHttpHeaders = head;
  stream.once('trailers', (received) => {
    trailers = received;
  });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const details = trailers['grpc-status-details-bin'];
  return {
    status: Number(trailers['grpc-status']),
    message: decodeURIComponent(String(trailers['grpc-message'] ?? '')),
    error: typeof details === 'string' ? readStatus(Buffer.from(details, 'base64')) : undefined,
    body: Buffer.concat(chunks).subarray(5),
    headers: head,
  };
}

/** Reads a google.rpc.Status with one ErrorInfo in it. */
function readStatus(bytes: Uint8Array): Answer['error'] {
  const reader = new BinaryReader(bytes);
  let [code, text] = [0, ''];
  let info: ReturnType<typeof create<typeof ErrorInfoSchema>> | undefined;
  while (reader.pos < reader.len) {
    const [field] = reader.tag();
    if (field === 1) code = reader.int32();
    else if (field === 2) text = reader.string();
    else info = anyUnpack(fromBinary(AnySchema, reader.bytes()), ErrorInfoSchema);
  }
  return {
    code,
    message: text,
    errorCode: info?.errorCode ?? '',
    requestId: info?.requestInfo?.requestId ?? '',
    fields: info?.validationErrorInfo?.fieldViolations.map(({ field }) => field) ?? [],
  };
}

/** The same answer in status, message and details, as the Python client wants it. */
function expectError(answer: Answer, status: number, errorCode: string): void {
  expect(answer).toMatchObject({ status, error: { code: status, errorCode } });
  expect(answer.error?.message).toBe(answer.message);
  expect(answer.error?.requestId).toMatch(/^(req_|mine)/);
}

test('a call that succeeds has its message and status 0', async () => {
  const { status, body } = await call(create1, frame(message('Acme', 'G-1')));
  expect(status).toBe(0);
  expect(fromBinary(CreateOrganizationResponseSchema, body).organization).toMatchObject({ displayName: 'Acme', externalId: 'G-1' });
});

describe('every error has its details', () => {
  const bad = new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .bytes(new Uint8Array([0x22, 2, 0xc3, 0x28]))
    .finish();
  const unknownField = new BinaryWriter().tag(77, WireType.Varint).int32(1).finish();
  const deepGroups = Buffer.alloc(2000, 0x0b);
  const wrongType = new BinaryWriter().tag(1, WireType.Varint).int32(1).finish();
  const inOrganization = (fields: BinaryWriter) =>
    new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(fields.tag(4, WireType.LengthDelimited).string('Acme').finish()).finish();
  const unknownRegion = inOrganization(new BinaryWriter().tag(5, WireType.Varint).int32(77));
  let deepMessages: Uint8Array = new Uint8Array();
  for (let level = 0; level < 200; level += 1)
    deepMessages = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(deepMessages).finish();
  test.each<[string, string, Uint8Array, http2.OutgoingHttpHeaders, number, string]>([
    ['a field that is refused', create1, frame(message('')), {}, 3, 'INVALID_ARGUMENT'],
    ['a record that is not there', get1, frame(getRequest('org_1')), {}, 5, 'ORGANIZATION_NOT_FOUND'],
    ['no token', get1, frame(getRequest('org_1')), { authorization: undefined }, 16, 'UNAUTHENTICATED'],
    ['a token that is none', get1, frame(getRequest('org_1')), { authorization: 'Bearer x.y.z' }, 16, 'UNAUTHENTICATED'],
    [
      'a method that is published and not offered',
      '/scalekit.v1.connections.ConnectionService/GetConnection',
      frame(new Uint8Array()),
      {},
      12,
      'NOT_OFFERED',
    ],
    [
      'a method that nobody has',
      '/scalekit.v1.organizations.OrganizationService/Explode',
      frame(new Uint8Array()),
      {},
      12,
      'ROUTE_NOT_FOUND',
    ],
    ['no message (G2)', get1, new Uint8Array(), {}, 3, 'MALFORMED_MESSAGE'],
    ['two messages', get1, Buffer.concat([frame(getRequest('org_1')), frame(getRequest('org_2'))]), {}, 3, 'MALFORMED_MESSAGE'],
    ['half a message', get1, frame(getRequest('org_1')).subarray(0, 8), {}, 3, 'MALFORMED_MESSAGE'],
    ['text that is not UTF-8 (G2)', create1, frame(bad), {}, 3, 'MALFORMED_MESSAGE'],
    ['a field that nobody has (G2)', create1, frame(unknownField), {}, 3, 'UNKNOWN_FIELD'],
    ['groups without an end (G2)', create1, frame(deepGroups), {}, 3, 'MALFORMED_MESSAGE'],
    ['a field of another wire type (G2)', create1, frame(wrongType), {}, 3, 'MALFORMED_MESSAGE'],
    ['a value that an enum does not have (G2)', create1, frame(unknownRegion), {}, 3, 'INVALID_ARGUMENT'],
    ['messages 200 levels deep (G2)', create1, frame(deepMessages), {}, 3, 'UNKNOWN_FIELD'],
    ['a message of more than 1 MB', create1, frame(new Uint8Array(1024 * 1024 + 1)), {}, 8, 'BODY_TOO_LARGE'],
    [
      'a compression we do not read',
      get1,
      Buffer.concat([Buffer.from([1, 0, 0, 0, 1]), Buffer.from([0])]),
      { 'grpc-encoding': 'br' },
      12,
      'NOT_OFFERED',
    ],
    ['a gzip bomb', get1, compressed(gzipSync(new Uint8Array(50_000_000))), { 'grpc-encoding': 'gzip' }, 8, 'BODY_TOO_LARGE'],
    ['gzip that is none', get1, compressed(new Uint8Array(20)), { 'grpc-encoding': 'gzip' }, 3, 'MALFORMED_MESSAGE'],
    ['a timeout that is none (G3)', get1, frame(getRequest('org_1')), { 'grpc-timeout': 'soon' }, 3, 'INVALID_ARGUMENT'],
    ['a deadline that has passed (G3)', get1, frame(getRequest('org_1')), { 'grpc-timeout': '1n' }, 4, 'DEADLINE_EXCEEDED'],
    [
      'JSON instead of messages',
      get1,
      frame(getRequest('org_1')),
      { 'content-type': 'application/grpc+json' },
      3,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    [
      'an idempotency key that is none (D5)',
      create1,
      frame(message('X')),
      { 'idempotency-key': 'two words' },
      3,
      'INVALID_IDEMPOTENCY_KEY',
    ],
  ])('%s', async (_name, path, body, headers, status, errorCode) => {
    expectError(await call(path, body, headers), status, errorCode);
  });

  test('the request ID of the caller is kept, and a message of any script survives', async () => {
    const answer = await call(
      get1,
      frame(
        toBinary(
          GetOrganizationRequestSchema,
          create(GetOrganizationRequestSchema, { identities: { case: 'externalId', value: 'übermaß 100%' } }),
        ),
      ),
      {
        'x-request-id': 'mine-1',
      },
    );
    expectError(answer, 5, 'ORGANIZATION_NOT_FOUND');
    expect([answer.error?.requestId, answer.message]).toEqual(['mine-1', 'there is no organization with the external ID übermaß 100%']);
  });

  test('a field that nobody has is named by its path, however deep it is', async () => {
    const varint = () => new BinaryWriter().tag(77, WireType.Varint).int32(1);
    const inside = (number: number, bytes: BinaryWriter, before = new BinaryWriter()) =>
      before.tag(number, WireType.LengthDelimited).bytes(bytes.finish());
    const users = '/scalekit.v1.users.UserService';
    const policy = '/scalekit.v1.organizations.OrganizationService/UpdateOrganizationSessionPolicy';
    const entry = new BinaryWriter().tag(1, WireType.LengthDelimited).string('plan').tag(77, WireType.Varint).int32(1);
    for (const [path, bytes, field] of [
      [create1, varint(), '77'],
      [create1, inside(1, varint()), 'organization.77'],
      // The second of two roles, an entry of a map, a wrapper.
      [`${users}/UpdateMembership`, inside(5, inside(4, varint(), inside(4, new BinaryWriter()))), 'membership.roles.1.77'],
      [create1, inside(1, inside(7, entry)), 'organization.metadata.0.77'],
      [policy, inside(3, varint()), 'absolute_session_timeout.77'],
    ] as const) {
      const answer = await call(path, frame(bytes.finish()));
      expectError(answer, 3, 'UNKNOWN_FIELD');
      expect(answer.error?.fields).toEqual([field]);
    }
  });

  test('a refused field is named', async () => {
    expect((await call(create1, frame(message('Name', ' spaces ')))).error).toMatchObject({
      errorCode: 'INVALID_EXTERNAL_ID',
      fields: ['external_id'],
    });
  });
});

describe('behind a proxy that speaks HTTP/1.1 to the server', () => {
  /** Takes HTTP/2 and passes it on over HTTP/1.1, as haproxy does without `proto h2`: trailers are lost. */
  const proxy = http2.createServer((request, response) => {
    const names = Object.entries(request.headers).filter(([name]) => !name.startsWith(':') && name !== 'te');
    const onward = http.request(`${server.url}${request.url}`, { method: request.method, headers: Object.fromEntries(names) }, (answer) => {
      const { connection, 'keep-alive': _, 'transfer-encoding': __, ...headers } = answer.headers;
      response.writeHead(answer.statusCode ?? 0, headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  let url = '';
  beforeAll(async () => {
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${Object(proxy.address()).port}`;
  });
  afterAll(() => proxy.close());

  test("Scalekit's client is told what the proxy lacks", async () => {
    const { exception, code, errorCode, message } = await refusal(scalekitOf({ url }, server.client).organization.listOrganization());
    expect([exception, code, errorCode]).toEqual(['ScalekitBadRequestException', 'FailedPrecondition', 'HTTP2_REQUIRED']);
    expect(message).toContain('tell the proxy to speak HTTP/2 to the server (haproxy: proto h2)');
  });

  test('a call of any path and kind of message is answered in the headers, without a body', async () => {
    for (const [path, type] of [
      [get1, 'application/grpc'],
      ['/any.Service/Method', 'application/grpc+proto'],
      ['/api/v1/organizations', 'application/grpc+json'],
    ] as const) {
      const answer = await fetch(server.url + path, {
        method: 'POST',
        headers: { 'content-type': type },
        body: new Uint8Array(frame(getRequest('org_1'))),
      });
      expect([answer.status, answer.headers.get('content-type'), answer.headers.get('grpc-status'), await answer.text()]).toEqual([
        200,
        'application/grpc',
        '9',
        '',
      ]);
      expect(readStatus(Buffer.from(answer.headers.get('grpc-status-details-bin') ?? '', 'base64'))).toMatchObject({
        code: 9,
        message: answer.headers.get('grpc-message'),
        errorCode: 'HTTP2_REQUIRED',
        requestId: answer.headers.get('x-request-id'),
      });
    }
  });
});

test('gzip is read', async () => {
  expect((await call(create1, compressed(gzipSync(message('Zipped'))), { 'grpc-encoding': 'gzip' })).status).toBe(0);
});

test('any valid bearer among several is accepted: Python sends two', async () => {
  const authorization = `Bearer ${server.client.token}`;
  for (const headers of [
    [authorization, 'Bearer stale.stale.stale'],
    ['Bearer stale.stale.stale', authorization],
  ]) {
    const joined = await call(get1, frame(getRequest('org_1')), { authorization: headers.join(', ') });
    expect(joined.status).toBe(5);
  }
});

test('an idempotency key makes a repeated call answer the same, say so, and have its effect once; for another message it is refused', async () => {
  const headers = { 'idempotency-key': 'grpc-1' };
  const [first, again] = [
    await call(create1, frame(message('Once', 'G-ONCE')), headers),
    await call(create1, frame(message('Once', 'G-ONCE')), headers),
  ];
  expect([first.status, again.status]).toEqual([0, 0]);
  expect(again.body.equals(first.body)).toBe(true);
  expect([first, again].map(({ headers }) => headers['idempotent-replayed'])).toEqual([undefined, 'true']);
  expectError(await call(create1, frame(message('Other')), headers), 3, 'IDEMPOTENCY_KEY_REUSED');
});

test('a call whose answer shows a secret takes no idempotency key', async () => {
  for (const path of [
    '/scalekit.v1.tokens.ApiTokenService/CreateToken',
    '/scalekit.v1.clients.ClientService/CreateOrganizationClient',
    '/scalekit.v1.clients.ClientService/CreateOrganizationClientSecret',
  ]) {
    expectError(await call(path, frame(new Uint8Array()), { 'idempotency-key': 'secret' }), 3, 'IDEMPOTENCY_KEY_REFUSED');
  }
});

test('calls that are cancelled at any moment leave the connection and the records whole (G4)', async () => {
  for (let index = 0; index < 200; index += 1) {
    const stream = session.request({
      ':method': 'POST',
      ':path': create1,
      'content-type': 'application/grpc+proto',
      authorization: `Bearer ${server.client.token}`,
    });
    stream.on('error', () => {});
    stream.end(frame(message(`Cancelled ${index}`, `G-CANCEL-${index}`)));
    setTimeout(() => stream.close(http2.constants.NGHTTP2_CANCEL), Math.random() * 8);
    if (index % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  const { rows } = await server.database.pool.query(
    `select (select count(*) from organizations where display_name like 'Cancelled%')::int as records,
       (select count(*) from events where data ->> 'display_name' like 'Cancelled%')::int as events,
       (select count(*) from external_ids where value like 'G-CANCEL-%')::int as ids`,
  );
  expect(rows[0].events).toBe(rows[0].records);
  expect(rows[0].ids).toBe(rows[0].records);
  expect((await call(create1, frame(message('After')))).status).toBe(0);
});

test('metadata that cannot be read, is too long or comes twice harms no other call (G5)', async () => {
  const unreadable = await call(get1, frame(getRequest('org_1')), { 'trace-bin': '*** no Base64 ***', 'grpc-trace-bin': '' });
  expectError(unreadable, 5, 'ORGANIZATION_NOT_FOUND');
  const twice = await call(get1, frame(getRequest('org_1')), { authorization: 'Bearer a.b.c, Basic x' });
  expectError(twice, 16, 'UNAUTHENTICATED');
  await expect(call(get1, frame(getRequest('org_1')), { baggage: 'b'.repeat(17 * 1024) })).rejects.toThrow('ENHANCE_YOUR_CALM');
  expectError(await call(get1, frame(getRequest('org_1'))), 5, 'ORGANIZATION_NOT_FOUND');
});

test('timeouts: digits and unit, no more than eight digits', () => {
  expect([parseTimeout(undefined), parseTimeout('20000m'), parseTimeout('2S'), parseTimeout('1H'), parseTimeout('5u')]).toEqual([
    undefined,
    20_000,
    2000,
    3_600_000,
    0.005,
  ]);
  for (const text of ['', '1', 'S', '123456789S', '1.5S', '-1S', '1s']) expect(() => parseTimeout(text)).toThrow('grpc-timeout');
});

function compressed(bytes: Uint8Array): Buffer {
  const framed = frame(bytes);
  framed.writeUInt8(1, 0);
  return framed;
}
