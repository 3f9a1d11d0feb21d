/**
 * All values of a header in the order they came, each on its own. `rawHeaders` are names and values in turn, which is what both
 * HTTP/1.1 and HTTP/2 give; `name` is in lower case.
 */
export function headerValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const value = rawHeaders[index + 1];
    if (value !== undefined && rawHeaders[index]?.toLowerCase() === name) values.push(value);
  }
  return values;
}
