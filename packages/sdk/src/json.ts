/**
 * A value as JSON. `JSON.stringify` writes null for NaN, for Infinity and for a date that is none, and null removes a key of metadata: they are
 * refused, as a BigInt is. Throws a `TypeError` that names the field, after `place`. `undefined` is left out.
 */
export function jsonOf(value: unknown, place?: string): string {
  /** the objects from the outermost to the one that is written now, and the key of each in the one before */
  const open: { holder: unknown; key: string }[] = [];
  return JSON.stringify(value, function (this: unknown, key: string, member: unknown) {
    while (open.length > 0 && open.at(-1)?.holder !== this) open.pop();
    const fault = faultOf(member, Object(this)[key]);
    if (fault !== undefined) {
      const path = [...open.map((outer) => outer.key), key].filter(Boolean).join('.').slice(0, 100) || 'the value';
      throw new TypeError(`${place === undefined ? '' : `${place}: `}${path} is ${fault}`);
    }
    if (typeof member === 'object' && member !== null) open.push({ holder: member, key });
    return member;
  });
}

/** What a member is that JSON cannot hold, with the way out; `original` is what it was before its own `toJSON`. */
function faultOf(member: unknown, original: unknown): string | undefined {
  if (typeof member === 'bigint') return 'a BigInt, which JSON has not: give it as a text, String(value)';
  if (typeof member === 'number' && !Number.isFinite(member))
    return `${member}, which JSON has not: give a number, null to remove it, or leave it out`;
  if (original instanceof Date && Number.isNaN(original.getTime()))
    return 'a Date that is no time: give a valid one, null to remove it, or leave it out';
  return undefined;
}
