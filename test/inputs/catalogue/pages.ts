import { beside, type Chapter, type Input, row, server } from './chapter.ts';
import { organizations, users } from './requests.ts';

const inputs: Input[] = [
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
  ...['organization', 'user', 'membership'].flatMap((kind): Input[] => [
    { row: 'P10', path: `/api/v1/export?kinds=${kind}&filter=secret_hash%20%3D%201`, expect: 400, names: 'filter' },
    { row: 'P10', path: `/api/v1/export?kinds=${kind}&filter=metadata.a%20%3D%20%22%00%22`, expect: 400, names: 'filter' },
    { row: 'P10', path: `/api/v1/export?kinds=${kind},role&filter=metadata.a%20%3D%201`, expect: 400, names: 'kinds' },
  ]),
  { row: 'P10', path: '/api/v1/export?filter=metadata.a%20%3D%201', expect: 400, names: 'kinds' },
  { row: 'P10', path: '/api/v1/export?kinds=role&filter=metadata.a%20%3D%201', expect: 400, names: 'filter' },
  { row: 'P10', path: '/api/v1/export?kinds=organization&query=a%00bc', expect: 400, names: 'query' },
  { row: 'P10', path: '/api/v1/export?kinds=membership&query=abc', expect: 400, names: 'query' },
  { row: 'P10', path: '/api/v1/export?kinds=user&organization_id=usr_1', expect: 400, names: 'organization_id' },
];

/** P: pages, their tokens, filters and searches. */
export const pages: Chapter = {
  inputs,
  rows: {
    P2: row('a token with any one bit changed', '400', beside('sequences.test.ts', 'with any one bit changed are refused (P2)')),
    P3: row('a token in another spelling', '400', beside('sequences.test.ts', 'in another spelling are refused (P3)')),
    P4: row(
      'a token of another environment',
      '400',
      beside('sequences.test.ts', 'are bound to environment, list and filter, not to the size of a page (P4, P5)'),
    ),
    P5: row(
      'a token of another list, filter or search',
      '400',
      beside('sequences.test.ts', 'are bound to environment, list and filter, not to the size of a page (P4, P5)'),
    ),
    P7: row(
      'a token whose record was deleted',
      'goes on behind it',
      beside('sequences.test.ts', 'go on behind a record that was deleted (P7)'),
    ),
    P8: row('sizes that are none, given twice, beyond the limit', '400'),
    P9: row(
      'a walk while records come and go',
      'what was there throughout is seen once',
      server(
        'organizations/concurrency.test.ts',
        'a page walk sees every record that was there throughout exactly once, while others come and go (P9)',
      ),
    ),
    P10: row(
      'filters of too many terms, too deep, of unknown and secret fields',
      '400',
      server('metadata/filter.test.ts', '%j is refused with the position (P10)'),
    ),
    P12: row(
      'a token under another key',
      '400',
      server('lib/page-token.test.ts', 'a token of another environment, route, filter or key is refused (P4, P5)'),
    ),
  },
};
