/*
 * Columns of many rows as one parameter each, for `unnest` and `string_to_table`. The driver writes arrays too, but piece by piece: a
 * thousand rows leave megabytes of its texts behind.
 */

/** A `bigint[]` or `int[]`, or the `text[]` of words that need no quotes: IDs, names of kinds and types. */
export function plainArray(values: readonly (string | number | null)[]): string {
  return `{${values.map((value) => value ?? 'null').join()}}`;
}

/** A `text[]` of any texts. */
export function textArray(values: readonly (string | null)[]): string {
  return `{${values.map((value) => (value === null ? 'null' : quoted(value))).join()}}`;
}

function quoted(text: string): string {
  return `"${/["\\]/.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`;
}

/**
 * JSON for `jsonLines`, a value a line: JSON text has no line break of its own. One text that is cut costs the database half of what one
 * array of JSON does, which it would read as a whole before it takes it apart.
 */
export function jsonColumn(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join('\n');
}

/** SQL: the lines of a parameter that `jsonColumn` made, in `rows from (...)`; each is cast to jsonb where it is used. */
export function jsonLines(parameter: string): string {
  return `string_to_table(${parameter}, E'\\n')`;
}
