import { type ReconcileItem, type ReconcileRequest, type RecordKind, reconcileLimits } from '@crosswalk/contract';
import { parseExternalId } from '../external-ids/index.ts';
import { ApiError } from '../lib/api-error.ts';
import { parseDomainName } from '../lib/domain-name.ts';
import { emailKey } from '../lib/email.ts';
import { isStorable } from '../lib/text.ts';
import { mergeMetadata } from '../metadata/index.ts';

/** An entry of the other system's list that can be compared. */
export interface Entry {
  /** its place in the list, from 0 */
  index: number;
  id: string;
  /** undefined: not told; null: that system has none */
  name: string | null | undefined;
  email: string | null | undefined;
  /** the key of the address; undefined when there is none, or none that a user can have */
  emailKey: string | undefined;
  /** in its one normal form; undefined when there is none that an organization can have */
  domain: string | undefined;
  /** what the metadata should hold, by key; null: nothing */
  metadata: Record<string, unknown>;
}

/** An entry that cannot be compared. */
export interface InvalidEntry {
  index: number;
  id: string;
  reason: string;
}

/** An ID that is in the list more than once. */
export interface RepeatedId {
  /** undefined: no record has it, as far as is known yet */
  first: Entry;
  others: Entry[];
}

/** The list as it can be compared: each ID once. */
export interface List {
  entries: Entry[];
  repeated: RepeatedId[];
  invalid: InvalidEntry[];
}

/** Reads the list: what no record here could have is told apart rather than refused, for it is a finding. */
export function readList({ kind, items, map }: ReconcileRequest): List {
  const byId = new Map<string, Entry>();
  const repeated = new Map<string, RepeatedId>();
  const invalid: InvalidEntry[] = [];
  for (const [index, item] of items.entries()) {
    const entry = readItem(kind, item, index, map);
    if ('reason' in entry) {
      invalid.push(entry);
      continue;
    }
    const first = byId.get(entry.id);
    const known = repeated.get(entry.id);
    if (first === undefined) byId.set(entry.id, entry);
    else if (known === undefined) repeated.set(entry.id, { first, others: [entry] });
    else known.others.push(entry);
  }
  return { entries: [...byId.values()], repeated: [...repeated.values()], invalid };
}

function readItem(kind: RecordKind, item: ReconcileItem, index: number, map: Record<string, string> | undefined): Entry | InvalidEntry {
  const { id, name, email, domain, fields = {} } = item;
  try {
    parseExternalId(id, 'id');
    for (const [field, text] of Object.entries({ name, email, domain })) {
      if (typeof text === 'string' && !isStorable(text)) return { index, id, reason: `${field}: has text that cannot be stored` };
    }
    const metadata: Record<string, unknown> = {};
    for (const [field, value] of Object.entries(fields)) {
      const key = map === undefined ? field : Object.hasOwn(map, field) ? map[field] : undefined;
      if (key !== undefined) metadata[key] = value;
    }
    mergeMetadata({}, metadata, 'fields');
    return {
      index,
      id,
      name,
      email: kind === 'user' ? email : undefined,
      emailKey: kind === 'user' && typeof email === 'string' ? emailKey(email) : undefined,
      domain: kind === 'organization' && typeof domain === 'string' ? parseDomainName(domain) : undefined,
      metadata,
    };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { index, id: id.isWellFormed() ? id : id.toWellFormed(), reason: error.message };
  }
}

/** The first of some findings: as many as an answer shows. */
export function shown<Item>(items: readonly Item[]): Item[] {
  return items.slice(0, reconcileLimits.shown);
}
