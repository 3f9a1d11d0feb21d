import type { Input } from './input.ts';

const organizations = '/api/v1/organizations';
const users = '/api/v1/users';
const memberships = '/api/v1/memberships/organizations/{organization}/users:external/ROWS';
const json = (value: unknown) => JSON.stringify(value);

/** The records that the rows below change, named by IDs of their own; `{organization}` stands for an organization's ID. */
const made: Input[] = [
  {
    row: '',
    method: 'POST',
    path: organizations,
    body: { display_name: 'Rows', external_id: 'ROWS', external_ids: { crm: 'ROWS' } },
    expect: 201,
  },
  {
    row: '',
    method: 'POST',
    path: `${organizations}/{organization}/users`,
    body: { email: 'rows@example.com', external_id: 'ROWS' },
    expect: 201,
  },
];

const externalIds: Input[] = [
  {
    row: 'E3',
    method: 'POST',
    path: users,
    body: {
      email: 'e3@example.com',
      external_id: Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * 7919) % 256)).toString('latin1'),
    },
    expect: 400,
    names: 'external_id',
  },
  ...[
    ['E1', '%20'],
    ['E1', 'a%20'],
    ['E3', 'a'.repeat(256)],
    ['E4', 'a%00b'],
    ['E6', 'e%CC%81'],
    ['E8', '%E2%84%AA'],
    ['E11', 'a%E2%80%AEb'],
    ['E11', '%EF%BB%BFabc'],
    ['E12', 'a%0Ab'],
    ['E12', '%1b%5b31m'],
  ].flatMap(([row = '', id = '']): Input[] => [
    { row, path: `${organizations}:external/${id}`, expect: 400, names: 'external_id' },
    { row, path: `${users}:external?external_id=${id}`, expect: 400, names: 'external_id' },
    { row, path: `${organizations}?external_id=${id}`, expect: 400, names: 'external_id' },
    { row, path: `${users}?external_id=${id}`, expect: 400, names: 'external_id' },
    { row, method: 'PUT', path: `${organizations}:external/${id}`, body: { display_name: 'Upserted' }, expect: 400, names: 'external_id' },
  ]),
  ...['', ' ', 'a\u0000b', 'e\u0301', 'a'.repeat(256), 1, null, {}].map(
    (to): Input => ({
      row: 'E',
      method: 'POST',
      path: '/api/v1/rekey',
      body: { kind: 'organization', pairs: [{ from: 'ROWS', to }] },
      expect: 400,
      names: /pairs\.0\.to/,
    }),
  ),
  {
    row: 'E4',
    method: 'POST',
    path: '/api/v1/rekey',
    body: { kind: 'user', pairs: [{ from: 'a\u0000', to: 'b' }] },
    expect: 400,
    names: /pairs\.0\.from/,
  },
  ...[1, true, [], {}].map(
    (value): Input => ({
      row: 'E14',
      method: 'PATCH',
      path: `${users}:external/ROWS`,
      body: { external_ids: { hr: value } },
      expect: 400,
      names: 'external_ids.hr',
    }),
  ),
  { row: 'E16', path: `${organizations}:external/.`, expect: 200, keeps: { at: 'organization.external_id', value: '.' } },
  {
    row: 'E17',
    method: 'PUT',
    path: `${organizations}:external/a%2Fb%3Fc%23d`,
    body: { display_name: 'x' },
    expect: 201,
    keeps: { at: 'organization.external_id', value: 'a/b?c#d' },
  },
  { row: 'E18', path: `${organizations}?external_id=${encodeURIComponent("' or 1=1--")}`, expect: 200 },
  {
    row: 'E23',
    method: 'PATCH',
    path: `${organizations}:external/ROWS`,
    body: { external_id: 'a/b?c#d', display_name: 'Changed' },
    expect: 409,
    names: 'external_id',
  },
  { row: 'E23', path: `${organizations}:external/ROWS`, expect: 200, keeps: { at: 'organization.display_name', value: 'Rows' } },
];

