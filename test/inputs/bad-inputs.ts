import type { Input } from './input.ts';

const organizations = '/api/v1/organizations';
const users = '/api/v1/users';
let count = 0;

const createOrganization = (row: string, fields: object, expect: Input['expect'], more: Partial<Input> = {}): Input => ({
  row,
  method: 'POST',
  path: organizations,
  body: { display_name: 'Acme', ...fields },
  expect,
  ...more,
});
const withExternalId = (row: string, value: unknown, expect: Input['expect']): Input =>
  createOrganization(
    row,
    { external_id: value },
    expect,
    expect === 400 ? { names: /external_id/ } : expect === 201 ? { keeps: { at: 'organization.external_id', value } } : {},
  );
const withMetadata = (row: string, value: unknown, expect: Input['expect']): Input =>
  createOrganization(
    row,
    { metadata: value },
    expect,
    expect === 400 ? { names: /metadata|body/ } : { keeps: { at: 'organization.metadata', value } },
  );
const rawMetadata = (row: string, json: string, expect: Input['expect']): Input => ({
  row,
  method: 'POST',
  path: organizations,
  body: `{"display_name":"Acme","metadata":${json}}`,
  expect,
});
const withName = (row: string, value: unknown, expect: Input['expect']): Input =>
  createOrganization(row, { display_name: value }, expect, expect === 400 ? { names: 'display_name' } : {});
const withEmail = (row: string, email: unknown, expect: Input['expect']): Input => ({
  row,
  method: 'POST',
  path: users,
  body: { email },
  expect,
  ...(expect === 400 ? { names: 'email' } : {}),
});
const unique = (local: string) => {
  count += 1;
  return `${local}${count}`;
};
const deep = (levels: number, open: string, close: string, inner: string) => open.repeat(levels) + inner + close.repeat(levels);

const externalIds: Input[] = [
  ...['', ' ', '\t', ' a', 'a '].map((value) => withExternalId('E1', value, 400)),
  withExternalId('E1', null, 201),
  withExternalId('E2', 'a'.repeat(255), 201),
  withExternalId('E2', '😀'.repeat(255), 201),
  withExternalId('E3', 'a'.repeat(256), 400),
  withExternalId('E3', '😀'.repeat(256), 400),
  withExternalId('E4', 'a\u0000b', 400),
  withExternalId('E4', 'a\ud800b', 400),
  withExternalId('E6', '\u00e9', 201),
  withExternalId('E6', 'e\u0301', 400),
  withExternalId('E7', 'ABC', 201),
  withExternalId('E7', 'abc', 201),
  withExternalId('E8', 'k', 201),
  withExternalId('E8', '\u212a', 400),
  withExternalId('E9', 'paypal', 201),
  withExternalId('E9', '\u0440\u0430ypal', 201),
  ...['a\u202eb', 'a\u200bb', '\ufeffabc', 'a\u200d b', '\u2066a'].map((value) => withExternalId('E11', value, 400)),
  ...['a\nb', 'a\rb', 'a\u001b[31m', '\u007f', 'a\u0085b', 'a\u2028b'].map((value) => withExternalId('E12', value, 400)),
  ...['1', '0', '-1', '9007199254740993'].map((value) => withExternalId('E13', value, 201)),
  ...[1, true, [], {}].map((value) => withExternalId('E14', value, 400)),
  ...['me', 'batch', '..', '.', 'search', 'metadata', 'null', 'undefined'].map((value) => withExternalId('E16', value, 201)),
  ...['a/b', 'a%2Fb', 'a?b#c', 'a;b', 'a+b c', 'a%', 'a\\b', 'ü/ö'].map((value) => withExternalId('E17', value, 201)),
  ...["' or 1=1--", '%', '_', '\\', '$1', '${x}', '{{7*7}}'].map((value) => withExternalId('E18', value, 201)),
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty'].map((value) => withExternalId('E19', value, 201)),
  withExternalId('E24', "=cmd|'/C calc'!A0", 201),
  createOrganization('E1', { external_ids: { stripe: '' } }, 400, { names: 'external_ids.stripe' }),
  createOrganization('E1', { external_ids: { 'Not A System': 'x' } }, 400, { names: /external_ids/ }),
  createOrganization('E3', { external_ids: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`system-${index}`, 'x'])) }, 400, {
    names: 'external_ids',
  }),
  { row: 'E17', path: `${organizations}:external/a%`, expect: 400 },
  { row: 'E17', path: `${organizations}:external/%c0%80`, expect: 400 },
  { row: 'E16', path: `${organizations}:external/never-made`, expect: 404 },
  { row: 'E16', path: `${organizations}:external?external_id=..`, expect: 200 },
  { row: 'E1', path: `${organizations}:external?external_id=`, expect: 400, names: 'external_id' },
  { row: 'E1', path: `${organizations}:external`, expect: 400, names: 'external_id' },
  { row: 'E1', path: `${organizations}:external?external_id=a&system=No%20Such`, expect: 400, names: 'system' },
];

