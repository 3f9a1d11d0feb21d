// Without the schemas: browsers have it from here.

/**
 * Whether a double holds a number, as JSON writes it, exactly: its value is that of the shortest text of its double. False for 9007199254740993,
 * 0.12345678901234567891, 1e400 and 1e-400. Time is linear in the text, which may come from anybody.
 */
export function isExactNumber(text: string): boolean {
  const value = Number(text);
  return Number.isFinite(value) && canonical(text) === canonical(String(value));
}

/** Significant digits and exponent: equal for equal decimal values, but for the sign. */
function canonical(number: string): string {
  const parts = /^-?([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]+))?$/.exec(number);
  const [, whole = '', fraction = '', exponent = '0'] = parts ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  // Not by /0+$/, which looks at a run of zeros again from each of them: 60,000 digits took seconds.
  let length = digits.length;
  while (digits.charCodeAt(length - 1) === 0x30) length -= 1;
  return length === 0 ? '0' : `${digits.slice(0, length)}e${Number(exponent) - fraction.length + (digits.length - length)}`;
}
