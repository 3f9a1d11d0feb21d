import { type JsonValue, type RecordKind, type SearchMatch, searchLimits } from '@crosswalk/contract';
import { primarySystem } from '../external-ids/index.ts';
import { invalid } from '../lib/api-error.ts';
import { pointsIn, requireText } from '../lib/text.ts';
import { formatKey } from '../metadata/index.ts';

/** A record that a search found, and why. `id` is a database ID. */
export interface Hit {
  kind: RecordKind;
  id: string;
  matchedBy: SearchMatch['matched_by'];
  /** of an external ID; `primarySystem` for the primary one, and for what is no external ID */
  system: string;
  /** the text that matched; of metadata and names, undefined until the record is read */
  value: string | undefined;
  exact: boolean;
}

/** What a match shows of its record, and what the text that matched is read from. */
export interface Found {
  kind: RecordKind;
  /** database ID */
  id: string;
  display_name: string;
  external_id: string | null;
  external_ids: Record<string, string>;
  metadata: JsonValue;
  /** texts that people know it by, beside the display name */
  names: string[];
}

/** The text of a search without the white space at its ends; 400 names the field. */
export function searchText(q: string): string {
  const text = q.trim();
  if (text === '') throw invalid('q', 'must have a character that is not white space', 'min_length');
  if (pointsIn(text) > searchLimits.queryPoints)
    throw invalid('q', `must have at most ${searchLimits.queryPoints} characters`, 'max_length');
  requireText(text, 'data', 'q');
  return text;
}

/**
 * The JSON values that a text of a search can mean as a metadata value: itself, and the number that it is written like. No truth values: half of
 * all records would have them.
 */
export function metadataValues(text: string): (string | number)[] {
  const number = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(number) && String(number) === text ? [text, number] : [text];
}

/** The first place in metadata that has one of the values, as a filter spells it after `metadata`, and the value; undefined when there is none. */
export function findValue(metadata: JsonValue, values: readonly JsonValue[]): { key: string; value: string } | undefined {
  const found = findPlace(metadata, values, []);
  return found && { key: formatKey(found.path).replace(/^metadata\.?/, ''), value: String(found.value) };
}

function findPlace(metadata: JsonValue, values: readonly JsonValue[], path: readonly string[]): Place | undefined {
  if (metadata === null || typeof metadata !== 'object') return values.includes(metadata) ? { path, value: metadata } : undefined;
  // What is in an array is told by the key of the array.
  const members: [string[], JsonValue][] = Array.isArray(metadata)
    ? metadata.map((item) => [[], item])
    : Object.entries(metadata).map(([name, member]) => [[name], member]);
  for (const [names, member] of members) {
    const found = findPlace(member, values, [...path, ...names]);
    if (found !== undefined) return found;
  }
  return undefined;
}

interface Place {
  path: readonly string[];
  value: JsonValue;
}

/** Why a record has a text within: the text of it that does, and what it is. */
export function findWithin(
  { display_name: name, external_id: primary, external_ids: ids, names, kind }: Found,
  text: string,
): Partial<Hit> {
  const wanted = text.toLowerCase();
  const has = (value: string) => value.toLowerCase().includes(wanted);
  const own: [Hit['matchedBy'], string][] = [
    [kind === 'user' ? 'email' : 'name', name],
    ...names.map((one): [Hit['matchedBy'], string] => ['name', one]),
  ];
  const named = own.find(([, value]) => has(value));
  if (named !== undefined) return { matchedBy: named[0], value: named[1] };
  const keys = Object.entries({ ...(primary === null ? {} : { [primarySystem]: primary }), ...ids });
  const key = keys.find(([, value]) => has(value));
  return key === undefined ? {} : { matchedBy: 'external_id', system: key[0], value: key[1] };
}

/** Each record once, by the first of its hits. */
export function firstOfEach(hits: readonly Hit[], limit: number): Hit[] {
  const byRecord = new Map<string, Hit>();
  for (const hit of hits) {
    const key = `${hit.kind} ${hit.id}`;
    if (!byRecord.has(key)) byRecord.set(key, hit);
  }
  return [...byRecord.values()].slice(0, limit);
}