const metadata: Input[] = [
  ...['__proto__', 'constructor', 'prototype'].flatMap((key) => [
    rawMetadata('K2', `{"${key}":1}`, 400),
    rawMetadata('K2', `{"a":{"${key}":{"x":1}}}`, 400),
    rawMetadata('K2', `{"a":{},"b":[{"${key}":1}]}`, 400),
  ]),
  rawMetadata('K3', '{"\\u005f_proto__":1}', 400),
  withMetadata('K4', { toString: 1, hasOwnProperty: 'x', toJSON: 'x', then: 'x', length: 0 }, 201),
  rawMetadata('K5', '{"a\\u0000":1}', 400),
  rawMetadata('K5', '{"a\\ud800":1}', 400),
  withMetadata('K7', Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`k${index}`, index])), 201),
  withMetadata('K7', Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`k${index}`, index])), 400),
  rawMetadata('K8', '{"a":1,"a":2}', 400),
  withMetadata('K9', { 'a.b': 1, 'a[b]': 2, $where: 3, '#>>': 4, 'a,b': 5, 'a"b': 6, "a'b": 7 }, 201),
  withMetadata('K10', { 10: 'a', 2: 'b', b: 'c' }, 201),
  withMetadata('K12', { '\u00e9': 1, 'e\u0301': 2 }, 400),
  ...['a\nb', 'a\u001b[31m', 'a\u202eb'].map((key) => withMetadata('K13', { [key]: 1 }, 400)),
  withMetadata('K14', { key: 1, KEY: 2 }, 201),
  withMetadata('K17', { _internal: 1 }, 400),
  withMetadata('K17', { 'system:x': 1 }, 400),
  withMetadata('K18', { ['k'.repeat(900_000)]: 1 }, 400),
  withMetadata('K18', { ['k'.repeat(1_100_000)]: 1 }, 413),
  ...['"\\u0000"', '"\\ud800"', '{"b":["\\u0000"]}'].map((json) => rawMetadata('V1', `{"a":${json}}`, 400)),
  ...['9007199254740993', '-9007199254740993', '1e400'].map((json) => rawMetadata('V2', `{"a":${json}}`, 400)),
  ...['NaN', 'Infinity', '+1', '01', '0x10', '1.', '.5'].map((json) => rawMetadata('V4', `{"a":${json}}`, 400)),
  ...['-0', '1.0', '1e2'].map((json) => rawMetadata('V5', `{"a":${json}}`, 201)),
  rawMetadata('V6', `{"a":0.1${'0'.repeat(100)}1}`, 400),
  rawMetadata('V7', `{"a":${deep(7, '[', ']', '')}}`, 201),
  ...[8, 7_000, 100_000].map((levels) => rawMetadata('V7', `{"a":${deep(levels, '[', ']', '')}}`, 400)),
  ...[8, 7_000, 100_000].map((levels) => rawMetadata('V7', `{"a":${deep(levels, '{"a":', '}', '1')}}`, 400)),
  withMetadata('V9', { a: 'x'.repeat(8_000) }, 201),
  withMetadata('V9', { a: '😀'.repeat(8_000) }, 201),
  withMetadata('V10', { a: Array(100_000).fill(0) }, 400),
  rawMetadata('V11', '{"a":null}', 201),
  withMetadata('V12', { a: '<img src=x onerror=alert(1)>', b: '</script>' }, 201),
  withMetadata('V14', { a: '\r\nX-A: b', b: '\u2028' }, 201),
  withMetadata('V15', { a: '{"$ref":"#"}', b: '${jndi:ldap://x}' }, 201),
  withMetadata('V16', { a: { toJSON: 'x', __typename: 'y' } }, 201),
  withMetadata('V19', { a: '👩‍👩‍👧', b: 'שלום', c: `z${'\u0321'.repeat(500)}` }, 201),
  withMetadata('V20', { a: Buffer.from(Array.from({ length: 16_384 }, (_, index) => (index * 7919) % 256)).toString('base64') }, 201),
  ...[null, [], 'x', 1].map((value) => withMetadata('B7', value, 400)),
];

