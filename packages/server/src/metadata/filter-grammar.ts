import { isExactNumber } from '@crosswalk/contract';
import { ApiError, excerpt, invalid } from '../lib/api-error.ts';

/** `:*` asks whether a key is there, `^=` whether a text begins so. */
export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | '^=' | ':*';

/** `metadata.<path> <operator> <value>`; the value of `:*` is null and means nothing. */
export interface Comparison {
  type: 'comparison';
  path: string[];
  operator: Operator;
  value: string | number | boolean | null;
}

/** `external_ids.<system> <operator> <value>`; of the primary external ID the system is `''`. The value of `:*` is empty and means nothing. */
export interface ExternalIdComparison {
  type: 'external_id';
  system: string;
  operator: '=' | '!=' | '^=' | ':*';
  value: string;
}

export type Expression = Comparison | ExternalIdComparison | { type: 'and' | 'or' | 'not'; operands: Expression[] };

/** Enough for any search a person writes; a filter of machine size belongs in several requests. */
const limits = { comparisons: 50, nesting: 10 } as const;

/**
 * Reads a filter:
 *
 *     filter     = term { OR term }
 *     term       = factor { AND factor }
 *     factor     = [ NOT ] ( comparison | "(" filter ")" )
 *     comparison = "metadata" key { key } ( ":*" | operator value )
 *                | ( "external_id" | "external_ids" key ) ( ":*" | ( "=" | "!=" | "^=" ) string )
 *     key        = "." name | "[" string "]"
 *     operator   = "=" | "!=" | "<" | "<=" | ">" | ">=" | "^="
 *     value      = string | number | true | false
 *
 * A string is a JSON string. A name has letters, digits, `_` and `-`; any other key goes in brackets, and each
 * name or bracket is one key, one level. External IDs are for records that have them, `withExternalIds`. Throws 400 INVALID_FILTER with the
 * character at fault.
 */
export function parseFilter(text: string, withExternalIds = false): Expression {
  const tokens = tokenize(text);
  let index = 0;
  let comparisons = 0;

  const peek = () => tokens[index];
  const fail = (expected: string): ApiError => {
    const token = peek();
    return refuse(
      token === undefined ? text.length : token.at,
      `expected ${expected}${token === undefined ? ', but the filter ends' : `, not ${excerpt(token.text)}`}`,
    );
  };
  const take = (...texts: string[]): string | undefined => {
    const token = peek();
    if (token === undefined || token.kind === 'string' || !texts.includes(token.text)) return undefined;
    index += 1;
    return token.text;
  };

  function chain(word: 'OR' | 'AND', operand: (depth: number) => Expression, depth: number): Expression {
    const first = operand(depth);
    const operands = [first];
    while (take(word) !== undefined) operands.push(operand(depth));
    return operands.length === 1 ? first : { type: word === 'OR' ? 'or' : 'and', operands };
  }
  const filter = (depth: number): Expression => chain('OR', term, depth);
  const term = (depth: number): Expression => chain('AND', factor, depth);

  function factor(depth: number): Expression {
    if (depth > limits.nesting) throw refuse(peek()?.at ?? text.length, `is nested more than ${limits.nesting} levels deep`);
    if (take('NOT') !== undefined) return { type: 'not', operands: [factor(depth + 1)] };
    if (take('(') === undefined) return comparison();
    const inner = filter(depth + 1);
    if (take(')') === undefined) throw fail('")"');
    return inner;
  }

  function comparison(): Comparison | ExternalIdComparison {
    comparisons += 1;
    if (comparisons > limits.comparisons) throw refuse(peek()?.at ?? text.length, `has more than ${limits.comparisons} comparisons`);
    if (withExternalIds) {
      if (take('external_id') !== undefined) return externalId('');
      if (take('external_ids') !== undefined) return externalId(key() ?? missing('"." and a system after external_ids'));
    }
    if (take('metadata') === undefined)
      throw fail(withExternalIds ? 'metadata.<key>, external_id or external_ids.<system>' : 'metadata.<key>');
    const path: string[] = [];
    for (let next = key(); next !== undefined; next = key()) path.push(next);
    if (path.length === 0) throw fail('"." and a key after metadata');
    if (take(':*') !== undefined) return { type: 'comparison', path, operator: ':*', value: null };
    const operator = take('=', '!=', '<', '<=', '>', '>=', '^=');
    if (!isOperator(operator)) throw fail('one of = != < <= > >= ^= :*');
    const { at = text.length } = peek() ?? {};
    const value = literal();
    if (typeof value === 'boolean' && operator !== '=' && operator !== '!=') throw refuse(at, `${operator} compares texts and numbers`);
    if (typeof value === 'number' && operator === '^=') throw refuse(at, '^= compares texts');
    return { type: 'comparison', path, operator, value };
  }

  function externalId(system: string): ExternalIdComparison {
    if (take(':*') !== undefined) return { type: 'external_id', system, operator: ':*', value: '' };
    const operator = take('=', '!=', '^=');
    if (operator !== '=' && operator !== '!=' && operator !== '^=') throw fail('one of = != ^= :*');
    const token = peek();
    if (token?.kind !== 'string') throw fail('an ID in double quotes');
    index += 1;
    return { type: 'external_id', system, operator, value: token.text };
  }

  function key(): string | undefined {
    if (take('.') !== undefined) return name();
    return take('[') === undefined ? undefined : quoted();
  }

  function missing(expected: string): never {
    throw fail(expected);
  }

  function name(): string {
    const token = peek();
    if (token?.kind !== 'word') throw fail('a key');
    index += 1;
    return token.text;
  }

  function quoted(): string {
    const token = peek();
    if (token?.kind !== 'string') throw fail('a key in double quotes');
    index += 1;
    if (take(']') === undefined) throw fail('"]"');
    return token.text;
  }

  function literal(): string | number | boolean {
    const token = peek();
    if (token === undefined) throw fail('a value');
    index += 1;
    if (token.kind === 'string') return token.text;
    if (token.text === 'true' || token.text === 'false') return token.text === 'true';
    if (/^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(token.text)) return exact(token);
    if (token.text === 'null') throw refuse(token.at, 'metadata holds no null; write NOT metadata.<key> :* for "is absent"');
    index -= 1;
    // A word here is mostly a text that lost its quotes.
    throw fail('a text in double quotes, a number, true or false');
  }

  const expression = filter(0);
  if (peek() !== undefined) throw fail('AND, OR or the end');
  return expression;
}

