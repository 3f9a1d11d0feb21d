/** Every option of `Options` by name: the compiler finds one that is not listed. */
export type OptionNames<Options> = { readonly [Name in keyof Options]-?: true };

/** What people write for an option that has another name here. */
const otherNames: Readonly<Record<string, string>> = {
  abortSignal: 'signal',
  createOnly: 'ifNoneMatch',
  cursor: 'pageToken',
  etag: 'ifMatch',
  ifVersion: 'ifMatch',
  limit: 'pageSize',
  perPage: 'pageSize',
  retries: 'maxRetries',
  version: 'ifMatch',
};

/** Options of a call: a list takes them in the argument after its own. */
const ofCall = ['signal', 'timeout', 'idempotencyKey'];

/**
 * The options in an argument of a method, by their names in camelCase; snake_case is read too. One that is misspelled would be passed over
 * without a word, and what it asks for with it: the check of a version, the system of an ID. Throws a `TypeError` for an option that is not in
 * `names`, for one under both spellings with different values, and for an argument that is no plain object.
 */
export function readOptions<Options extends object>(given: Options | undefined, names: OptionNames<NoInfer<Options>>): Options {
  return readNamed(given, Object.keys(names));
}

/** The same by names that depend on the call. */
export function readNamed<Options extends object>(given: Options | undefined, known: readonly string[]): Options {
  if (given !== undefined && !isPlainObject(given))
    throw new TypeError(`options must be an object such as { ${known[0]}: … }, not ${described(given)}. ${listOf(known)}`);
  const read: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given ?? {})) {
    const name = key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if (!known.includes(name)) throw new TypeError(unknownOption(key, name, known));
    if (Object.hasOwn(read, name) && read[name] !== value) throw new TypeError(`the option ${name} is given twice, as ${key} too`);
    read[name] = value;
  }
  // Its names are those of Options; Object() tells the compiler no more of it.
  return Object(read);
}

/** One that was written as such, in whatever realm: what a class makes, such as an `AbortSignal`, has options nowhere. */
function isPlainObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || (Object.getPrototypeOf(prototype) === null && !Array.isArray(value));
}

/** A value of a caller, in a message. */
export function described(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100));
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return `an object of the class ${String(value.constructor?.name).slice(0, 100)}`;
  return typeof value === 'function' ? 'a function' : String(value);
}

function unknownOption(key: string, name: string, known: readonly string[]): string {
  const begin = `${JSON.stringify(key.slice(0, 100))} is no option here`;
  if (ofCall.includes(name)) return `${begin}: it goes into an argument of its own, after this one. ${listOf(known)}`;
  const meant = meantBy(name, known);
  if (meant === undefined) return `${begin}. ${listOf(known)}`;
  return `${begin}: did you mean ${meant === 'ifNoneMatch' ? "ifNoneMatch: '*'" : meant}? ${listOf(known)}`;
}

function listOf(known: readonly string[]): string {
  return `The options are ${known.join(', ')}`;
}

/** The option that is most like a name, if one is: two characters may be others, in a long one a third. */
function meantBy(name: string, known: readonly string[]): string | undefined {
  const other = Object.hasOwn(otherNames, name) ? otherNames[name] : undefined;
  if (other !== undefined && known.includes(other)) return other;
  const [nearest] = known
    .map((option) => ({ option, changes: changesBetween(name.slice(0, 100).toLowerCase(), option.toLowerCase()) }))
    .sort((one, two) => one.changes - two.changes);
  if (nearest === undefined) return undefined;
  const { option, changes } = nearest;
  return changes <= Math.max(2, option.length / 3) && changes < option.length ? option : undefined;
}

/** How many characters must be put in, taken out or replaced. */
function changesBetween(one: string, two: string): number {
  let row = Array.from({ length: two.length + 1 }, (_, index) => index);
  for (const [index, character] of Array.from(one).entries()) {
    const next = [index + 1];
    for (let at = 0; at < two.length; at += 1) {
      const replaced = (row[at] ?? 0) + (two[at] === character ? 0 : 1);
      next.push(Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
