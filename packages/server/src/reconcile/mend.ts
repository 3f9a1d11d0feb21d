import type { Metadata, TransferRow } from '@crosswalk/contract';
import { primarySystem } from '../external-ids/index.ts';
import { formatId } from '../lib/id.ts';
import type { Findings } from './findings.ts';
import type { Entry } from './reconcile.ts';
import type { Suggestion } from './reconcile-store.ts';

/** The rows that mend what a comparison found, and how many records they link, set and add. */
export interface Mended {
  rows: TransferRow[];
  link: number;
  set: number;
  add: number;
  /** entries that need a decision of a person */
  left_out: number;
}

/**
 * The rows whose import makes the records here what the list says, as far as that is certain: entries with one suggestion are linked to it,
 * fields that differ are set, what nothing here may mean is added. Records that are there are named by their ID.
 */
export function mend({ subject, list, linked, missing, twice, suggestions }: Findings): Mended {
  const rows: TransferRow[] = [];
  const contradictory = new Set(twice.flatMap(({ entries }) => entries));
  const counts = { link: 0, set: 0, add: 0, left_out: list.invalid.length + contradictory.size };
  for (const { entry, link } of linked) {
    if (contradictory.has(entry) || link.differing.length === 0) continue;
    const fields = fieldsOf(subject.kind, entry, (field) => link.differing.includes(field));
    // An address that nobody can have is all that differs.
    if (fields === undefined) counts.left_out += 1;
    else {
      rows.push(existing(subject.kind, link.recordId, fields));
      counts.set += 1;
    }
  }
  const certain = certainSuggestions(suggestions);
  const suggested = new Set(suggestions.map(({ entry }) => entry));
  for (const entry of missing) {
    if (contradictory.has(entry)) continue;
    const candidate = certain.get(entry);
    const key = keyOf(subject.system, entry);
    if (candidate !== undefined) {
      // The name and the address stay: they are what the record was recognised by.
      const fields = fieldsOf(subject.kind, entry, (field) => field.startsWith('metadata.')) ?? {};
      rows.push(existing(subject.kind, candidate.recordId, { ...key, ...fields }));
      counts.link += 1;
    } else {
      const row = suggested.has(entry) ? undefined : added(subject.kind, key, entry);
      if (row === undefined) counts.left_out += 1;
      else {
        rows.push(row);
        counts.add += 1;
      }
    }
  }
  return { rows, ...counts };
}

/** Of entries with one candidate that no other entry may mean and that has no ID of the system yet: that candidate. */
function certainSuggestions(suggestions: Findings['suggestions']): Map<Entry, Suggestion> {
  const meant = new Map<string, number>();
  for (const { candidates } of suggestions) for (const { recordId } of candidates) meant.set(recordId, (meant.get(recordId) ?? 0) + 1);
  const certain = new Map<Entry, Suggestion>();
  for (const { entry, candidates } of suggestions) {
    const [only, ...others] = candidates;
    if (only === undefined || others.length > 0 || only.linkedAs !== null || meant.get(only.recordId) !== 1) continue;
    certain.set(entry, only);
  }
  return certain;
}

/** What an entry sets in a record. */
interface Fields {
  external_id?: string;
  external_ids?: Record<string, string>;
  display_name?: string;
  email?: string;
  user_profile?: { name: string | null };
  metadata?: Metadata;
}

/** The fields of an entry that are wanted; undefined when there is nothing to set. */
function fieldsOf(kind: Findings['subject']['kind'], entry: Entry, wants: (field: string) => boolean): Fields | undefined {
  const fields: Fields = {};
  const { name, email, emailKey } = entry;
  if (kind === 'organization' && typeof name === 'string' && name !== '' && wants('name')) fields.display_name = name;
  if (kind === 'user' && name !== undefined && wants('name')) fields.user_profile = { name };
  if (typeof email === 'string' && emailKey !== undefined && wants('email')) fields.email = email;
  const metadata = Object.entries(entry.metadata).filter(([key]) => wants(`metadata.${key}`));
  if (metadata.length > 0) fields.metadata = toMetadata(metadata);
  return Object.keys(fields).length === 0 ? undefined : fields;
}

/** Values that were read from JSON and checked as metadata (see `readList`). */
function toMetadata(members: [string, unknown][]): Metadata {
  return Object.fromEntries(members) as Metadata;
}

function keyOf(system: string, { id }: Entry): Fields {
  return system === primarySystem ? { external_id: id } : { external_ids: { [system]: id } };
}

function existing(
  kind: Findings['subject']['kind'],
  recordId: string,
  { display_name, email, user_profile, ...fields }: Fields,
): TransferRow {
  return kind === 'organization'
    ? { kind, id: formatId('org', recordId), ...fields, ...(display_name === undefined ? {} : { display_name }) }
    : {
        kind,
        id: formatId('usr', recordId),
        ...fields,
        ...(email === undefined ? {} : { email }),
        ...(user_profile === undefined ? {} : { user_profile }),
      };
}

/** The row of a record that is made; undefined when the entry does not tell what it needs: a name, or the address of a user. */
function added(kind: Findings['subject']['kind'], key: Fields, entry: Entry): TransferRow | undefined {
  const { display_name, email, user_profile, metadata } = fieldsOf(kind, entry, () => true) ?? {};
  const set = Object.entries(metadata ?? {}).filter(([, value]) => value !== null);
  const filled = { ...key, ...(set.length === 0 ? {} : { metadata: Object.fromEntries(set) }) };
  if (kind === 'organization') return display_name === undefined ? undefined : { kind, ...filled, display_name };
  if (email === undefined) return undefined;
  return { kind, ...filled, email, ...(typeof user_profile?.name === 'string' ? { user_profile } : {}) };
}