const emails: Input[] = [
  ...['a@b', '@b.c', 'a@', 'a b@c.d', 'a@@b.c', 'a@b..c', '.a@b.c', 'a.@b.c'].map((email) => withEmail('M1', email, 400)),
  withEmail('M2', `${'a'.repeat(64)}@example.com`, 201),
  withEmail('M2', `${'a'.repeat(65)}@example.com`, 400),
  withEmail('M2', `a@${'b'.repeat(250)}.co`, 400),
  withEmail('M4', '"x@evil.com y"@good.com', 400),
  ...['a@good.com,b@evil.com', 'a@good.com;b@evil.com', '<a@b.c>', 'A <a@b.c>', 'grp:a@b.c;'].map((email) => withEmail('M5', email, 400)),
  withEmail('M6', 'a@b.cc', 201),
  withEmail('M6', 'A@B.CC', 409),
  ...['ı@b.co', 'ſ@b.co', '\u212a@b.co'].map((email) => withEmail('M7', email, 400)),
  withEmail('M9', 'a@ⓖithub.com', 400),
  withEmail('M10', 'a@münchen.de', 201),
  withEmail('M10', 'a@xn--mnchen-3ya.de', 409),
  ...['a@[127.0.0.1]', 'a@[IPv6:::1]', 'a@localhost', 'a@1.2.3.4'].map((email) => withEmail('M11', email, 400)),
  withEmail('M12', 'a@b.c.', 400),
  ...['a(comment)@b.c', 'a@b(c).d'].map((email) => withEmail('M14', email, 400)),
  withEmail('M15', 'a.'.repeat(50_000), 400),
  withEmail('M15', '('.repeat(10_000), 400),
  ...['-oQ/tmp@b.co', '--x@b.co', '|cmd@b.co', '`id`@b.co'].map((email) => withEmail('M16', email, 201)),
  withEmail('M20', '<script>@b.c', 400),
  withEmail('M21', 'a@\ud800.co', 400),
  withEmail('M21', 'a@\ufffd.co', 400),
  ...[1, null, [], {}].map((email) => withEmail('M1', email, 400)),
  {
    row: 'M22',
    method: 'POST',
    path: users,
    body: { email: `${unique('m22')}@example.com`, user_profile: { name: 'Evil\r\nTo: x' } },
    expect: 400,
    names: 'user_profile.name',
  },
  {
    row: 'M22',
    method: 'POST',
    path: users,
    body: { email: `${unique('m22')}@example.com`, user_profile: { custom_attributes: { a: 'x\u0000' } } },
    expect: 400,
    names: /custom_attributes/,
  },
];

const names: Input[] = [
  ...['<script>', '"><svg onload>', 'javascript:alert(1)', '{{constructor}}'].map((value) => withName('N2', value, 201)),
  withName('N3', 'Click http://evil.example now', 201),
  ...['a\r\nb', 'a\u0085b', 'a\u2028b'].map((value) => withName('N4', value, 400)),
  ...['a\u202eb', 'a\u2066b'].map((value) => withName('N5', value, 400)),
  ...['Null', 'true', '0', 'None', "O'Brien", 'Zoë', '李', '👩‍👩‍👧'].map((value) => withName('N7', value, 201)),
  ...['', ' ', 'a'.repeat(201), 1, null, [], {}].map((value) => withName('N9', value, 400)),
  ...['../../etc/passwd', 'CON', 'a"b.csv', 'a'.repeat(200)].map((value) => withName('N10', value, 201)),
  { row: 'N9', method: 'POST', path: organizations, body: {}, expect: 400, names: 'display_name' },
  createOrganization('N2', { logo_url: 'javascript:alert(1)' }, 400, { names: 'logo_url' }),
  createOrganization('N2', { slug: 'Not A Slug' }, 400, { names: 'slug' }),
];

const roles: Input[] = [
  ...['', ' ', 'a b', 'a.b', 'a-b', 'ü', 'a\u0000', 'a\ud800', 'a'.repeat(65), 1, null, [], {}].map(
    (name): Input => ({ row: 'N9', method: 'POST', path: '/api/v1/roles', body: { name, display_name: 'X' }, expect: 400, names: 'name' }),
  ),
  ...['', 'a.b', 'a b', 'a\u0000', 'a'.repeat(65), 1, null].map(
    (name): Input => ({ row: 'N9', method: 'POST', path: '/api/v1/permissions', body: { name }, expect: 400, names: 'name' }),
  ),
  ...['a\r\nb', 'a\u202eb', ' ', '\u0000'].map(
    (value): Input => ({
      row: 'N4',
      method: 'POST',
      path: '/api/v1/roles',
      body: { name: 'x', display_name: value },
      expect: 400,
      names: 'display_name',
    }),
  ),
  ...['%00', '..%2f', "'", '%ff', 'a'.repeat(4000)].flatMap((name): Input[] => [
    { row: 'I3', path: `/api/v1/roles/${name}`, expect: [400, 404] },
    { row: 'I3', path: `/api/v1/permissions/${name}`, expect: [400, 404] },
  ]),
  { row: 'B7', method: 'POST', path: '/api/v1/roles', body: { name: 'x', display_name: 'X', id: 'role_1' }, expect: 400, names: 'id' },
  { row: 'I5', method: 'PATCH', path: '/api/v1/roles/admin', body: {}, expect: 405 },
  { row: 'P8', path: '/api/v1/permissions?page_size=0', expect: 400, names: 'page_size' },
];

