// Without the schemas: browsers have it from here.

/**
 * Whether a double holds a number, as JSON writes it, exactly: its value is that of the shortest text of its double. False for 9007199254740993,
 * 0.12345678901234567891, 1e400 and 1e-400. Time is linear in the text, which may come from anybody.
 */
export function isExactNumber(text: string): boolean {
  const written = canonical(text);
  return written !== undefined && written === canonical(String(Number(text)));
}

/** Significant digits and exponent: equal for equal decimal values, but for the sign. Undefined for what is no decimal number. */
function canonical(number: string): string | undefined {
  const parts = /^-?([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]+))?$/.exec(number);
  if (parts === null) return undefined;
  const fraction = String(parts[2]);
  const digits = (parts[1] + fraction).replace(/^0+/, '');
  // Not by /0+$/, which looks at a run of zeros again from each of them: 60,000 digits took seconds.
  let length = digits.length;
  while (digits.charCodeAt(length - 1) === 0x30) length -= 1;
  return length === 0 ? '0' : `${digits.slice(0, length)}e${Number(parts[3] ?? 0) - fraction.length + (digits.length - length)}`;
}
