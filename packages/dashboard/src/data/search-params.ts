/** What stands behind `?` in an address: texts by name. A name that comes more than once is a list. */
export type SearchParams = Record<string, string | string[]>;

/** Reads what stands behind `?`. All are texts: an ID of digits stays one. */
export function parseSearch(text: string): SearchParams {
  const found: SearchParams = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const before = found[name];
    found[name] = before === undefined ? value : [...[before].flat(), value];
  }
  return found;
}

/** The text of it with `?`, or nothing when there is none. Empty and undefined values are left out. */
export function stringifySearch(search: Record<string, unknown>): string {
  const parameters = new URLSearchParams();
  for (const [name, values] of Object.entries(search)) {
    for (const value of [values].flat()) if (typeof value === 'string' && value !== '') parameters.append(name, value);
  }
  return parameters.size === 0 ? '' : `?${parameters}`;
}