const pages: Input[] = [
  ...['0', '-1', '1.5', '1e3', '2147483648', 'abc', '101', '+1', ' 1', ''].map(
    (size): Input => ({ row: 'P8', path: `${organizations}?page_size=${encodeURIComponent(size)}`, expect: 400, names: 'page_size' }),
  ),
  { row: 'P8', path: `${organizations}?page_size=1&page_size=2`, expect: 400, names: 'page_size' },
  { row: 'P2', path: `${organizations}?page_token=AAAA`, expect: 400, names: 'page_token' },
  { row: 'P2', path: `${organizations}?page_token=${'A'.repeat(600)}`, expect: 400, names: 'page_token' },
  ...[
    'secret = 1',
    'metadata.a ~ "x"',
    'metadata.a = "x" AND',
    `${'('.repeat(1000)}`,
    Array.from({ length: 60 }, () => 'metadata.a=1').join(' OR '),
  ].map((filter): Input => ({ row: 'P10', path: `${organizations}?filter=${encodeURIComponent(filter)}`, expect: 400, names: 'filter' })),
  { row: 'P10', path: `${organizations}?filter=${'a'.repeat(5000)}`, expect: 400, names: 'filter' },
  { row: 'P10', path: `${organizations}:search?query=ab`, expect: 400, names: 'query' },
  { row: 'P10', path: `${organizations}?filter=${encodeURIComponent('metadata.a = "\' or 1=1"')}`, expect: 200 },
];

const paths: Input[] = [
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
  ...['7', '"abc"', '""', '"-1"', '"1", "2"', 'W/"1"'].map(
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
];

const headers: Input[] = [
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
];

const bodies: Input[] = [
  ...[
    '',
    'null',
    '[]',
    '"x"',
    '1',
    '{"display_name":"x"',
    '{"display_name":"x"}}',
    '{"display_name":"x"}{}',
    '{"display_name":"x"/**/}',
    "{'display_name':'x'}",
    '\ufeff{"display_name":"x"}',
  ].map((body): Input => ({ row: 'B1', method: 'POST', path: organizations, body, expect: 400 })),
  ...[[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xff]].map(
    (bytes): Input => ({
      row: 'B2',
      method: 'POST',
      path: organizations,
      body: new Uint8Array([...Buffer.from('{"display_name":"'), ...bytes, ...Buffer.from('"}')]),
      expect: 400,
    }),
  ),
  { row: 'B2', method: 'POST', path: organizations, body: new Uint8Array(Buffer.from('{"display_name":"x"}', 'utf16le')), expect: 400 },
  { row: 'B4', method: 'POST', path: organizations, body: `{"display_name":"${'x'.repeat(2_000_000)}"}`, expect: 413 },
  createOrganization('B7', { unknown: 1 }, 400, { names: 'unknown' }),
  createOrganization('B7', { id: 'org_1' }, 400, { names: 'id' }),
  createOrganization('B7', { version: 7 }, 400, { names: 'version' }),
  createOrganization('B7', { create_time: 'x' }, 400, { names: 'create_time' }),
  {
    row: 'B7',
    method: 'POST',
    path: users,
    body: { email: `${unique('b7')}@example.com`, user_profile: { shoe_size: 9 } },
    expect: 400,
    names: 'user_profile.shoe_size',
  },
  { row: 'B7', path: `${organizations}?unknown=1`, expect: 400, names: 'unknown' },
  { row: 'B9', method: 'POST', path: organizations, body: '{"a":'.repeat(180_000), expect: 400 },
  { row: 'B9', method: 'POST', path: organizations, body: ' '.repeat(1_000_000), expect: 400 },
  { row: 'B9', method: 'POST', path: organizations, body: `{"display_name":${'1'.repeat(1_000_000)}}`, expect: 400 },
  { row: 'B9', method: 'POST', path: organizations, body: `{"display_name":"${'\\u0041'.repeat(170_000)}"}`, expect: 400 },
  { row: 'B11', method: 'DELETE', path: `${organizations}/org_1`, body: {}, expect: 404 },
  { row: 'B12', method: 'POST', path: '/api/v1/resolve', body: { ids: [] }, expect: 400, names: 'ids' },
  {
    row: 'B12',
    method: 'POST',
    path: '/api/v1/rekey',
    body: { kind: 'organization', pairs: [{ from: 'a' }] },
    expect: 400,
    names: /pairs/,
  },
];

/** Bad inputs and the answer each must get, as data. In an order in which each expectation holds on an empty environment. */
export const badInputs: Input[] = [...externalIds, ...metadata, ...emails, ...names, ...roles, ...pages, ...paths, ...headers, ...bodies];
