import { type ApiError, invalid } from './api-error.ts';
import { parseDomainName } from './domain-name.ts';

/** An address as it was sent, and the key under which it is unique in the environment. */
export interface Email {
  address: string;
  key: string;
}

/**
 * Checks an address and normalises it, in this one place: the key is the ASCII form of the address in lower case, so
 * that the case of letters and the two spellings of an international domain do not make two users. Narrower than
 * RFC 5321 on purpose: no quoted local part, no address literal, no comment, ASCII before the @ (so that no letter
 * folds into another), a domain of two labels at least. 400 INVALID_EMAIL.
 */
export function parseEmail(text: string, field = 'email'): Email {
  if (text.length > 254) throw refuse(field, 'must have at most 254 characters', 'max_length');
  const at = text.lastIndexOf('@');
  const [local, domain] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
  if (/\P{ASCII}/u.test(local)) throw refuse(field, 'must have ASCII letters only before the @; other scripts are for the domain', 'ascii');
  if (!/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/.test(local)) {
    throw refuse(field, 'must be one plain address such as ada@example.com', 'address');
  }
  if (local.length > 64) throw refuse(field, 'may have at most 64 characters before the @', 'max_length');
  const ascii = parseDomainName(domain);
  if (ascii === undefined) throw refuse(field, 'must end in a domain such as example.com', 'domain');
  const key = `${local.toLowerCase()}@${ascii}`;
  if (key.length > 254) throw refuse(field, 'must have at most 254 characters in its ASCII form', 'max_length');
  return { address: text, key };
}

/** The key of an address that need not be valid, for look-ups: undefined when nobody can have it. */
export function emailKey(text: string): string | undefined {
  try {
    return parseEmail(text).key;
  } catch {
    return undefined;
  }
}

function refuse(field: string, description: string, constraint: string): ApiError {
  return invalid(field, description, constraint, 'INVALID_EMAIL');
}
