import { beside, type Chapter, elsewhere, type Input, row, server } from './chapter.ts';
import { createOrganization, json, organizations, users } from './requests.ts';

const memberships = '/api/v1/memberships/organizations/{organization}/users:external/ROWS';

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
const deep = (levels: number, open: string, close: string, inner: string) => open.repeat(levels) + inner + close.repeat(levels);

const created: Input[] = [
  ...['__proto__', 'constructor', 'prototype'].flatMap((key) => [
    rawMetadata('K2', `{"${key}":1}`, 400),
    rawMetadata('K2', `{"a":{"${key}":{"x":1}}}`, 400),
    rawMetadata('K2', `{"a":{},"b":[{"${key}":1}]}`, 400),
  ]),
  ...['__proto__', 'constructor', 'prototype'].map(
    (key): Input => ({
      row: 'K2',
      method: 'PATCH',
      path: `${users}:external/ROWS`,
      body: `{"user_profile":{"custom_attributes":{"${key}":"x"}}}`,
      expect: 400,
      names: /custom_attributes/,
    }),
  ),
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
  { ...withMetadata('K18', { ['k'.repeat(1_100_000)]: 1 }, 413), otherwise: { import: 400 } },
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

const elsewhereRefused: Input[] = [
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
  // What cannot be read as JSON is named by its place in the body, whatever the body is of.
  metadataTargets.map((target): Input => ({ row, ...target(text), expect: 400, names: /metadata|body|^a: / })),
);

/** K: keys of metadata, at most 100 of 1 to 64 code points. V: its values, any JSON of 8 levels and 32 KB. */
export const metadata: Chapter = {
  inputs: [...created, ...elsewhereRefused],
  rows: {
    K2: row(
      '__proto__, constructor, prototype at any depth, and in the attributes of a profile',
      '400; no object gets anything by it',
      beside('sequences.test.ts', 'no input reached the prototype of all objects (K2)'),
    ),
    K3: row('__proto__ spelled with an escape', '400'),
    K4: row('names of methods that JavaScript calls by itself', 'kept as data'),
    K5: row('NUL, half of a surrogate pair', '400'),
    K7: row(
      '100 keys, 101, 99 and a merge of two',
      'kept; 400; 400 and nothing is changed',
      beside('sequences.test.ts', '99 keys and a merge of 2 are one too many'),
    ),
    K8: row('a key twice', '400: one of them would be lost'),
    K9: row(
      'keys that look like paths, operators, quotes',
      'kept; a filter takes them exactly',
      server('metadata/filter.test.ts', 'a key is exact: names by dots are levels, any other key goes in brackets'),
    ),
    K10: row('keys that look like integers', 'kept, in no promised order'),
    K12: row('one key in NFC and in NFD', '400: keys are NFC'),
    K13: row('line ends, escapes of terminals, bidi controls', '400'),
    K14: row('keys that differ in case alone', 'two keys'),
    K15: row(
      'a merge of null',
      'removes the key and no other',
      server(
        'organizations/organizations.test.ts',
        'changes what is named, merges metadata, null clears; nothing changed means no new version',
      ),
    ),
    K17: row('_internal, system:', '400: reserved'),
    K18: row('a key of a megabyte', '400, or 413 for the body'),
    V1: row('NUL and half of a surrogate pair in texts, nested too', '400'),
    V2: row('integers that no double holds', '400'),
    V4: row('numbers that JSON does not know', '400'),
    V5: row('-0, 1.0, 1e2', 'the same value'),
    V6: row('more digits than a double has', '400'),
    V7: row(
      '8, 9, 7,000 and 100,000 levels',
      'kept; 400',
      server('lib/json-scan.test.ts', '100,000 levels and a megabyte of brackets are refused in a moment (V7, B9)'),
    ),
    V9: row(
      'a text of 8,000 code points; more than 32 KB',
      'kept; 400',
      beside('sequences.test.ts', '32 KB in two halves of 20 KB are too much (V9)'),
    ),
    V10: row('a list of 100,000 zeros', '400'),
    V11: row(
      'null in a new record',
      'absent, as in a merge',
      server('metadata/metadata.test.ts', 'null in a new object is dropped at every level, and kept in a patch and in arrays'),
    ),
    V12: row(
      'HTML',
      'kept; text in the dashboard',
      elsewhere('packages/dashboard/test/records.test.ts', 'names and values from outside are text, whatever they contain'),
    ),
    V14: row(
      'line ends and a header, U+2028',
      'kept; in no header and no line of the log',
      beside('sequences.test.ts', 'line ends in what was stored break neither a header nor a line of the log (V14)'),
    ),
    V15: row('references and look-ups of other systems', 'kept, and nobody follows them'),
    V16: row('toJSON, __typename', 'kept as data'),
    V17: row(
      'google.protobuf.Struct that JSON cannot hold',
      'no offered method takes one',
      server('scalekit/compatibility.test.ts', 'no offered method takes a Struct, whose numbers and nesting JSON cannot hold (V17)'),
    ),
    V19: row('sequences of emoji, right-to-left text, hundreds of marks', 'kept exactly'),
    V20: row('16 KB of random bytes as Base64', 'kept exactly, also where the database stores it apart'),
  },
};
