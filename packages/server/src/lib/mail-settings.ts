import { parseEmail } from './email.ts';

/** Where mail is handed in. */
export interface SmtpSettings {
  host: string;
  port: number;
  /** TLS from the first byte */
  secure: boolean;
  auth: { user: string; pass: string } | undefined;
}

/** Whom a mail comes from. */
export interface MailFrom {
  name: string;
  address: string;
}

/**
 * Reads `smtp://user:password@host:port` or `smtps://…`; undefined if it is neither. Without a port it is the one of mail
 * submission: 587, or 465 with TLS from the first byte (RFC 8314).
 */
export function parseSmtpUrl(text: string): SmtpSettings | undefined {
  if (!/^smtps?:\/\//.test(text) || !URL.canParse(text)) return undefined;
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(text);
  if (hostname === '' || (pathname !== '' && pathname !== '/') || search !== '' || hash !== '') return undefined;
  if ((username === '') !== (password === '')) return undefined;
  const secure = protocol === 'smtps:';
  const [user, pass] = [unescaped(username), unescaped(password)];
  if (user === undefined || pass === undefined) return undefined;
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    auth: user === '' ? undefined : { user, pass },
  };
}

/** A part of an address without its percent-escapes; undefined if one is none: URLs let a bare % through. */
function unescaped(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** Reads an address, or `Name <address>`; undefined if it is neither. */
export function parseMailFrom(text: string): MailFrom | undefined {
  const named = /^\s*"?([^"<>\p{Cc}]*?)"?\s*<([^<>]+)>\s*$/u.exec(text);
  const [name, address] = named === null ? ['', text.trim()] : [named[1] ?? '', named[2] ?? ''];
  try {
    return { name, address: parseEmail(address).address };
  } catch {
    return undefined;
  }
}
