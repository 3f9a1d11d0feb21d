import { beside, type Chapter, type Input, row, server } from './chapter.ts';
import { organizations, users } from './requests.ts';

const memberships = '/api/v1/memberships/organizations/{organization}/users:external/ROWS';

const inputs: Input[] = [
  ...['usr_1', 'ORG_1', 'org_', 'org_01', 'org_99999999999999999999', 'org_1x', '1', 'undefined', encodeURIComponent('org_1/../..')].map(
    (id): Input => ({ row: 'I1', path: `${organizations}/${id}`, expect: 400, names: 'id' }),
  ),
  { row: 'I1', path: `${organizations}/org_1`, expect: 404 },
  { row: 'I1', path: `${organizations}/${'a'.repeat(5000)}`, expect: [400, 404, 414] },
  ...[
    '/api/v1//users',
    '/api/v1/users/',
    '/api/v1/users;a=b',
    '/api/v1/users%5c',
    '/API/V1/users',
    '/nothing',
    '/api/v1/organizations/org_1/secrets',
  ].map((path): Input => ({ row: 'I3', path, expect: [400, 404] })),
  { row: 'I5', method: 'DELETE', path: organizations, expect: 405 },
  { row: 'I5', method: 'PUT', path: users, expect: 405 },
  { row: 'I5', method: 'POST', path: `${organizations}/org_1`, headers: { 'x-http-method-override': 'DELETE' }, body: {}, expect: 405 },
  { row: 'I5', method: 'PROPFIND', path: organizations, expect: [404, 405, 501] },
  ...['7', '"abc"', '""', '"-1"', '"1", "2"', 'W/"1"', '"1-"', '"1-e75b"', '"1-0123456789ABCDEF"', '"1-0123456789abcdef0"'].map(
    (match): Input => ({
      row: 'I7',
      method: 'PATCH',
      path: `${organizations}:external/abc`,
      body: { metadata: { a: 1 } },
      headers: { 'if-match': match },
      expect: 400,
      names: 'If-Match',
    }),
  ),
  {
    row: 'I7',
    method: 'PATCH',
    path: `${organizations}:external/abc`,
    body: { metadata: { a: 1 } },
    headers: { 'if-match': '"99"' },
    expect: 412,
  },
  {
    row: 'I7',
    method: 'PATCH',
    path: `${organizations}:external/abc`,
    body: { metadata: { a: 1 } },
    headers: { 'if-match': '*' },
    expect: 200,
  },
  { row: 'I8', path: `${organizations}?a=${'x'.repeat(100_000)}`, expect: [400, 414, 431] },
  { row: 'I8', path: `${organizations}?${Array.from({ length: 1_500 }, (_, index) => `p${index}=1`).join('&')}`, expect: 400 },
  { row: 'I8', path: `${organizations}?a[]=1&a[b]=2`, expect: 400 },
  { row: 'I10', method: 'POST', path: '/api/v1/memberships/organizations/org_1/users/usr_1', body: {}, expect: 404 },
  ...[
    [users, 'org_1', 'id'],
    [`${organizations}/{organization}/users`, 'org_1', 'id'],
    ['/api/v1/clients', 'usr_1', 'client_id'],
    [`${organizations}/{organization}/domains`, 'usr_1', 'id'],
    ['/api/v1/memberships/organizations/{organization}/users', 'mem_1', 'id'],
  ].flatMap(([path, foreign = '', field = '']) =>
    [foreign, foreign.toUpperCase(), 'x', '%00', '%F0%9F%98%80', '1'.repeat(300)].map(
      (id): Input => ({ row: 'I1', path: `${path}/${id}`, expect: 400, names: field }),
    ),
  ),
  ...[
    '/api/v1/./users',
    '/api/v1/%2e%2e/admin',
    '/api/v1/organizations/../clients',
    '/api/v1\\users',
    '/api/v1/users%2f',
    '///api/v1/users',
  ].map((path): Input => ({ row: 'I3', path, expect: [400, 404] })),
  // Of an address with a slash at its end, which is none.
  { row: 'I3', path: '//api/v1/users', expect: 200 },
  { row: 'I3', path: '/api/v1/clients/%2e%2e/organizations', headers: { authorization: 'none' }, expect: [401, 404] },
  ...['PROPFIND', 'MKCOL', 'SEARCH', 'LOCK'].map((method): Input => ({ row: 'I5', method, path: organizations, expect: 405 })),
  { row: 'I5', method: 'TRACE', path: organizations, expect: 405 },
  ...['garbage', 'W/', '"a"', '""', `"${'1'.repeat(1001)}"`].map(
    (tag): Input => ({
      row: 'I7',
      path: `${organizations}:external/ROWS`,
      headers: { 'if-none-match': tag },
      expect: 400,
      names: 'If-None-Match',
    }),
  ),
  { row: 'I7', method: 'DELETE', path: `${users}:external/ROWS`, headers: { 'if-match': '"99"' }, expect: 412 },
  { row: 'I7', method: 'DELETE', path: memberships, headers: { 'if-match': 'W/"1"' }, expect: 400, names: 'If-Match' },
  { row: 'I8', path: `${organizations}:external?external_id=a&external_id=b`, expect: 400, names: 'external_id' },
  { row: 'I8', path: `${users}?${'a&'.repeat(5000)}`, expect: 400 },
  { row: 'I8', path: `${organizations}?__proto__=1&constructor=2`, expect: 400 },
];

/** I: IDs, paths, methods, preconditions, queries and times. */
export const paths: Chapter = {
  inputs,
  rows: {
    I1: row('malformed IDs, of another kind, in upper case, of a megabyte', '400 or 404'),
    I2: row(
      "another environment's IDs, on each route",
      'the answer for an unknown one',
      beside('isolation.test.ts', 'answers a stranger exactly as if nothing were there (I2)'),
    ),
    I3: row('doubled slashes, dots, backslashes, parameters of segments', '404 or 400; 401 first'),
    I5: row('methods that a path does not have, of nobody, in lower case; an override', '405, 400; the override is ignored'),
    I6: row(
      'moments that are none',
      '400 that names the parameter',
      server('lib/time.test.ts', '%j is no moment'),
      server('feed/feed.test.ts', '400 to %s names the parameter'),
    ),
    I7: row('If-Match and If-None-Match that are stale, weak, garbage', '412, 400, and nothing is changed'),
    I8: row('long queries, many parameters, brackets, parameters twice', '400, 414 or 431'),
    I10: row(
      'a reference to itself; a membership of what is being deleted',
      '400; 404, and nothing is left over',
      beside('sequences.test.ts', 'memberships of what is being deleted (I10)'),
      server('imports/imports.test.ts', 'a row is held to the rules of the API and names the field that breaks one'),
    ),
  },
};
