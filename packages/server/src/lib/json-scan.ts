import { isExactNumber } from '@crosswalk/contract';
import { ApiError, excerpt } from './api-error.ts';

export interface ParseJsonOptions {
  /** Levels of nesting allowed; a bare value has 0, `{}` has 1. Default 32. */
  maxDepth?: number;
}

/**
 * `JSON.parse` for text from outside. Before parsing, one pass over the text refuses what `JSON.parse` would
 * silently change or could not survive:
 *
 * - more than `maxDepth` levels (100,000 of them overflow the stack later on): MALFORMED_JSON
 * - the same key twice in one object (the last would win), and the key `__proto__`: MALFORMED_JSON
 * - a number whose value a double does not hold (9007199254740993, 1e400): INEXACT_NUMBER
 *
 * The last two name the field, with dots from the outermost key (`metadata.seats`). Text that is not JSON is MALFORMED_JSON with its position. Node 20 gives revivers no access to the source text,
 * hence the pass of our own. Time is linear in the text, memory in its nesting and keys.
 */
export function parseJson(text: string, { maxDepth = 32 }: ParseJsonOptions = {}): unknown {
  scan(text, maxDepth);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(`is not valid JSON${positionOf(error)}`);
  }
}

const quote = 0x22;
const backslash = 0x5c;

function scan(text: string, maxDepth: number): void {
  // Keys seen in each open object; undefined for an open array.
  const open: (Set<string> | undefined)[] = [];
  let index = 0;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    if (code === quote) {
      const end = endOfString(text, index);
      const keys = open.at(-1);
      if (keys !== undefined && isKey(text, end)) addKey(keys, text, index, end);
      index = end;
    } else if (code === 0x7b || code === 0x5b) {
      if (open.length === maxDepth) throw malformed(`is nested more than ${maxDepth} levels deep`);
      open.push(code === 0x7b ? new Set() : undefined);
      index += 1;
    } else if (code === 0x7d || code === 0x5d) {
      open.pop();
      index += 1;
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      const end = endOfNumber(text, index);
      if (end - index > 15 || text.slice(index, end).match(/[eE]/) !== null) checkNumber(text, index, end);
      index = end;
    } else {
      index += 1;
    }
  }
}

/** The index after the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes += 1;
    if (slashes % 2 === 0) return end + 1;
    end = text.indexOf('"', end + 1);
  }
  throw malformed('ends inside a string');
}

/** Whether a colon follows, past white space. */
function isKey(text: string, from: number): boolean {
  let index = from;
  while (isSpace(text.charCodeAt(index))) index += 1;
  return text.charCodeAt(index) === 0x3a;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function addKey(keys: Set<string>, text: string, start: number, end: number): void {
  const key = keyOf(text.slice(start, end));
  if (key === '__proto__') throw malformed('has the key "__proto__", which is not allowed', placeOf(text, end));
  if (keys.has(key)) throw malformed(`has the key "${excerpt(key)}" twice in one object`, placeOf(text, end));
  keys.add(key);
}

/** The key that a token in quotes is. */
function keyOf(token: string): string {
  return token.includes('\\') ? decodeKey(token) : token.slice(1, -1);
}

function decodeKey(token: string): string {
  try {
    return String(JSON.parse(token));
  } catch (error) {
    throw malformed(`has a key that is not a valid string${positionOf(error)}`);
  }
}

/** The index after the run of characters that can belong to a number. */
function endOfNumber(text: string, start: number): number {
  let index = start;
  for (;;) {
    const code = text.charCodeAt(index);
    const inside = (code >= 0x30 && code <= 0x39) || code === 0x2e || code === 0x2d || code === 0x2b || code === 0x45 || code === 0x65;
    if (!inside) return index;
    index += 1;
  }
}

/** A number must come back as the number it was. */
function checkNumber(text: string, start: number, end: number): void {
  const token = text.slice(start, end);
  if (Number.isNaN(Number(token))) return; // not a number: JSON.parse says so
  if (isExactNumber(token)) return;
  const field = placeOf(text, start);
  const problem = `the number ${excerpt(token)} cannot be stored exactly; send it as a string`;
  throw new ApiError('INEXACT_NUMBER', field === whole ? problem : `${field}: ${problem}`, {
    violations: [{ field, description: 'a number that a double cannot hold exactly', constraint: 'exact_number' }],
  });
}

/** How the whole of a text is named. */
const whole = 'body';

/**
 * Where in the text `end` is, such as `metadata.seats` or `ids.3`; `body` where that is no part of anything. It reads from the beginning: only
 * what is refused is asked for its place, once.
 */
function placeOf(text: string, end: number): string {
  // The key or the place under way in each open object or array.
  const path: (string | number)[] = [];
  for (let index = 0; index < end; index += 1) {
    const code = text.charCodeAt(index);
    const last = path.at(-1);
    if (code === quote) {
      const close = endOfString(text, index);
      if (typeof last === 'string' && isKey(text, close)) path[path.length - 1] = keyOf(text.slice(index, close));
      index = close - 1;
    } else if (code === 0x7b) path.push('');
    else if (code === 0x5b) path.push(0);
    else if (code === 0x7d || code === 0x5d) path.pop();
    else if (code === 0x2c && typeof last === 'number') path[path.length - 1] = last + 1;
  }
  return path.length === 0 ? whole : path.map((part) => excerpt(String(part))).join('.');
}

function positionOf(error: unknown): string {
  const position = error instanceof Error ? /at position ([0-9]+)/.exec(error.message)?.[1] : undefined;
  return position === undefined ? '' : ` (at character ${position})`;
}

function malformed(description: string, field = whole): ApiError {
  return new ApiError('MALFORMED_JSON', `the body ${description}`, { violations: [{ field, description, constraint: 'json' }] });
}