/** Every way in which metadata comes in; each is given the JSON text of the metadata. */
const metadataTargets: ((metadata: string) => Omit<Input, 'row' | 'expect'>)[] = [
  (metadata) => ({ method: 'PATCH', path: `${organizations}:external/ROWS`, body: `{"metadata":${metadata}}` }),
  (metadata) => ({ method: 'PUT', path: `${organizations}:external/ROWS/metadata`, body: metadata }),
  (metadata) => ({ method: 'PUT', path: `${organizations}:external/ROWS`, body: `{"metadata":${metadata}}` }),
  (metadata) => ({ method: 'PATCH', path: `${users}:external/ROWS`, body: `{"metadata":${metadata}}` }),
  (metadata) => ({ method: 'PUT', path: `${users}:external:metadata?external_id=ROWS`, body: metadata }),
  (metadata) => ({ method: 'PATCH', path: memberships, body: `{"metadata":${metadata}}` }),
  (metadata) => ({ method: 'PUT', path: `${memberships}/metadata`, body: metadata }),
  (metadata) => ({
    method: 'POST',
    path: `${organizations}/{organization}/users`,
    body: `{"email":"never@example.com","membership":{"metadata":${metadata}}}`,
  }),
];
const metadata: Input[] = [
  ['K2', '{"__proto__":{"x":1}}'],
  ['K2', '{"a":{"constructor":{"prototype":{"x":1}}}}'],
  ['K3', '{"\\u005f_proto__":{"x":1}}'],
  ['K5', '{"a\\u0000":1}'],
  ['K7', json(Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`k${index}`, index])))],
  ['K8', '{"a":1,"a":2}'],
  ['K12', '{"e\\u0301":1}'],
  ['K13', '{"a\\nb":1}'],
  ['K17', '{"_internal":1}'],
  ['K18', `{"${'k'.repeat(100_000)}":1}`],
  ['V1', '{"a":["\\ud800"]}'],
  ['V2', '{"a":9007199254740993}'],
  ['V4', '{"a":NaN}'],
  ['V7', `{"a":${'['.repeat(8)}${']'.repeat(8)}}`],
  ['V9', json({ a: 'x'.repeat(33_000) })],
  ['B7', '[]'],
  ['B7', 'null'],
].flatMap(([row = '', text = '']) =>
  metadataTargets.map((target): Input => ({ row, ...target(text), expect: 400, names: /metadata|body/ })),
);

const longest = `${'a'.repeat(64)}@${['b', 'c'].map((letter) => letter.repeat(63)).join('.')}.${'d'.repeat(58)}.co`;
const emails: Input[] = [
  { row: 'M2', method: 'POST', path: users, body: { email: longest }, expect: 201, keeps: { at: 'user.email', value: longest } },
  { row: 'M2', method: 'POST', path: users, body: { email: longest.replace('.co', '.com') }, expect: 400, names: 'email' },
  { row: 'M6', method: 'PATCH', path: `${users}:external/ROWS`, body: { email: longest.toUpperCase() }, expect: 409, names: 'email' },
  ...['a@b', 'a@ⓖithub.com', 'a@a\ufe0fb.co', 'a@xn--e28h.co', 'A <a@b.co>', ''].map(
    (email): Input => ({ row: 'M', method: 'PATCH', path: `${users}:external/ROWS`, body: { email }, expect: 400, names: 'email' }),
  ),
  ...['not an address', 'a@b', '%00', `${'('.repeat(200)}`].map(
    (email): Input => ({
      row: 'M1',
      path: `${users}?email=${email.replaceAll(' ', '%20')}`,
      expect: 200,
      keeps: { at: 'total_size', value: 0 },
    }),
  ),
  { row: 'M15', path: `${users}?email=${'a'.repeat(255)}`, expect: 400, names: 'email' },
  ...['boss', 'Boss <boss@b.co>', 'boss@b.co\r\nBcc: x@y.co', 'boss@b.co\u0000', 'boss@localhost'].map(
    (address): Input => ({
      row: 'M22',
      method: 'POST',
      path: `${organizations}/{organization}/users`,
      body: { email: 'm22@example.com', membership: { inviter_email: address } },
      expect: 400,
      names: 'membership.inviter_email',
    }),
  ),
];

const names: Input[] = [
  ...['a\r\nb', 'a\u0000', '\u202e', '\ud800'].flatMap((name): Input[] => [
    { row: 'N4', method: 'POST', path: '/api/v1/clients', body: { name }, expect: 400, names: 'name' },
    {
      row: 'N4',
      method: 'PATCH',
      path: `${users}:external/ROWS`,
      body: { user_profile: { family_name: name } },
      expect: 400,
      names: 'user_profile.family_name',
    },
    {
      row: 'N4',
      method: 'PATCH',
      path: `${users}:external/ROWS`,
      body: { user_profile: { groups: [name] } },
      expect: 400,
      names: /user_profile\.groups/,
    },
    {
      row: 'N4',
      method: 'PATCH',
      path: `${users}:external/ROWS`,
      body: { user_profile: { custom_attributes: { [name]: 'x' } } },
      expect: 400,
      names: /custom_attributes/,
    },
  ]),
  ...['https://a b', 'https://', 'https://\u202e', '//a', 'data:x', 1].map(
    (url): Input => ({
      row: 'N2',
      method: 'PATCH',
      path: `${organizations}:external/ROWS`,
      body: { logo_url: url },
      expect: 400,
      names: 'logo_url',
    }),
  ),
  ...['-a', 'a-', 'a..b', 'A', `${'a'.repeat(64)}`, 'ü', 'a\n'].map(
    (slug): Input => ({ row: 'N9', method: 'PATCH', path: `${organizations}:external/ROWS`, body: { slug }, expect: 400, names: 'slug' }),
  ),
];

