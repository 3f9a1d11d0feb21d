import { beside, type Chapter, type Input, row, server } from './chapter.ts';
import { organizations } from './requests.ts';

const inputs: Input[] = [
  ...[
    'text/plain',
    'application/json\ta',
    'application/json garbage',
    'application/json;charset=utf-16',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonx',
  ].map(
    (type): Input => ({
      row: 'H16',
      method: 'POST',
      path: organizations,
      body: '{"display_name":"x"}',
      headers: { 'content-type': type },
      expect: 415,
    }),
  ),
  ...['APPLICATION/JSON', 'application/json; charset=utf-8', 'application/json;charset="UTF-8"'].map(
    (type): Input => ({
      row: 'H16',
      method: 'POST',
      path: organizations,
      body: '{"display_name":"x"}',
      headers: { 'content-type': type },
      expect: 201,
    }),
  ),
  ...['gzip', 'br', 'gzip, gzip', 'x'].map(
    (encoding): Input => ({
      row: 'H17',
      method: 'POST',
      path: organizations,
      body: '{"display_name":"x"}',
      headers: { 'content-type': 'application/json', 'content-encoding': encoding },
      expect: 415,
    }),
  ),
  { row: 'H18', path: organizations, headers: { accept: '*/*' }, expect: 200 },
  { row: 'H18', path: organizations, headers: { accept: 'text/xml' }, expect: 406 },
  { row: 'H18', path: organizations, headers: { accept: 'application/json;q=2' }, expect: 200 },
  { row: 'H18', path: organizations, headers: { accept: `a/${'b'.repeat(10_000)}` }, expect: [200, 406] },
  { row: 'H23', path: organizations, headers: { range: 'bytes=0-1', 'if-modified-since': 'Mon, 23 Nov 2026 00:00:00 GMT' }, expect: 200 },
  { row: 'H26', path: organizations, headers: { prefer: 'x', traceparent: 'garbage', baggage: 'b'.repeat(8_000) }, expect: 200 },
  { row: 'H13', path: organizations, headers: { __proto__x: '1', constructor: 'y' }, expect: 200 },
  { row: 'H20', path: organizations, headers: { cookie: `a=b; a=c; ${'d'.repeat(8000)}=e` }, expect: 200 },
  { row: 'H20', path: organizations, headers: { cookie: `session=1; session=2`, authorization: 'Basic x' }, expect: 401 },
  { row: 'H20', path: organizations, headers: { cookie: 'd'.repeat(64 * 1024) }, expect: 431 },
  { row: 'H26', path: organizations, headers: { baggage: 'b'.repeat(64 * 1024) }, expect: 431 },
  { row: 'H26', path: organizations, headers: { traceparent: `00-${'0'.repeat(32)}-${'0'.repeat(16)}-ff` }, expect: 200 },
];

/** H: headers and credentials. Those that node:http would not send are in wire.ts. */
export const headers: Chapter = {
  inputs,
  rows: {
    H1: row(
      'no, empty, doubled and other Authorization',
      '401 with WWW-Authenticate',
      server('clients/clients.test.ts', 'whatever is not a token of ours is 401 with WWW-Authenticate (H1, H2, H3, H6, H7)'),
    ),
    H2: row(
      'algorithm none, HMAC with the public key, empty signatures',
      '401',
      server(
        'clients/access-token.test.ts',
        'a header that is not the one that was signed is refused: other algorithms, a kid of another type (H2, H3)',
      ),
    ),
    H3: row(
      'a kid that is missing, unknown, a path, SQL, a list, a megabyte',
      '401; nothing is fetched or read',
      server('clients/access-token.test.ts', 'a token with %s (H3, H6)'),
    ),
    H5: row(
      'times that are past, future, no numbers',
      '401 beyond a minute of skew',
      server('clients/access-token.test.ts', 'a token %s (H5)'),
    ),
    H6: row('another issuer, audience, type; no scope', '401; 403', server('clients/access-token.test.ts', 'a token %s (H6)')),
    H7: row(
      'two and five parts, other spellings, 100 KB',
      '401',
      server('clients/access-token.test.ts', 'a token has one spelling: what decodes to the same bytes is not the same token (H7)'),
    ),
    H8: row(
      'claims twice, __proto__',
      '401 or ignored',
      server('clients/access-token.test.ts', 'claims that are no plain object, or are there twice, open nothing and spoil nothing (H8)'),
    ),
    H10: row(
      'the token endpoint with all that is wrong',
      'as RFC 6749 says, no-store',
      server('clients/clients.test.ts', '%s is refused as RFC 6749 says (H10)'),
    ),
    H11: row(
      'per cent, colon and UTF-8 in Basic',
      'form-decoded as RFC 6749 section 2.3.1 says',
      server('clients/clients.test.ts', 'Basic that is refused says so in WWW-Authenticate; its parts are form-decoded (H11)'),
    ),
    H12: row(
      'Host and X-Forwarded-* of strangers, two Hosts, none',
      'links are of the configured address; 400',
      server('mail/delivery.test.ts', 'a link never comes from a request, whatever its Host and X-Forwarded-Host say'),
    ),
    H13: row('headers named like parts of an object', 'the ordinary answer'),
    H15: row(
      'HTTP/1.1 of which it cannot be told where it ends',
      '400, and the connection ends',
      beside('wire.test.ts', 'two requests sent at once are answered in order; what follows a bad one is not'),
    ),
    H16: row('Content-Types that are not JSON, or not in UTF-8', '415'),
    H17: row(
      'compressed bodies, bombs, corrupt ones',
      '415, and memory stays',
      beside('streams.test.ts', 'a server under floods and compressed bombs stays as small as it was (B4, H17)'),
    ),
    H18: row('Accept of anything, of XML, beyond its range', '200 or 406'),
    H20: row(
      "cookies doubled, with NUL, of 64 KB; another's session, an ended one",
      '401 or 431; a sign-in renews the ID',
      server(
        'operators/sessions.test.ts',
        'each sign-in has an ID of its own, and the session that the browser brought ends: none can be planted',
      ),
    ),
    H21: row(
      'X-Request-Id with line ends, of 10 KB, with escapes, beyond ASCII',
      'one of ours',
      beside('rest.test.ts', 'the request ID %j is replaced by one of ours (H21)'),
    ),
    H22: row('Expect with a huge length; of something else', '413 before the body; 417'),
    H23: row('Range, If-Modified-Since', 'ignored'),
    H25: row(
      'HTTP/2 with pseudo-headers that are wrong, upper case, trailers of 100 KB',
      'the stream or the session ends; 431',
      beside('http2.test.ts', 'a request of HTTP/2 with %s ends its %s, and no other (H25)'),
      beside('http2.test.ts', 'headers beyond 16 KB (H25, H26)'),
    ),
    H26: row('Prefer, traceparent and baggage that are malformed or long', 'ignored; 431 beyond 16 KB'),
  },
};
