import { beside, type Chapter, elsewhere, type Input, row, server } from './chapter.ts';
import { createOrganization, organizations, users } from './requests.ts';

const withName = (row: string, value: unknown, expect: Input['expect']): Input =>
  createOrganization(row, { display_name: value }, expect, expect === 400 ? { names: 'display_name' } : {});

const inputs: Input[] = [
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

/** N: names of organizations, people, clients and roles. */
export const names: Chapter = {
  inputs,
  rows: {
    N2: row(
      'HTML, scripts, templates; the same as the address of a logo',
      'kept, text everywhere; 400 for a logo',
      elsewhere('packages/dashboard/test/records.test.ts', 'names and values from outside are text, whatever they contain'),
      server('mail/delivery.test.ts', 'names are escaped in HTML and cannot break a header'),
    ),
    N3: row(
      'an address of the web in a name',
      'kept; a mail does not link it',
      server('mail/delivery.test.ts', 'an address of the web in a name is no link of the mail (N3)'),
    ),
    N4: row('line ends of every sort', '400'),
    N5: row('bidi controls', '400'),
    N7: row('names that programs mistake, of any script', 'kept exactly'),
    N8: row('the Big List of Naughty Strings', 'each kept exactly or 400', beside('naughty-strings.test.ts', '$name')),
    N9: row('empty, too long, what is no text; names of roles and slugs beyond their letters', '400'),
    N10: row(
      'names of files and devices',
      'kept; files are named by us',
      server(
        'export/export.test.ts',
        'has every record as a row of the contract: permissions, roles, organizations, users, memberships, each after what it refers to',
      ),
    ),
  },
};
