import type { DirectoryRecord } from './kind.ts';

/** How a value is compared, how people say it, and whether external IDs are compared so too. */
export const comparisons = [
  { operator: '=', ofIds: true, label: 'is' },
  { operator: '!=', ofIds: true, label: 'is not' },
  { operator: '^=', ofIds: true, label: 'begins with' },
  { operator: '>', ofIds: false, label: 'is more than' },
  { operator: '>=', ofIds: false, label: 'is at least' },
  { operator: '<', ofIds: false, label: 'is less than' },
  { operator: '<=', ofIds: false, label: 'is at most' },
  { operator: ':*', ofIds: true, label: 'is there' },
  { operator: 'NOT', ofIds: true, label: 'is not there' },
] as const;

/** An operator of the filter grammar; `NOT` is the absence of a key. */
export type Comparison = (typeof comparisons)[number]['operator'];

/** The types a value can be compared as. */
export type ValueType = 'text' | 'number' | 'boolean';

/** What conditions are about: a key of metadata, or the ID in a system. */
export type Subject = 'metadata' | 'external_ids';

/**
 * A comparison in the filter grammar: `metadata.seats >= 100`, `NOT external_ids.stripe:*`. The value is a text as typed; its type says what it
 * stands for. A part of the path in brackets and quotes, as `pathOf` writes it, stays as it is.
 */
export function conditionOf(subject: Subject, path: string, operator: Comparison, value: string, type: ValueType): string {
  const key = `${subject}${partsOf(path)
    .map((part) => (part.startsWith('["') ? part : /^[\p{L}\p{N}_-]+$/u.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`))
    .join('')}`;
  if (operator === ':*') return `${key}:*`;
  if (operator === 'NOT') return `NOT ${key}:*`;
  return `${key} ${operator} ${type === 'text' ? JSON.stringify(value) : value.trim()}`;
}

/** A key as a path: in brackets where it has dots, which would part it. */
export function pathOf(key: string): string {
  return key.includes('.') || key.includes('["') ? `[${JSON.stringify(key)}]` : key;
}

/** The parts of a path: between dots, or whole in brackets and quotes. */
function partsOf(path: string): string[] {
  return path.match(/\["(?:[^"\\]|\\.)*"\]|(?:(?!\[")[^.])+/g) ?? [path];
}

/** The type that a typed value most likely has: 250 is a number, true is no text. */
export function likelyType(value: string): ValueType {
  if (/^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(value.trim())) return 'number';
  return /^(?:true|false)$/.test(value.trim()) ? 'boolean' : 'text';
}

/** One filter of several conditions that all must hold. */
export function allOf(conditions: string[]): string | undefined {
  if (conditions.length < 2) return conditions[0];
  return conditions.map((condition) => `(${condition})`).join(' AND ');
}

/** The keys that records have in their metadata, the commonest first. */
export function metadataKeys(records: DirectoryRecord[]): string[] {
  const counts = new Map<string, number>();
  for (const { metadata } of records) for (const key of Object.keys(metadata)) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts].sort(([a, countOfA], [b, countOfB]) => countOfB - countOfA || a.localeCompare(b)).map(([key]) => key);
}
