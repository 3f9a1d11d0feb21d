import { isExactNumber } from '@crosswalk/contract';
import { ApiError, excerpt, invalid } from '../lib/api-error.ts';
import { isStorable } from '../lib/text.ts';

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
  return new Parser(text, withExternalIds).parse();
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

/** Reads one filter, by a method for each rule of the grammar. `depth` is how far it is nested. */
class Parser {
  readonly #tokens: readonly Token[];
  /** characters of the filter */
  readonly #length: number;
  readonly #withExternalIds: boolean;
  #index = 0;
  #comparisons = 0;

  constructor(text: string, withExternalIds: boolean) {
    this.#tokens = tokenize(text);
    this.#length = text.length;
    this.#withExternalIds = withExternalIds;
  }

  parse(): Expression {
    const expression = this.#filter(0);
    if (this.#peek() !== undefined) throw this.#expected('AND, OR or the end');
    return expression;
  }

  #filter(depth: number): Expression {
    return this.#chain('OR', () => this.#term(depth));
  }

  #term(depth: number): Expression {
    return this.#chain('AND', () => this.#factor(depth));
  }

  #chain(word: 'OR' | 'AND', operand: () => Expression): Expression {
    const first = operand();
    const operands = [first];
    while (this.#take(word) !== undefined) operands.push(operand());
    return operands.length === 1 ? first : { type: word === 'OR' ? 'or' : 'and', operands };
  }

  #factor(depth: number): Expression {
    if (depth > limits.nesting) throw this.#refuse(`is nested more than ${limits.nesting} levels deep`);
    if (this.#take('NOT') !== undefined) return { type: 'not', operands: [this.#factor(depth + 1)] };
    if (this.#take('(') === undefined) return this.#comparison();
    const inner = this.#filter(depth + 1);
    if (this.#take(')') === undefined) throw this.#expected('")"');
    return inner;
  }

  #comparison(): Comparison | ExternalIdComparison {
    this.#comparisons += 1;
    if (this.#comparisons > limits.comparisons) throw this.#refuse(`has more than ${limits.comparisons} comparisons`);
    if (this.#withExternalIds) {
      if (this.#take('external_id') !== undefined) return this.#externalId('');
      if (this.#take('external_ids') !== undefined) {
        const system = this.#key();
        if (system === undefined) throw this.#expected('"." and a system after external_ids');
        return this.#externalId(system);
      }
    }
    if (this.#take('metadata') === undefined)
      throw this.#expected(this.#withExternalIds ? 'metadata.<key>, external_id or external_ids.<system>' : 'metadata.<key>');
    return this.#metadata();
  }

  #metadata(): Comparison {
    const path: string[] = [];
    for (let next = this.#key(); next !== undefined; next = this.#key()) path.push(next);
    if (path.length === 0) throw this.#expected('"." and a key after metadata');
    if (this.#take(':*') !== undefined) return { type: 'comparison', path, operator: ':*', value: null };
    const operator = this.#take('=', '!=', '<', '<=', '>', '>=', '^=');
    if (!isOperator(operator)) throw this.#expected('one of = != < <= > >= ^= :*');
    const at = this.#at();
    const value = this.#value();
    if (typeof value === 'boolean' && operator !== '=' && operator !== '!=') throw refuse(at, `${operator} compares texts and numbers`);
    if (typeof value === 'number' && operator === '^=') throw refuse(at, '^= compares texts');
    return { type: 'comparison', path, operator, value };
  }

  #externalId(system: string): ExternalIdComparison {
    if (this.#take(':*') !== undefined) return { type: 'external_id', system, operator: ':*', value: '' };
    const operator = this.#take('=', '!=', '^=');
    if (operator !== '=' && operator !== '!=' && operator !== '^=') throw this.#expected('one of = != ^= :*');
    return { type: 'external_id', system, operator, value: this.#takeKind('string', 'an ID in double quotes') };
  }

  /** Undefined when no key follows. */
  #key(): string | undefined {
    if (this.#take('.') !== undefined) return this.#takeKind('word', 'a key');
    if (this.#take('[') === undefined) return undefined;
    const key = this.#takeKind('string', 'a key in double quotes');
    if (this.#take(']') === undefined) throw this.#expected('"]"');
    return key;
  }

  #value(): string | number | boolean {
    const token = this.#peek();
    if (token === undefined) throw this.#expected('a value');
    const value = literalOf(token);
    // A word here is mostly a text that lost its quotes.
    if (value === undefined) throw this.#expected('a text in double quotes, a number, true or false');
    this.#index += 1;
    return value;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#index];
  }

  /** Where the next token is; the end when there is none. */
  #at(): number {
    return this.#peek()?.at ?? this.#length;
  }

  /** The text of the next token if it is one of `texts`, and no string; goes beyond it then. */
  #take(...texts: string[]): string | undefined {
    const token = this.#peek();
    if (token === undefined || token.kind === 'string' || !texts.includes(token.text)) return undefined;
    this.#index += 1;
    return token.text;
  }

  /** The text of the next token, which is to be of a kind; goes beyond it. */
  #takeKind(kind: Token['kind'], what: string): string {
    const token = this.#peek();
    if (token?.kind !== kind) throw this.#expected(what);
    this.#index += 1;
    return token.text;
  }

  #expected(what: string): ApiError {
    const token = this.#peek();
    return this.#refuse(`expected ${what}${token === undefined ? ', but the filter ends' : `, not ${excerpt(token.text)}`}`);
  }

  #refuse(description: string): ApiError {
    return refuse(this.#at(), description);
  }
}

/** What a token says as a value; undefined when it is none. */
function literalOf(token: Token): string | number | boolean | undefined {
  const { kind, text, at } = token;
  if (kind === 'string') return text;
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(text)) return exact(token);
  if (text === 'null') throw refuse(at, 'metadata holds no null; write NOT metadata.<key> :* for "is absent"');
  return undefined;
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
    if (typeof text === 'string' && isStorable(text)) return text;
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
