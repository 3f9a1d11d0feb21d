import type { JsonValue } from '@crosswalk/contract';

/**
 * Bytes of a value as JSON, without white space, with each number written out: PostgreSQL keeps decimal numbers and prints them without an exponent,
 * so 1e300 takes 301 and 5e-324 takes 326, however short they are in a request.
 */
export function storedBytes(value: JsonValue): number {
  const text = JSON.stringify(value);
  // Mostly there is none, and nothing to look for.
  return Buffer.byteLength(text) + (/[0-9]e[+-][0-9]/.test(text) ? writtenOut(value) : 0);
}

/** The digits that are added to the numbers in a value when they are written without an exponent. */
function writtenOut(value: JsonValue): number {
  if (typeof value === 'number') {
    const text = JSON.stringify(value);
    const [, digits = '', sign, exponent = '0'] = /^-?([0-9.]+)e([+-])([0-9]+)$/.exec(text) ?? [];
    if (digits === '') return 0;
    // JavaScript writes an exponent from 1e21 on, beyond the last of a number's digits, and below 1e-6.
    const length = sign === '+' ? Number(exponent) + 1 : Number(exponent) + 1 + digits.replace('.', '').length;
    return length - text.length + (value < 0 ? 1 : 0);
  }
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce<number>((sum, member) => sum + writtenOut(member), 0);
}
