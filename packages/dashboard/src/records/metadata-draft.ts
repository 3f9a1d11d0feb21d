import type { JsonValue } from '@crosswalk/sdk';
import { entriesByName, type Metadata } from './kind.ts';

/** The types that a row of the editor can have. */
export const rowTypes = ['text', 'number', 'boolean', 'json'] as const;
export type RowType = (typeof rowTypes)[number];

/** One key as it is being edited: its value is a text as typed, which its type reads. */
export interface DraftRow {
  /** of this row alone, while it is on screen */
  id: number;
  key: string;
  type: RowType;
  text: string;
}

/** One key that differs between two states; undefined stands for absent. */
export interface Difference {
  key: string;
  before: JsonValue | undefined;
  after: JsonValue | undefined;
}

/** What is typed, or why it is no metadata: the texts of the problems by row, 'json' for the whole text. */
export type Reading = { metadata: Metadata; problems?: undefined } | { metadata?: undefined; problems: Map<number, string> };

/** The rows of metadata, by name. */
export function rowsOf(metadata: Metadata): DraftRow[] {
  return entriesByName(metadata).map(([key, value], id) => ({ id, key, ...typedText(value) }));
}

/** What rows say. A key that is empty or there twice and a value that its type cannot read are problems. */
export function readRows(rows: DraftRow[]): Reading {
  const problems = new Map<number, string>();
  const entries: [string, JsonValue][] = [];
  const seen = new Set<string>();
  for (const { id, key, type, text } of rows) {
    const value = readValue(type, text);
    if (key === '') problems.set(id, 'A key is needed.');
    else if (seen.has(key)) problems.set(id, `There is a key ${key} already.`);
    else if ('problem' in value) problems.set(id, value.problem);
    else entries.push([key, value.value]);
    seen.add(key);
  }
  return problems.size > 0 ? { problems } : { metadata: Object.fromEntries(entries) };
}

/** Reads a whole JSON text; the problem is told for row -1. */
export function readJson(text: string): Reading {
  const value = parseJson(text);
  if ('problem' in value) return { problems: new Map([[-1, value.problem]]) };
  if (!isMetadata(value.value)) return { problems: new Map([[-1, 'Metadata is a JSON object: { "key": value }.']]) };
  return { metadata: value.value };
}

/** The keys at the top level that differ, those that go first, in the order of the names. */
export function differencesOf(before: Metadata, after: Metadata): Difference[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.flatMap((key) => {
    const difference = { key, before: own(before, key), after: own(after, key) };
    return equal(difference.before, difference.after) ? [] : [difference];
  });
}

/** Another state with changes made to it, as if they had been made there. */
export function withChanges(metadata: Metadata, changes: Difference[]): Metadata {
  const changed = new Map(Object.entries(metadata));
  for (const { key, after } of changes) {
    if (after === undefined) changed.delete(key);
    else changed.set(key, after);
  }
  return Object.fromEntries(changed);
}

/** Whether two values are the same JSON; the order of keys does not count. */
export function equal(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, index) => equal(item, b[index]));
  if (!isMetadata(a) || !isMetadata(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]));
}

/** A JSON object, and neither a list nor null. */
function isMetadata(value: JsonValue | undefined): value is Metadata {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A row that is changed to another type keeps its text where that makes sense of it. */
export function retyped(row: DraftRow, type: RowType): DraftRow {
  if (type === 'boolean' && row.text !== 'true' && row.text !== 'false') return { ...row, type, text: 'true' };
  if (type === 'json' && row.type === 'text') return { ...row, type, text: JSON.stringify(row.text) };
  return { ...row, type };
}

function typedText(value: JsonValue): { type: RowType; text: string } {
  if (typeof value === 'string') return { type: 'text', text: value };
  if (typeof value === 'number') return { type: 'number', text: String(value) };
  if (typeof value === 'boolean') return { type: 'boolean', text: String(value) };
  return { type: 'json', text: JSON.stringify(value) };
}

function readValue(type: RowType, text: string): { value: JsonValue } | { problem: string } {
  if (type === 'text') return { value: text };
  if (type === 'boolean') return { value: text === 'true' };
  if (type === 'number' && !/^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(text.trim()))
    return { problem: 'A number, such as 250, -1.5 or 2e6.' };
  return parseJson(text);
}

/** Parses JSON; refuses what JavaScript would round without a word, so that 9007199254740993 is not saved as another number. */
function parseJson(text: string): { value: JsonValue } | { problem: string } {
  let value: JsonValue;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
  const numbers = text.replace(/"(?:[^"\\]|\\.)*"/g, '""').match(/-?[0-9][0-9.eE+-]*/g) ?? [];
  const rounded = numbers.find((number) => !isExact(number));
  return rounded === undefined ? { value } : { problem: `${rounded} cannot be kept exactly as a number: keep it as a text.` };
}

/** Whether a double has the digits of a number: at most 15 always fit, whole numbers up to 2^53. */
function isExact(text: string): boolean {
  const value = Number(text);
  if (!Number.isFinite(value)) return false;
  const digits = text
    .replace(/[eE].*$/, '')
    .replace(/[-.]/g, '')
    .replace(/^0+/, '')
    .replace(/0+$/, '');
  return digits.length <= 15 || Number.isSafeInteger(value) || String(value) === text;
}

function own(metadata: Metadata, key: string): JsonValue | undefined {
  return Object.hasOwn(metadata, key) ? metadata[key] : undefined;
}
