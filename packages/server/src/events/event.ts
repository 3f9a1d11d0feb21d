import { isDeepStrictEqual } from 'node:util';
import type { EventType, JsonValue } from '@crosswalk/contract';
import type { RequestContext } from '../environments/index.ts';
import { databaseId, formatId, type IdPrefix } from '../lib/id.ts';

/** `{path: [old, new]}`; null stands for absent. */
export type Changed = Record<string, [JsonValue, JsonValue]>;

/** Prefix of the IDs of each kind of record that has events. */
const prefixes = {
  organization: 'org',
  user: 'usr',
  membership: 'mem',
  role: 'role',
  permission: 'perm',
  organization_client: 'm2morg',
  api_token: 'apit',
  domain: 'dom',
  invitation_settings: 'env',
  webhook_endpoint: 'whe',
  system: 'sys',
  metadata_index: 'midx',
  client: 'skc',
  operator: 'opr',
  environment: 'env',
  signing_key: 'key',
} as const satisfies Record<string, IdPrefix>;

/** The kinds of record that have events. */
export type RecordKind = keyof typeof prefixes;

/** The public ID of a record. */
export function publicId(kind: RecordKind, id: string): string {
  return formatId(prefixes[kind], id);
}

/** A change to be recorded: everything of an event but what the request context and the database know. */
export interface NewEvent {
  /** database ID of the environment that is told; left out: the one of the request */
  environmentId?: string;
  /** whose change it is, and of which request; left out: of the request that is served */
  by?: Pick<RequestContext, 'actor' | 'requestId'>;
  type: EventType;
  recordKind: RecordKind;
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
  /** null or absent: the record is the whole environment's */
  organization_id?: string | null;
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
  const organizationId = recordKind === 'organization' ? record.id : (record.organization_id ?? null);
  return {
    type,
    recordKind,
    recordId: databaseId(record.id),
    organizationId: organizationId === null ? null : databaseId(organizationId),
    // A deletion is a change too: the version the record would have had.
    recordVersion: after === undefined ? record.version + 1 : after.version,
    externalId: identity.external_id ?? null,
    externalIds: identity.external_ids ?? {},
    changed: changedPaths(before, after),
    data: record,
  };
}

/** Fields that change with every version and say nothing, or are not the owner's to change. */
const silent = new Set([
  'id',
  'environment_id',
  'organization_id',
  'user_id',
  'is_org_role',
  'version',
  'create_time',
  'update_time',
  'memberships',
  'failing_since',
  'last_used_time',
  'last_sign_in_time',
]);

/** Paths whose members are changes of their own: `metadata.plan` rather than `metadata`. */
const nested = new Set([
  'metadata',
  'templates',
  'external_ids',
  'user_profile',
  'user_profile.metadata',
  'settings',
  'settings.user_management',
  'settings.session_policy',
]);

/** Settings begin and end with their record: no choice of whoever creates or deletes it, and so no change. */
const silentAtEnds = new Set([...silent, 'settings']);

/**
 * What differs between two states of a record, by path. Undefined stands for "no record":
 * a creation lists every field that has a value, a deletion every field that had one, settings apart.
 */
export function changedPaths(before: object | undefined, after: object | undefined): Changed {
  const changed: Changed = {};
  compare('', before ?? {}, after ?? {}, before === undefined || after === undefined ? silentAtEnds : silent, changed);
  return changed;
}

function compare(prefix: string, before: object, after: object, skipped: ReadonlySet<string>, changed: Changed): void {
  const old: Record<string, JsonValue> = Object(before);
  const now: Record<string, JsonValue> = Object(after);
  const look = (key: string, oldValue: JsonValue, newValue: JsonValue) => {
    const path = prefix + key;
    if (skipped.has(path)) return;
    if (nested.has(path)) compare(`${path}.`, Object(oldValue), Object(newValue), skipped, changed);
    else if (oldValue !== newValue && !isDeepStrictEqual(oldValue, newValue)) changed[path] = [oldValue, newValue];
  };
  for (const key of Object.keys(now)) look(key, Object.hasOwn(old, key) ? (old[key] ?? null) : null, now[key] ?? null);
  for (const key of Object.keys(old)) if (!Object.hasOwn(now, key)) look(key, old[key] ?? null, null);
}
