import { domainToUnicode } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quickest } from '../../../../test/quickest.ts';
import { parseDomainName } from './domain-name.ts';

const l63 = 'a'.repeat(63);

test.each([
  ['acme.com', 'acme.com'],
  ['Sub.ACME.Com', 'sub.acme.com'],
  ['a.co', 'a.co'],
  ['münchen.de', 'xn--mnchen-3ya.de'],
  ['MÜNCHEN.de', 'xn--mnchen-3ya.de'],
  ['xn--mnchen-3ya.de', 'xn--mnchen-3ya.de'],
  ['XN--MNCHEN-3YA.DE', 'xn--mnchen-3ya.de'],
  ['straße.de', 'xn--strae-oqa.de'],
  ['οδος.gr', 'xn--pxavbm.gr'],
  ['ΟΔΟΣ.gr', 'xn--pxavbq.gr'],
  ['ᎣᏏᏲ.com', 'xn--88d2gre.com'],
  ['例え.jp', 'xn--r8jz45g.jp'],
  ['भारत.com', 'xn--h2brj9c.com'],
  ['1.2.3.4.in-addr.arpa', '1.2.3.4.in-addr.arpa'],
  ['a--b.com', 'a--b.com'],
  ['duke.com', 'duke.com'],
  ['acme.0xg', 'acme.0xg'],
  ['acme.3com', 'acme.3com'],
  ['İstanbul.com', 'xn--istanbul-o0e.com'],
  ['co.uk', 'co.uk'],
  [`${l63}.com`, `${l63}.com`],
  [`${l63}.${l63}.${l63}.${'b'.repeat(61)}`, `${l63}.${l63}.${l63}.${'b'.repeat(61)}`],
])('%s is %s', (text, name) => expect(parseDomainName(text)).toBe(name));

test.each([
  ['', 'empty'],
  ['invalid-domain-name', 'one label'],
  ['localhost', 'one label'],
  ['acme.com.', 'a trailing dot'],
  ['.acme.com', 'an empty label'],
  ['acme..com', 'an empty label'],
  [`${'a'.repeat(64)}.com`, 'a label of 64'],
  [`${l63}.${l63}.${l63}.${'b'.repeat(62)}`, '254 characters'],
  [`${'ü'.repeat(60)}.com`, 'a label of 64 in ASCII'],
  ['1.2.3.4', 'an IP address'],
  ['0x7f.1', 'an IP address'],
  ['127.0.0.0x1', 'an IP address'],
  ['127.0.0.0x12', 'an IP address'],
  ['127.0.0.0X12', 'an IP address'],
  ['127.0.0.0x', 'an IP address'],
  ['acme.0x7f', 'a number at the end'],
  ['１.２.３.４', 'an IP address in full width'],
  ['[::1]', 'an IP address'],
  ['acme.123', 'a number at the end'],
  ['ⓖithub.com', 'a circled letter'],
  ['ｇithub.com', 'a full-width letter'],
  ['github。com', 'an ideographic dot'],
  ['github．com', 'a full-width dot'],
  ['\u212aelvin.com', 'the Kelvin sign'],
  ['ﬁle.com', 'a ligature'],
  ['mu\u0308nchen.de', 'text that is not NFC'],
  ['a\u00adcme.com', 'a soft hyphen'],
  ['a\u200dcme.com', 'a joiner'],
  ['a\ufe0fcme.com', 'a variation selector'],
  ['a\u034fcme.com', 'a grapheme joiner'],
  ['😀.com', 'an emoji'],
  ['xn--e28h.com', 'an emoji in ASCII'],
  ['i❤.ws', 'a symbol'],
  ['xn--a.com', 'broken Punycode'],
  ['xn--acme-.com', 'Punycode of nothing but ASCII'],
  ['xn--mnchen-3yA-.de', 'broken Punycode'],
  ['-acme.com', 'a hyphen in front'],
  ['acme-.com', 'a hyphen behind'],
  ['_dmarc.acme.com', 'an underscore'],
  ['*.acme.com', 'a wildcard'],
  ['a b.com', 'white space'],
  [' acme.com', 'white space'],
  ['acme.com\n', 'a line break'],
  ['acme.com\u0000', 'NUL'],
  ['a\ud800.com', 'half a surrogate pair'],
  ['http://acme.com', 'an address'],
  ['acme.com/path', 'a path'],
  ['acme.com:443', 'a port'],
  ['ada@acme.com', 'an email address'],
  ['%61cme.com', 'an escape'],
])('%j is refused: %s', (text) => expect(parseDomainName(text)).toBeUndefined());

test('100 KB of hostile text is refused in a moment', () => {
  // Punycode takes the square of how many different letters there are: seconds for these.
  const letters = Array.from({ length: 50_000 }, (_, index) => String.fromCodePoint(0x4e00 + (index % 20_000))).join('');
  const hostile = ['a.'.repeat(50_000), '-'.repeat(100_000), letters];
  expect(quickest(() => expect(hostile.map(parseDomainName)).toEqual([undefined, undefined, undefined]))).toBeLessThan(1000);
});

test('whatever is accepted is its own normal form, and differs from what was sent in case and spelling alone', () => {
  const letters = fc.oneof(
    fc.constantFrom('a', 'Z', '0', '-', 'ü', 'ß', 'ς', 'İ', '\ufe0f', 'ｇ', 'xn--'),
    fc.string({ unit: 'grapheme', maxLength: 3 }),
  );
  const text = fc.array(
    fc.array(letters, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('')),
    { minLength: 2, maxLength: 4 },
  );
  fc.assert(
    fc.property(text, (labels) => {
      const sent = labels.join('.');
      const name = parseDomainName(sent);
      if (name === undefined) return;
      expect(parseDomainName(name)).toBe(name);
      expect(parseDomainName(domainToUnicode(name))).toBe(name);
      expect(Buffer.byteLength(name)).toBe(name.length);
      expect([name, domainToUnicode(name)].map((one) => one.toUpperCase().normalize())).toContain(sent.toUpperCase().normalize());
    }),
    { numRuns: 3000 },
  );
});
