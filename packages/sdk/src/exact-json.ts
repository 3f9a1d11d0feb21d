import type { JsonValue } from '@crosswalk/contract';
import { isExactNumber } from '@crosswalk/contract/exact-number';

/** JSON that says something else than what would become of it; the message goes on after the name of the text, and tells the way out. */
export class InexactJsonError extends Error {}

/** An object or array that is open, while JSON is gone through. */
interface Open {
  /** of an object: the keys seen in it */
  keys: Set<string> | undefined;
  /** the last key */
  key: string;
}

/**
 * The value of JSON, which must be what is written there: `JSON.parse` rounds numbers, and keeps the last of two members with one key, without a
 * word. The server refuses both, and could not tell any more. Throws a `SyntaxError` for what is no JSON and an `InexactJsonError`.
 */
export function exactJson(text: string): JsonValue {
  const value: JsonValue = JSON.parse(text);
  const open: Open[] = [];
  // It is JSON, so that its tokens are known by how they begin.
  for (const [token, isKey] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"([ \t\r\n]*:)?|[{}[\]]|-?[0-9][0-9.eE+-]*/g)) {
    const innermost = open.at(-1);
    if (token === '{' || token === '[') open.push({ keys: token === '{' ? new Set() : undefined, key: '' });
    else if (token === '}' || token === ']') open.pop();
    else if (!token.startsWith('"')) requireExact(token, open);
    else if (isKey !== undefined && innermost?.keys !== undefined) {
      const key: string = JSON.parse(token.slice(0, -isKey.length));
      if (innermost.keys.has(key))
        throw new InexactJsonError(`has the key "${key.slice(0, 100)}" twice in one object: leave one of them out`);
      innermost.keys.add(key);
      innermost.key = key;
    }
  }
  return value;
}

function requireExact(number: string, open: readonly Open[]): void {
  if (isExactNumber(number)) return;
  const path = open.flatMap(({ keys, key }) => (keys === undefined ? [] : [key])).join('.');
  const place = path === '' ? '' : ` in ${path.slice(0, 100)}`;
  throw new InexactJsonError(`has ${number.slice(0, 100)}${place}, which cannot be held exactly as a number: write it as a text`);
}
