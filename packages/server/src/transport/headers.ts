import type { IncomingMessage } from 'node:http';

/**
 * Every value of a header in the order they came, `name` in lower case. Node shows the first of some headers and
 * joins others; its own list of all of them broke on a header named `__proto__` before 20.20.2.
 */
export function headerValues({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>, name: string): string[] {
  // Names and values take turns. Most names differ in length: that is cheaper to see than their lower case.
  return rawHeaders.filter((_, index) => {
    const other = index % 2 === 1 ? rawHeaders[index - 1] : undefined;
    return other?.length === name.length && other.toLowerCase() === name;
  });
}