const pages: Input[] = [
  ...[organizations, users, '/api/v1/memberships', `${organizations}/{organization}/users`].flatMap((path): Input[] => [
    { row: 'P8', path: `${path}?page_size=0`, expect: 400, names: 'page_size' },
    { row: 'P8', path: `${path}?page_size=101`, expect: 400, names: 'page_size' },
    { row: 'P3', path: `${path}?page_token=${'A'.repeat(48)}`, expect: 400, names: 'page_token' },
    { row: 'P3', path: `${path}?page_token=%00`, expect: 400, names: 'page_token' },
    { row: 'P10', path: `${path}?filter=secret_hash%20%3D%201`, expect: 400, names: 'filter' },
    { row: 'P10', path: `${path}?filter=metadata.a%20%3D%20%22%00%22`, expect: 400, names: 'filter' },
    { row: 'P10', path: `${path}?filter=metadata.a%20%3D%201&filter=metadata.b%20%3D%202`, expect: 400, names: 'filter' },
  ]),
  ...[organizations, users, `${organizations}/{organization}/users`].flatMap((path): Input[] => [
    { row: 'P10', path: `${path}:search?query=a%00bc`, expect: 400, names: 'query' },
    { row: 'P10', path: `${path}:search?query=%25%25%25`, expect: 200, keeps: { at: 'total_size', value: 0 } },
    { row: 'P10', path: `${path}:search?query=${'a'.repeat(101)}`, expect: 400, names: 'query' },
  ]),
];

const paths: Input[] = [
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
    '//api/v1/users',
  ].map((path): Input => ({ row: 'I3', path, expect: [400, 404] })),
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

const headers: Input[] = [
  { row: 'H20', path: organizations, headers: { cookie: `a=b; a=c; ${'d'.repeat(8000)}=e` }, expect: 200 },
  { row: 'H20', path: organizations, headers: { cookie: `session=1; session=2`, authorization: 'Basic x' }, expect: 401 },
  { row: 'H20', path: organizations, headers: { cookie: 'd'.repeat(64 * 1024) }, expect: 431 },
  { row: 'H26', path: organizations, headers: { baggage: 'b'.repeat(64 * 1024) }, expect: 431 },
  { row: 'H26', path: organizations, headers: { traceparent: `00-${'0'.repeat(32)}-${'0'.repeat(16)}-ff` }, expect: 200 },
];

const bodies: Input[] = [
  {
    row: 'B6',
    method: 'POST',
    path: '/api/v1/resolve',
    body: { ids: Array.from({ length: 1000 }, (_, index) => (index === 500 ? { value: 'x', secret: 1 } : `id-${index}`)) },
    expect: 400,
    names: /ids\.500/,
  },
  { row: 'B6', method: 'POST', path: '/api/v1/resolve', body: { ids: ['a', 1] }, expect: 400, names: /ids\.1/ },
  { row: 'B6', method: 'POST', path: '/api/v1/resolve', body: { ids: ['a'.repeat(256)] }, expect: 400, names: /ids\.0/ },
  { row: 'B7', method: 'PUT', path: memberships, body: { roles: [{ name: 'a', title: 'x' }] }, expect: 400, names: 'roles.0.title' },
  { row: 'B7', method: 'PUT', path: memberships, body: { roles: [{ name: 'not a role' }] }, expect: 400, names: 'roles.0.name' },
  { row: 'B7', method: 'PUT', path: memberships, body: { roles: Array(51).fill({ name: 'a' }) }, expect: 400, names: 'roles' },
  { row: 'B7', method: 'PATCH', path: memberships, body: { membership_status: 'PENDING_INVITE' }, expect: 400, names: 'membership_status' },
  {
    row: 'B7',
    method: 'POST',
    path: `${organizations}/{organization}/users`,
    body: { email: 'b7@example.com', membership: { user_id: 'x' } },
    expect: 400,
    names: 'membership.user_id',
  },
  { row: 'B7', method: 'POST', path: '/api/v1/clients', body: { name: 'x', scopes: ['admin'] }, expect: 400, names: 'scopes.0' },
  {
    row: 'B7',
    method: 'POST',
    path: '/api/v1/rekey',
    body: { kind: 'client', pairs: [{ from: 'a', to: 'b' }] },
    expect: 400,
    names: 'kind',
  },
  { row: 'B11', path: organizations, body: { display_name: 'ignored' }, expect: 200 },
  { row: 'B11', path: organizations, body: 'not JSON', headers: { 'content-type': 'text/plain' }, expect: 200 },
  {
    row: 'B12',
    method: 'POST',
    path: organizations,
    body: `${'--x\r\nContent-Disposition: form-data; name="a"; filename="../../x"\r\n\r\nb\r\n'.repeat(10_000)}--x--`,
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
    expect: 415,
  },
];

/** More bad inputs: through the other ways in, and against records that are there. In an order in which each holds. */
export const recordInputs: Input[] = [...made, ...externalIds, ...metadata, ...emails, ...names, ...pages, ...paths, ...headers, ...bodies];
