import { excerpt, invalid } from './api-error.ts';

/** The kinds of thing that have an ID, by prefix. */
export type IdPrefix =
  | 'env'
  | 'org'
  | 'usr'
  | 'mem'
  | 'role'
  | 'perm'
  | 'dom'
  | 'evt'
  | 'whe'
  | 'skc'
  | 'sks'
  | 'm2morg'
  | 'apit'
  | 'msg'
  | 'imp'
  | 'sys'
  | 'midx'
  | 'opr'
  | 'key';

/**
 * Makes IDs: 63-bit integers that are unique across processes and ordered by time.
 *
 * From the top: 41 bits of milliseconds since 2020 (enough until 2089), 10 bits of process
 * number, 12 bits of counter. Written in decimal they have 18 digits, and 19 from 2027 on.
 * The process number comes from a database sequence, so two live processes share one only if
 * 1,024 others started between them; the primary key catches even that.
 */
export class IdGenerator {
  readonly #process: bigint;
  readonly #now: () => number;
  #millisecond = 0;
  #counter = 0;

  /** `now` gives milliseconds since 1970; it may jump backwards, IDs do not. */
  constructor(processNumber: number, now: () => number = Date.now) {
    this.#process = BigInt(processNumber % 1024) << 12n;
    this.#now = now;
  }

  /** A new ID, as the decimal text the database takes for a bigint. */
  next(): string {
    const now = this.#now() - epoch;
    if (now > this.#millisecond) {
      this.#millisecond = now;
      this.#counter = 0;
    } else if (this.#counter < 4095) {
      this.#counter += 1;
    } else {
      // More than 4,096 in a millisecond, or a clock that stepped back: borrow from the future.
      this.#millisecond += 1;
      this.#counter = 0;
    }
    return ((BigInt(this.#millisecond) << 22n) | this.#process | BigInt(this.#counter)).toString();
  }
}

const epoch = Date.UTC(2020, 0, 1);

/** The public form of a database ID: `formatId('org', '915…')` is `org_915…`. */
export function formatId(prefix: IdPrefix, id: string): string {
  return `${prefix}_${id}`;
}

/**
 * The database form of a public ID, or undefined if `text` is not an ID of this prefix.
 * Only the canonical spelling is read: no leading zeros, no number beyond 63 bits.
 */
export function parseId(prefix: IdPrefix, text: string): string | undefined {
  if (!text.startsWith(`${prefix}_`)) return undefined;
  const digits = text.slice(prefix.length + 1);
  if (!/^[1-9][0-9]{0,18}$/.test(digits)) return undefined;
  return digits.length === 19 && digits > '9223372036854775807' ? undefined : digits;
}

const nouns: Record<IdPrefix, string> = {
  env: 'an environment',
  org: 'an organization',
  usr: 'a user',
  mem: 'a membership',
  role: 'a role',
  perm: 'a permission',
  dom: 'a domain',
  evt: 'an event',
  whe: 'a webhook endpoint',
  skc: 'a client',
  sks: 'a client secret',
  m2morg: 'a client of an organization',
  apit: 'an API token',
  msg: 'a message',
  imp: 'an import',
  sys: 'a description of a system',
  midx: 'an index of metadata',
  opr: 'an operator',
  key: 'a signing key',
};

/** The database form of a public ID of our own making, whatever its prefix; one from outside goes through `requireId`. */
export function databaseId(id: string): string {
  return id.slice(id.indexOf('_') + 1);
}

/** The database form of a public ID from outside; 400 INVALID_ID names the field and tells what was sent instead. */
export function requireId(prefix: IdPrefix, text: string, field = 'id'): string {
  const id = parseId(prefix, text);
  if (id !== undefined) return id;
  const other = Object.entries(nouns).find(([name]) => text.startsWith(`${name}_`));
  const sent = other === undefined || other[0] === prefix ? `${excerpt(text)} is not an ID of Crosswalk` : `this is the ID of ${other[1]}`;
  throw invalid(field, `${sent}; the ID of ${nouns[prefix]} begins with ${prefix}_ and has digits after it`, 'id', 'INVALID_ID');
}
