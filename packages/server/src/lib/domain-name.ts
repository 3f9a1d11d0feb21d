import { domainToASCII, domainToUnicode } from 'node:url';

/** The longest name the DNS can hold, written without the root's dot (RFC 1035 section 2.3.4). Characters of ASCII. */
const maxLength = 253;

/** Letters of any script with their marks, and digits: what IDNA 2008 allows (RFC 5892), which leaves out symbols such as emoji. */
const written = /^[\p{L}\p{M}\p{N}.-]+$/u;
/** Nearly every name: IDNA changes nothing of it but the case of letters. To ask it takes longer than all else that is done with an address. */
const plain = /^[A-Za-z0-9.-]+$/;
/** What is not plain all the same: the ASCII form of an international name, and an end that URLs read as a number in hexadecimal. */
const special = /xn--|\.0x[0-9a-f]*$/i;
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The one normal form of a domain name, in ASCII and lower case, or undefined when the text is none. The case of
 * letters and the two spellings of an international name do not make two names. Whatever else IDNA would change is
 * refused rather than folded: `ⓖithub.com` is not another way to write github.com. A name has two labels at least,
 * no trailing dot, and does not end like an IP address.
 */
export function parseDomainName(text: string): string | undefined {
  // An international name may be longer before it is put into ASCII, but not much.
  if (text.length > 2 * maxLength || !written.test(text)) return undefined;
  const isPlain = plain.test(text) && !special.test(text);
  if (!isPlain && text !== text.normalize('NFKC')) return undefined;
  const ascii = isPlain ? text.toLowerCase() : domainToASCII(text);
  const labels = ascii.split('.');
  if (ascii.length > maxLength || labels.length < 2 || /\.[0-9]+$/.test(ascii) || !labels.every((one) => label.test(one))) return undefined;
  return isPlain || isSpelling(text, ascii) ? ascii : undefined;
}

/** Whether a text says what its ASCII form says, label by label: in Unicode, or in ASCII as it is. */
function isSpelling(text: string, ascii: string): boolean {
  const unicode = domainToUnicode(ascii);
  if (!written.test(unicode) || domainToASCII(unicode) !== ascii) return false;
  const [inAscii, inUnicode] = [ascii.split('.'), unicode.split('.')];
  // From Node 24 on, what is no Punycode stays as it is in both forms.
  if (inUnicode.some((one) => one.startsWith('xn--'))) return false;
  const sent = text.split('.');
  return sent.length === inAscii.length && sent.every((one, index) => [inAscii[index], inUnicode[index]].map(lower).includes(lower(one)));
}

/** Letter by letter: the lower case of a whole text looks at neighbours (a Greek sigma at the end of a word), IDNA does not. */
function lower(text = ''): string {
  return Array.from(text, (letter) => letter.toLowerCase()).join('');
}
