import { expect, test } from 'vitest';
import { quickest } from '../../../../test/quickest.ts';
import { ApiError } from './api-error.ts';
import { emailKey, parseEmail } from './email.ts';

test.each([
  ['a@b.c0', 'a@b.c0'],
  ['Ada.Lovelace+x@Example.COM', 'ada.lovelace+x@example.com'],
  ['a@münchen.de', 'a@xn--mnchen-3ya.de'],
  ['a@xn--mnchen-3ya.de', 'a@xn--mnchen-3ya.de'],
  [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
  ['-oQ/tmp@b.co', '-oq/tmp@b.co'],
])('%s has the key %s', (address, key) => expect(parseEmail(address)).toEqual({ address, key }));

test.each([
  'a@b',
  '@b.c',
  'a@',
  'a b@c.d',
  'a@@b.c',
  'a@b..c',
  '.a@b.c',
  'a.@b.c',
  `${'a'.repeat(65)}@b.co`,
  `a@${'b'.repeat(250)}.co`,
  '"x@evil.com y"@good.com',
  'a@good.com,b@evil.com',
  'a@good.com;b@evil.com',
  '<a@b.c>',
  'A <a@b.c>',
  'grp:a@b.c;',
  'ı@b.co',
  'ſ@b.co',
  '\u212a@b.co',
  'a@ⓖithub.com',
  'a@\u212a.com',
  'a@a\ufe0fcme.com',
  'a@😀.com',
  'a@xn--e28h.com',
  'a@[127.0.0.1]',
  'a@[IPv6:::1]',
  'a@localhost',
  'a@1.2.3.4',
  'a@b.c.',
  'a(comment)@b.c',
  'a@b(c).d',
  'a@-b.co',
  'a@b-.co',
  '<script>@b.c',
  'a@\ud800.co',
  'a@\ufffd.co',
  'a@b.co\n',
  'a\u0000@b.co',
  '',
  'a@０.co',
])('%j is refused (M)', (address) => expect(() => parseEmail(address)).toThrow(/email: /));

test('100 KB of hostile text is refused in a moment (M15)', () => {
  const hostile = ['a.'.repeat(50_000), `${'('.repeat(10_000)}@b.co`, `a@${'a-'.repeat(50_000)}`];
  const time = quickest(() => {
    for (const text of hostile) expect(() => parseEmail(text)).toThrow();
  });
  expect(time).toBeLessThan(1000);
});

/** What is said of an address: the code, the message, the rule. */
function refusal(address: string, field?: string): unknown {
  try {
    return parseEmail(address, field);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return [error.code, error.message, error.detail.violations?.[0]?.constraint];
  }
}

/** A domain of so many characters, in labels of 49. */
const domain = (length: number) => Array.from({ length }, (_, index) => (index % 50 === 49 ? '.' : 'b')).join('');

test('each rule says what it wants', () => {
  const rules: [string, string, string][] = [
    [`${'a'.repeat(12)}@${domain(242)}`, 'must have at most 254 characters', 'max_length'],
    ['ü@b.co', 'must have ASCII letters only before the @; other scripts are for the domain', 'ascii'],
    ['a b@c.co', 'must be one plain address such as ada@example.com', 'address'],
    ['no address', 'must be one plain address such as ada@example.com', 'address'],
    ['a.b', 'must be one plain address such as ada@example.com', 'address'],
    ['@b.co', 'must be one plain address such as ada@example.com', 'address'],
    [`${'a'.repeat(65)}@b.co`, 'may have at most 64 characters before the @', 'max_length'],
    ['a@b', 'must end in a domain such as example.com', 'domain'],
    // 252 characters as it was sent, and 258 in ASCII.
    [`${'a'.repeat(64)}@ü.${domain(185)}`, 'must have at most 254 characters in its ASCII form', 'max_length'],
  ];
  for (const [address, description, constraint] of rules) {
    expect(refusal(address, 'user.email')).toEqual(['INVALID_EMAIL', `user.email: ${description}`, constraint]);
  }
});

test('254 characters are enough, in the ASCII form too', () => {
  const longest = `${'a'.repeat(12)}@${domain(241)}`;
  expect([longest.length, parseEmail(longest).key]).toEqual([254, longest]);
  // ü is xn--tda: six more.
  const international = `${'a'.repeat(64)}@ü.${domain(181)}`;
  expect(parseEmail(international).key).toHaveLength(254);
});

test.each(['Ab+c=d_e~f@b.co', "!#$%&'*+/=?^_`{|}~-@b.co", 'a.b.c@b.co', '0@b.co'])('%s may be an address', (address) => {
  expect(parseEmail(address).key).toBe(address.toLowerCase());
});

test('the key of what is no address is nobody’s', () => {
  expect([emailKey('Ada@Example.com'), emailKey('no address'), emailKey('')]).toEqual(['ada@example.com', undefined, undefined]);
});
