/** A request as bytes on the wire, and what must come of it. */
export interface WireInput {
  row: string;
  name: string;
  /** the head without the empty line that ends it; `{auth}` stands for a valid Authorization header with its line end */
  head: string;
  body?: string | Uint8Array;
  /** the status that must come; 100 first where the server asks for the body */
  expect: number;
  code?: string;
  /** Whether the server ends the connection after its answer. */
  closes: boolean;
  /** what the answer must say, or must not */
  says?: RegExp;
}

const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n{auth}${headers}`;
const post = (headers: string, type = 'Content-Type: application/json\r\n') =>
  `POST /api/v1/organizations HTTP/1.1\r\nHost: x\r\n{auth}${type}${headers}`;
const body = '{"display_name":"wire"}';
const length = `Content-Length: ${body.length}\r\n`;
const chunked = 'Transfer-Encoding: chunked\r\n';

/** HTTP that cannot be read is answered, and its connection ended: what follows cannot be told apart. */
const unreadable: WireInput[] = (
  [
    ['H12', 'no Host', 'GET /healthz HTTP/1.1\r\n'],
    ['H15', 'two lengths', post('Content-Length: 2\r\nContent-Length: 3\r\n'), '{}'],
    ['H15', 'the same length twice', post('Content-Length: 2\r\nContent-Length: 2\r\n'), '{}'],
    ['H15', 'length and chunks', post(`Content-Length: 2\r\n${chunked}`), '0\r\n\r\n'],
    ['H15', 'a negative length', post('Content-Length: -2\r\n'), '{}'],
    ['H15', 'a length in hexadecimal', post('Content-Length: 0x2\r\n'), '{}'],
    ['H15', 'an unknown transfer coding', post('Transfer-Encoding: xchunked\r\n')],
    ['H15', 'chunks that are not the last coding', post('Transfer-Encoding: chunked, identity\r\n'), '0\r\n\r\n'],
    ['H15', 'a chunk without a size', post(chunked), 'zz\r\n'],
    ['H15', 'a bad chunk after a good one', post(chunked), '2\r\n{}\r\nzz\r\n'],
    ['H15', 'a chunk longer than it says', post(chunked), '2\r\n{}xx0\r\n\r\n'],
    ['H15', 'a chunk size beyond 64 bits', post(chunked), `${'f'.repeat(18)}\r\n`],
    ['H15', 'a chunk with 20 KB of extensions', post(chunked), `2;${'a'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`],
    ['H15', 'a folded header', get('/healthz', 'X-A: b\r\n c\r\n')],
    ['H15', 'lines that end in LF alone', 'GET /healthz HTTP/1.1\nHost: x\nX-A: b\n\n'],
    ['H15', 'CR alone in a header', get('/healthz', 'X-A: b\rX-B: c\r\n')],
    ['H15', 'NUL in a header', get('/healthz', 'X-A: a\u0000b\r\n')],
    ['H15', 'a space before the colon', get('/healthz', 'X-A : b\r\n')],
    ['H15', 'a line without a colon', get('/healthz', 'nonsense\r\n')],
    ['H20', 'NUL in a cookie', get('/healthz', 'Cookie: a=\u0000\r\n')],
    ['D5', 'NUL in an idempotency key', post(`Idempotency-Key: a\u0000b\r\n${length}`), body],
    ['I5', 'a method in lower case', 'get /healthz HTTP/1.1\r\nHost: x\r\n'],
    ['I5', 'a method nobody knows', 'STEAL /healthz HTTP/1.1\r\nHost: x\r\n'],
    ['I3', 'bytes beyond ASCII in the path', get('/api/v1/organizations/ü')],
    ['H15', 'another protocol', 'GET /healthz HTTP/3.0\r\nHost: x\r\n'],
    ['H15', 'TLS on a plain port', '\u0016\u0003\u0001\u0002\u0000\u0001'],
  ] satisfies [string, string, string, string?][]
).map(([row, name, head, sent]) => ({
  row,
  name,
  head,
  ...(sent === undefined ? {} : { body: sent }),
  expect: 400,
  code: 'MALFORMED_REQUEST',
  closes: true,
}));

/** What can be read is answered by the service. */
const readable: WireInput[] = [
  { row: 'H12', name: 'two Hosts', head: get('/healthz', 'Host: y\r\n'), expect: 400, code: 'MALFORMED_REQUEST', closes: true },
  { row: 'H12', name: 'a Host of somebody else', head: 'GET /healthz HTTP/1.1\r\nHost: evil.example\r\n', expect: 200, closes: false },
  {
    row: 'H12',
    name: 'X-Forwarded-* of a stranger',
    head: get('/.well-known/oauth-authorization-server', 'X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: gopher\r\n'),
    expect: 200,
    closes: false,
    says: /^(?!.*(evil|gopher)).*http:\/\/crosswalk\.test\/oauth\/token/s,
  },
  {
    row: 'H12',
    name: 'the address of somebody else in the request line',
    head: get('http://evil.example/.well-known/oauth-authorization-server'),
    expect: 200,
    closes: false,
    says: /^(?!.*evil).*http:\/\/crosswalk\.test\/oauth\/token/s,
  },
  {
    row: 'H13',
    name: 'headers named like parts of an object',
    head: get('/api/v1/users', '__proto__: x\r\nconstructor: y\r\n'),
    expect: 200,
    closes: false,
  },
  {
    row: 'H13',
    name: 'the same on a change',
    head: post(`__proto__: x\r\nIdempotency-Key: h13\r\n${length}`),
    body,
    expect: 201,
    closes: false,
  },
  {
    row: 'H1',
    name: 'an old token before a valid one',
    head: `GET /api/v1/users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a.b.c\r\n{auth}`,
    expect: 200,
    closes: false,
  },
  {
    row: 'H1',
    name: 'two Authorization headers that are both bad',
    head: 'GET /api/v1/users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a.b.c\r\nAuthorization: Basic x\r\n',
    expect: 401,
    code: 'UNAUTHENTICATED',
    closes: false,
  },
  { row: 'H16', name: 'no Content-Type', head: post(length, ''), body, expect: 415, code: 'UNSUPPORTED_MEDIA_TYPE', closes: true },
  {
    row: 'H16',
    name: 'an empty Content-Type',
    head: post(length, 'Content-Type:\r\n'),
    body,
    expect: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
    closes: false,
  },
  {
    row: 'H16',
    name: 'white space around it',
    head: post(length, 'Content-Type: \t application/json \t\r\n'),
    body,
    expect: 201,
    closes: false,
  },
  {
    row: 'H16',
    name: 'two Content-Types',
    head: post(`Content-Type: text/plain\r\n${length}`),
    body,
    expect: 400,
    code: 'MALFORMED_REQUEST',
    closes: true,
  },
  {
    row: 'H22',
    name: 'an expectation nobody knows',
    head: post(`Expect: x\r\n${length}`),
    expect: 417,
    code: 'EXPECTATION_FAILED',
    closes: true,
  },
  {
    row: 'H22',
    name: 'a body is asked for when it is wanted',
    head: post(`Expect: 100-continue\r\n${length}`),
    body,
    expect: 201,
    closes: false,
    says: /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 /,
  },
  {
    row: 'H22',
    name: 'a body of a gigabyte is not asked for',
    head: post('Expect: 100-continue\r\nContent-Length: 1000000000\r\n'),
    expect: 413,
    code: 'BODY_TOO_LARGE',
    closes: true,
    says: /^HTTP\/1\.1 413 /,
  },
  {
    row: 'X13',
    name: 'a file of three gigabytes is not asked for',
    head: `POST /api/v1/imports HTTP/1.1\r\nHost: x\r\n{auth}Content-Type: application/x-ndjson\r\nExpect: 100-continue\r\nContent-Length: 3000000000\r\n`,
    expect: 413,
    code: 'BODY_TOO_LARGE',
    closes: true,
    says: /^HTTP\/1\.1 413 /,
  },
  {
    row: 'H22',
    name: 'nor is the body of a stranger',
    head: `POST /api/v1/organizations HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n${length}`,
    expect: 401,
    code: 'UNAUTHENTICATED',
    closes: true,
    says: /^HTTP\/1\.1 401 /,
  },
  {
    row: 'H15',
    name: 'trailers change nothing',
    head: post(`${chunked}Trailer: authorization\r\n`),
    body: `${body.length.toString(16)}\r\n${body}\r\n0\r\nAuthorization: x\r\n\r\n`,
    expect: 201,
    closes: false,
  },
  {
    row: 'H15',
    name: 'an upgrade that nobody offers',
    head: get('/healthz', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'),
    expect: 200,
    closes: false,
  },
  {
    row: 'H3',
    name: 'a token of a megabyte',
    head: `GET /api/v1/users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${'a'.repeat(1_000_000)}\r\n`,
    expect: 431,
    code: 'HEADERS_TOO_LARGE',
    closes: true,
  },
  {
    row: 'I1',
    name: 'an ID of a megabyte',
    head: get(`/api/v1/users/${'a'.repeat(1_000_000)}`),
    expect: 431,
    code: 'HEADERS_TOO_LARGE',
    closes: true,
  },
  {
    row: 'I5',
    name: 'CONNECT',
    head: 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n',
    expect: 405,
    code: 'METHOD_NOT_ALLOWED',
    closes: true,
  },
  {
    row: 'I5',
    name: 'TRACE',
    head: 'TRACE /healthz HTTP/1.1\r\nHost: x\r\nCookie: secret\r\n',
    expect: 405,
    code: 'METHOD_NOT_ALLOWED',
    closes: false,
    says: /^(?!.*secret)/s,
  },
  {
    row: 'I5',
    name: 'OPTIONS of everything',
    head: 'OPTIONS * HTTP/1.1\r\nHost: x\r\n',
    expect: 405,
    code: 'METHOD_NOT_ALLOWED',
    closes: false,
  },
  {
    row: 'D5',
    name: 'two idempotency keys',
    head: post(`Idempotency-Key: a\r\nIdempotency-Key: a\r\n${length}`),
    body,
    expect: 400,
    code: 'INVALID_IDEMPOTENCY_KEY',
    closes: false,
  },
  {
    row: 'D5',
    name: 'an idempotency key with a comma',
    head: post(`Idempotency-Key: a, b\r\n${length}`),
    body,
    expect: 400,
    code: 'INVALID_IDEMPOTENCY_KEY',
    closes: false,
  },
  {
    row: 'H21',
    name: 'a request ID with a line end',
    head: get('/healthz', 'X-Request-Id: a\r\n b: c\r\n'),
    expect: 400,
    code: 'MALFORMED_REQUEST',
    closes: true,
  },
];

/** Every row. */
export const wireInputs: WireInput[] = [...unreadable, ...readable];
