import { isDeepStrictEqual } from 'node:util';
import type { JsonValue, RecordKind } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { type Comparison, type Expression, type ExternalIdComparison, parseFilter } from './filter-grammar.ts';
import { type IndexedKey, indexedCharacters, indexedValue, listIndexedKeys } from './indexed-key-store.ts';
import { listSystemSets, systemsOf } from './system-set-store.ts';

/** A filter as SQL over a column `metadata`; one of external IDs is over records `t`, and `$1` is their environment. */
export interface SqlFilter {
  /** a condition; its parameters are numbered from `first` on */
  sql: string;
  values: unknown[];
  /** Whether an index finds the records: an equality decides, whether they have an ID of a system, or a comparison of an indexed key. */
  indexed: boolean;
  /** Whether one plan finds them, whatever the values are: they are found by equality alone. */
  samePlan?: boolean;
}

/** What an expression comes to. */
type Compiled = Omit<SqlFilter, 'values'>;

/** Records that a filter may ask for their external IDs. */
export interface FilteredKind {
  kind: RecordKind;
  /** the sets of systems that they have IDs of */
  sets: readonly (readonly string[])[];
  /** the keys of their metadata that comparisons find an index for */
  indexedKeys: readonly IndexedKey[];
}

/** The filter of a list of records that have external IDs. What there is to know of them is read only if the filter may ask for it. */
export async function compileRecordFilter(
  db: Queryable,
  environmentId: string,
  kind: RecordKind,
  text: string,
  first: number,
): Promise<SqlFilter> {
  const sets = text.includes('external_ids') ? await listSystemSets(db, environmentId, kind) : [];
  const indexedKeys = /[<>]|\^=/.test(text) ? await listIndexedKeys(db, environmentId, kind) : [];
  return compileFilter(text, first, { kind, sets, indexedKeys });
}

/**
 * Compiles a filter from outside; 400 INVALID_FILTER gives the position. Every value is bound, none is spliced. `of`: records that
 * have external IDs.
 */
export function compileFilter(text: string, first: number, of?: FilteredKind): SqlFilter {
  const values: unknown[] = [];
  const bind = (value: unknown, type: string) => {
    values.push(value);
    return `$${first + values.length - 1}::${type}`;
  };
  return { ...compile(parseFilter(text, of !== undefined), bind, of), values };
}

type Bind = (value: unknown, type: string) => string;

function compile(expression: Expression, bind: Bind, of: FilteredKind | undefined): Compiled {
  if (expression.type === 'comparison') return compileComparison(expression, bind, of?.indexedKeys ?? []);
  if (expression.type === 'external_id') return compileExternalId(expression, bind, kindOf(of));
  if (expression.type === 'not') {
    const [only] = expression.operands;
    if (only?.type === 'external_id' && only.operator === ':*') return compilePresence(only.system, false, bind, kindOf(of));
  }
  const parts = expression.operands.map((operand) => compile(operand, bind, of));
  const sqls = parts.map(({ sql }) => sql);
  const samePlan = parts.every((part) => part.samePlan === true);
  switch (expression.type) {
    case 'not':
      return { sql: `not coalesce(${sqls.join()}, false)`, indexed: false };
    case 'and':
      return { sql: `(${sqls.join(' and ')})`, indexed: parts.some(({ indexed }) => indexed), samePlan };
    case 'or':
      return { sql: `(${sqls.join(' or ')})`, indexed: parts.every(({ indexed }) => indexed), samePlan };
  }
}

/** The grammar lets external IDs through only where there is a kind of record that has them. */
function kindOf(of: FilteredKind | undefined): FilteredKind {
  if (of === undefined) throw new Error('these records have no external IDs');
  return of;
}

/** An absent key makes every comparison false or null, so `!=` and NOT, which takes null for false, hold for it. */
function compileComparison({ path, operator, value }: Comparison, bind: Bind, indexedKeys: readonly IndexedKey[]): Compiled {
  if (operator === '=' || operator === '!=') {
    const contains = `metadata @> ${bind(JSON.stringify(nest(path, value)), 'jsonb')}`;
    return operator === '=' ? { sql: contains, indexed: true, samePlan: true } : { sql: `not (${contains})`, indexed: false };
  }
  const at = bind(path, 'text[]');
  if (operator === ':*') return { sql: `metadata #> ${at} is not null`, indexed: false };
  const type = typeof value === 'number' ? 'number' : 'text';
  const held = indexedValue(type, at);
  const indexed = indexedKeys.some((key) => key.type === type && isDeepStrictEqual(key.path, path));
  const where = (...conditions: string[]) => ({ sql: `(${conditions.join(' and ')})`, indexed });
  if (type === 'number') return where(`${held} ${operator} ${bind(String(value), 'jsonb')}`);
  const text = bind(value, 'text');
  const beginning = `left(${text}, ${indexedCharacters})`;
  if (operator === '^=') return where(`starts_with(${held}, ${beginning})`, `starts_with(metadata #>> ${at}, ${text})`);
  // What is left is < <= > >=, which SQL spells the same. Texts that differ may have one beginning.
  return where(`${held} ${operator.charAt(0)}= ${beginning}`, `(metadata #>> ${at}) collate "C" ${operator} ${text}`);
}

/** An absent ID makes every comparison false, as an absent key does. */
function compileExternalId({ system, operator, value }: ExternalIdComparison, bind: Bind, of: FilteredKind): Compiled {
  if (operator === ':*') return compilePresence(system, true, bind, of);
  const at = `x.environment_id = $1 and x.kind = ${bind(of.kind, 'text')} and x.system = ${bind(system, 'text')} and x.value`;
  const exists = (condition: string) =>
    `exists (select from external_ids x where ${at} ${condition} and x.record_id = t.id and x.alias_expire_time is null)`;
  switch (operator) {
    case '=':
      return { sql: exists(`= ${bind(value, 'text')}`), indexed: true, samePlan: true };
    case '!=':
      return { sql: `not ${exists(`= ${bind(value, 'text')}`)}`, indexed: false };
    case '^=':
      return { sql: exists(`>= ${bind(value, 'text')} and x.value < ${bind(`${value}\u{10ffff}`, 'text')}`), indexed: true };
  }
}

/**
 * Who has an ID of a system, or has none: those with one of the sets of systems that there are. They are in the statement, so that the planner
 * knows how many records each has.
 */
function compilePresence(system: string, present: boolean, bind: Bind, { sets }: FilteredKind): Compiled {
  if (system === '') return { sql: `t.external_id is ${present ? 'not ' : ''}null`, indexed: !present };
  const wanted = sets.filter((systems) => systems.includes(system) === present).map((systems) => JSON.stringify(systems));
  return { sql: `${systemsOf('t')} = any(${bind(wanted, 'jsonb[]')})`, indexed: true };
}

function nest(path: readonly string[], value: JsonValue): JsonValue {
  return path.reduceRight<JsonValue>((inner, key) => ({ [key]: inner }), value);
}