/**
 * Reads a key as a filter writes it: `metadata.address.city`, `metadata["a key"]`. 400 names the field `key`. A key that is asked whether it is
 * there is the smallest filter.
 */
export function parseKey(text: string): string[] {
  try {
    const filter = parseFilter(`${text} :*`);
    if (filter.type === 'comparison' && filter.operator === ':*') return filter.path;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
  throw invalid('key', 'is no key of the metadata as a filter writes it: metadata.seats, or metadata["a key"].city', 'grammar');
}

/** How a filter writes a key; `parseKey` reads it. */
export function formatKey(path: readonly string[]): string {
  return `metadata${path.map((name) => (/^[\p{L}\p{N}_-]+$/u.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`)).join('')}`;
}

function isOperator(text: string | undefined): text is Exclude<Operator, ':*'> {
  return text !== undefined && text !== ':*';
}

interface Token {
  kind: 'word' | 'number' | 'string' | 'symbol';
  /** for a string, its value */
  text: string;
  /** characters before it */
  at: number;
}

/**
 * One alternative matches at every place that can begin a token; none backtracks. What begins like a number is one token to its end, whether it
 * is a number or not.
 */
const pattern = /\s+|("(?:[^"\\]|\\.)*")|(-?[0-9][\p{L}\p{N}_.+-]*)|([\p{L}\p{N}_-]+)|(:\*|!=|<=|>=|\^=|[=<>().[\]])/suy;

/** After a dot a name begins with any of its characters: `metadata.1.2` has two keys, and no number. */
const namePattern = /\s*([\p{L}\p{N}_-]+)/uy;

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const last = tokens.at(-1);
    if (last?.kind === 'symbol' && last.text === '.') {
      namePattern.lastIndex = at;
      const [, name] = namePattern.exec(text) ?? [];
      if (name !== undefined) {
        pattern.lastIndex = namePattern.lastIndex;
        tokens.push({ kind: 'word', text: name, at: namePattern.lastIndex - name.length });
        continue;
      }
    }
    const match = pattern.exec(text);
    if (match === null) throw refuse(at, `cannot be read here: ${excerpt(text.slice(at, at + 20))}`);
    const [, string, number, word, symbol] = match;
    if (string !== undefined) tokens.push({ kind: 'string', text: readString(string, at), at });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number, at });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, at });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol, at });
  }
  return tokens;
}

function readString(token: string, at: number): string {
  try {
    const text: unknown = JSON.parse(token);
    if (typeof text === 'string' && text.isWellFormed() && !text.includes('\0')) return text;
  } catch {
    // said below
  }
  throw refuse(at, 'this is not a JSON string');
}

/** No stored number is one that a double cannot hold: to compare with its neighbour would find what was not asked for. */
function exact({ text, at }: Token): number {
  if (isExactNumber(text)) return Number(text);
  throw refuse(
    at,
    `the number ${excerpt(text)} cannot be stored exactly, so no record has it; it may be stored as a text in double quotes`,
  );
}

function refuse(at: number, description: string): ApiError {
  return invalid('filter', `${description} (at character ${at + 1})`, 'grammar', 'INVALID_FILTER');
}
