import { isDeepStrictEqual } from 'node:util';
import type { EventType, JsonValue } from '@crosswalk/contract';

/** `{path: [old, new]}`; null stands for absent. */
export type Changed = Record<string, [JsonValue, JsonValue]>;

/** A change to be recorded: everything of an event but what the request context and the database know. */
export interface NewEvent {
  type: EventType;
  recordKind: 'organization' | 'user' | 'membership' | 'domain';
  /** database IDs */
  recordId: string;
  organizationId: string | null;
  recordVersion: number;
  externalId: string | null;
  externalIds: Record<string, string>;
  changed: Changed;
  /** The record after the change; for a deletion, before it. */
  data: object;
}

/** The IDs in the owner's systems that an event carries. */
interface ExternalIdentity {
  external_id?: string | null;
  external_ids?: Record<string, string>;
}

/** What of a record its events carry. IDs are public ones. */
interface EventRecord extends ExternalIdentity {
  id: string;
  version: number;
  organization_id?: string;
}

/**
 * The event of a change from one state of a record to another; undefined stands for "no record". A record without
 * external IDs of its own may be told by those of the record it belongs to, `owner`.
 */
export function eventOf<RecordType extends EventRecord>(
  type: EventType,
  recordKind: NewEvent['recordKind'],
  before: RecordType | undefined,
  after: RecordType | undefined,
  owner?: ExternalIdentity,
): NewEvent {
  const record = after ?? before;
  if (record === undefined) throw new Error('an event needs a record');
  const identity = owner ?? record;
  const organizationId = recordKind === 'organization' ? record.id : record.organization_id;
  return {
    type,
    recordKind,
    recordId: digitsOf(record.id),
    organizationId: organizationId === undefined ? null : digitsOf(organizationId),
    // A deletion is a change too: the version the record would have had.
    recordVersion: after === undefined ? record.version + 1 : after.version,
    externalId: identity.external_id ?? null,
    externalIds: identity.external_ids ?? {},
    changed: changedPaths(before, after),
    data: record,
  };
}

function digitsOf(id: string): string {
  return id.slice(id.indexOf('_') + 1);
}

/** Fields that change with every version and say nothing, or are not the owner's to change. */
const silent = new Set(['id', 'environment_id', 'organization_id', 'user_id', 'version', 'create_time', 'update_time', 'memberships']);

/** Fields whose members are changes of their own: `metadata.plan` rather than `metadata`. */
const nested = new Set(['metadata', 'external_ids', 'user_profile']);

/**
 * What differs between two states of a record, by path. Undefined stands for "no record":
 * a creation lists every field that has a value, a deletion every field that had one.
 */
export function changedPaths(before: object | undefined, after: object | undefined): Changed {
  const changed: Changed = {};
  compare('', before ?? {}, after ?? {}, changed);
  return changed;
}

function compare(prefix: string, before: object, after: object, changed: Changed): void {
  const old = new Map<string, JsonValue>(Object.entries(before));
  const now = new Map<string, JsonValue>(Object.entries(after));
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    if (prefix === '' && silent.has(key)) continue;
    const [oldValue, newValue] = [old.get(key) ?? null, now.get(key) ?? null];
    if (prefix === '' && nested.has(key)) {
      compare(`${key}.`, Object(oldValue), Object(newValue), changed);
    } else if (!isDeepStrictEqual(oldValue, newValue)) {
      changed[prefix + key] = [oldValue, newValue];
    }
  }
}
