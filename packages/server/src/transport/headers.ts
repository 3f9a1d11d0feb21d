import { ApiError } from '../lib/api-error.ts';

/** Size of the request line and all headers of a request. Bytes. */
export const maxHeaderSize = 16 * 1024;

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

/** What each field costs beside its text (RFC 9113 section 6.5.2). Bytes. */
const fieldOverhead = 32;

/**
 * Whether headers of HTTP/2 are beyond the limit. Node holds clients to it that have acknowledged it, by ending the stream; of one that
 * acknowledges nothing it took 100 KB. Of HTTP/1.1 it reads no further.
 */
export function areTooLarge(rawHeaders: readonly string[]): boolean {
  return rawHeaders.reduce((sum, text) => sum + text.length, (rawHeaders.length / 2) * fieldOverhead) > maxHeaderSize;
}

/** The 431 of headers that are too large. */
export function headersTooLarge(): ApiError {
  return new ApiError('HEADERS_TOO_LARGE', 'the request line and the headers may have 16 KB together');
}
