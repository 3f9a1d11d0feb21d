import { type Chapter, type Input, row, server } from './chapter.ts';
import { organizations, users } from './requests.ts';

const withEmail = (row: string, email: unknown, expect: Input['expect']): Input => ({
  row,
  method: 'POST',
  path: users,
  body: { email },
  expect,
  ...(expect === 400 ? { names: 'email' } : {}),
});
const longest = `${'a'.repeat(64)}@${['b', 'c'].map((letter) => letter.repeat(63)).join('.')}.${'d'.repeat(58)}.co`;

const inputs: Input[] = [
  ...['a@b', '@b.c', 'a@', 'a b@c.d', 'a@@b.c', 'a@b..c', '.a@b.c', 'a.@b.c'].map((email) => withEmail('M1', email, 400)),
  withEmail('M2', `${'a'.repeat(64)}@example.com`, 201),
  withEmail('M2', `${'a'.repeat(65)}@example.com`, 400),
  withEmail('M2', `a@${'b'.repeat(250)}.co`, 400),
  withEmail('M4', '"x@evil.com y"@good.com', 400),
  ...['a@good.com,b@evil.com', 'a@good.com;b@evil.com', '<a@b.c>', 'A <a@b.c>', 'grp:a@b.c;'].map((email) => withEmail('M5', email, 400)),
  withEmail('M6', 'a@b.cc', 201),
  // A row of a file is about the person who has the address.
  { ...withEmail('M6', 'A@B.CC', 409), otherwise: { import: 200 } },
  ...['ı@b.co', 'ſ@b.co', '\u212a@b.co'].map((email) => withEmail('M7', email, 400)),
  withEmail('M9', 'a@ⓖithub.com', 400),
  withEmail('M10', 'a@münchen.de', 201),
  { ...withEmail('M10', 'a@xn--mnchen-3ya.de', 409), otherwise: { import: 200 } },
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
    body: { email: 'm22@example.com', user_profile: { name: 'Evil\r\nTo: x' } },
    expect: 400,
    names: 'user_profile.name',
  },
  {
    row: 'M22',
    method: 'POST',
    path: users,
    body: { email: 'm22@example.com', user_profile: { custom_attributes: { a: 'x\u0000' } } },
    expect: 400,
    names: /custom_attributes/,
  },
  { row: 'M2', method: 'POST', path: users, body: { email: longest }, expect: 201, keeps: { at: 'user.email', value: longest } },
  { row: 'M2', method: 'POST', path: users, body: { email: longest.replace('.co', '.com') }, expect: 400, names: 'email' },
  { row: 'M6', method: 'PATCH', path: `${users}:external/ROWS`, body: { email: longest.toUpperCase() }, expect: 409, names: 'email' },
  ...[
    ['M1', 'a@b'],
    ['M1', ''],
    ['M5', 'A <a@b.co>'],
    ['M9', 'a@ⓖithub.com'],
    ['M9', 'a@a\ufe0fb.co'],
    ['M10', 'a@xn--e28h.co'],
  ].map(
    ([row = '', email]): Input => ({ row, method: 'PATCH', path: `${users}:external/ROWS`, body: { email }, expect: 400, names: 'email' }),
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

/** M: addresses, at most 254 bytes, kept as they were sent and unique in one normal form. */
export const emails: Chapter = {
  inputs,
  rows: {
    M1: row('no domain, no local part, spaces, dots in a row or at an end; what is no text', '400'),
    M2: row('a local part of 64 and 65, a whole of 254 and 255', 'kept; 400'),
    M4: row('a quoted local part', '400'),
    M5: row('several addresses, names, groups', '400'),
    M6: row('the same in another case', '409'),
    M7: row('letters that become ASCII in another case', '400: a local part is ASCII'),
    M9: row('a domain that would become another', '400'),
    M10: row('an international domain in both spellings', 'one address: 409'),
    M11: row('literal and local domains', '400'),
    M12: row('a dot after the domain', '400'),
    M14: row('comments', '400'),
    M15: row(
      '100 KB of what patterns choke on',
      '400 in a moment',
      server('lib/email.test.ts', '100 KB of hostile text is refused in a moment (M15)'),
    ),
    M16: row('options and commands of a shell', 'kept; mail goes to no program'),
    M17: row(
      'one address in two cases in one import',
      'one person: the second row is theirs, and rejected where it must make one',
      server(
        'imports/imports.test.ts',
        'an address in two cases is one person in a file: the second row is theirs, and with create_only rejected (M17)',
      ),
    ),
    M19: row(
      'a user of two organizations, changed by one of them',
      '401: credentials of an organization do not open this API',
      server('clients/organization-clients.test.ts', 'never open this API, whatever audience, scopes and claims the client has'),
    ),
    M20: row('HTML', '400'),
    M21: row('half of a surrogate pair, U+FFFD', '400'),
    M22: row(
      'line ends in names of people',
      '400; mail has names encoded',
      server('mail/delivery.test.ts', 'names are escaped in HTML and cannot break a header'),
    ),
  },
};
