/**
 * Every value of a header in the order they came, `name` in lower case. `rawHeaders` are names and values in turn, which is what both
 * HTTP/1.1 and HTTP/2 give. Node shows the first of some headers and joins others; its own list of all of them broke on a header named
 * `__proto__` before 20.20.2.
 */
export function headerValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [other, value] = [rawHeaders[index], rawHeaders[index + 1]];
    // Most names differ in length: that is cheaper to see than their lower case.
    if (value !== undefined && other?.length === name.length && other.toLowerCase() === name) values.push(value);
  }
  return values;
}
