import type { JsonValue } from '@crosswalk/contract';
import { type Comparison, type Expression, parseFilter } from './filter-grammar.ts';

/** A filter as SQL over a column `metadata`. */
export interface SqlFilter {
  /** a condition; its parameters are numbered from `first` on */
  sql: string;
  values: unknown[];
  /** Whether an index finds the records: an equality decides. */
  indexed: boolean;
}

/** Compiles a filter from outside; 400 INVALID_FILTER gives the position. Every value is bound, none is spliced. */
export function compileFilter(text: string, first: number): SqlFilter {
  const values: unknown[] = [];
  const bind = (value: unknown, type: string) => {
    values.push(value);
    return `$${first + values.length - 1}::${type}`;
  };
  const { sql, indexed } = compile(parseFilter(text), bind);
  return { sql, values, indexed };
}

type Bind = (value: unknown, type: string) => string;

function compile(expression: Expression, bind: Bind): { sql: string; indexed: boolean } {
  if (expression.type === 'comparison') return compileComparison(expression, bind);
  const parts = expression.operands.map((operand) => compile(operand, bind));
  const sqls = parts.map(({ sql }) => sql);
  switch (expression.type) {
    case 'not':
      return { sql: `not ${sqls.join()}`, indexed: false };
    case 'and':
      return { sql: `(${sqls.join(' and ')})`, indexed: parts.some(({ indexed }) => indexed) };
    case 'or':
      return { sql: `(${sqls.join(' or ')})`, indexed: parts.every(({ indexed }) => indexed) };
  }
}

/** An absent key makes every comparison false, so `!=` and NOT hold for it. */
function compileComparison({ path, operator, value }: Comparison, bind: Bind): { sql: string; indexed: boolean } {
  if (operator === '=' || operator === '!=') {
    const contains = `metadata @> ${bind(JSON.stringify(nest(path, value)), 'jsonb')}`;
    return operator === '=' ? { sql: contains, indexed: true } : { sql: `not (${contains})`, indexed: false };
  }
  const at = bind(path, 'text[]');
  if (operator === ':*') return { sql: `metadata #> ${at} is not null`, indexed: false };
  const is = (type: string) => `jsonb_typeof(metadata #> ${at}) is not distinct from '${type}'`;
  if (operator === '^=') return { sql: `(${is('string')} and starts_with(metadata #>> ${at}, ${bind(value, 'text')}))`, indexed: false };
  // What is left is < <= > >=, which SQL spells the same.
  return typeof value === 'number'
    ? { sql: `(${is('number')} and metadata #> ${at} ${operator} ${bind(String(value), 'jsonb')})`, indexed: false }
    : { sql: `(${is('string')} and (metadata #>> ${at}) collate "C" ${operator} ${bind(value, 'text')})`, indexed: false };
}

function nest(path: readonly string[], value: JsonValue): JsonValue {
  return path.reduceRight<JsonValue>((inner, key) => ({ [key]: inner }), value);
}
