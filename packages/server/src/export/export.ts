import {
  type ExportFormat,
  type ExportQuery,
  type MembershipRow,
  type MembershipStatus,
  type OrganizationRow,
  type OrganizationSettings,
  type PermissionRow,
  type RoleRow,
  type RowReference,
  type RowSettings,
  type TransferKind,
  transferKinds,
  type UserRow,
} from '@crosswalk/contract';
import { excerpt, invalid } from '../lib/api-error.ts';
import { requireId } from '../lib/id.ts';
import { settingsOf } from '../organizations/index.ts';
import type { StoredMembership, StoredOrganization, StoredPermission, StoredRole, StoredUser } from './export-store.ts';
import type { OrganizationRefs } from './organization-refs.ts';

/** What is asked for: a CSV has one kind. */
export interface ExportRequest {
  format: ExportFormat;
  /** in the order of an export */
  kinds: TransferKind[];
  /** Which rows of the one kind; undefined: all. */
  narrowing?: Narrowing | undefined;
}

/** The kinds whose lists can be narrowed. */
export type NarrowedKind = keyof typeof narrowedBy;

/** What narrows the rows of one kind, as it narrows its list; all of it must hold. IDs are database IDs. */
export interface Narrowing {
  kind: NarrowedKind;
  filter?: string | undefined;
  search?: string | undefined;
  organizationId?: string | undefined;
  userId?: string | undefined;
  status?: MembershipStatus | undefined;
}

/** The parameters that narrow each kind: those of its lists. */
const narrowedBy = {
  organization: ['filter', 'query'],
  user: ['filter', 'query', 'organization_id'],
  membership: ['filter', 'organization_id', 'user_id', 'membership_status'],
} as const;

/** Checks what is asked for; 400 names the parameter. */
export function parseExport({ format = 'ndjson', kinds, ...narrowing }: ExportQuery): ExportRequest {
  const names = kinds?.split(',').map((name) => name.trim());
  const unknown = names?.find((name) => !transferKinds.some((kind) => kind === name));
  if (unknown !== undefined) {
    throw invalid('kinds', `${excerpt(unknown)} is none of ${transferKinds.join(', ')}; separate several by commas`, 'enum');
  }
  const wanted = transferKinds.filter((kind) => names === undefined || names.includes(kind));
  if (format === 'csv' && wanted.length !== 1) {
    throw invalid('kinds', `a CSV has one kind of rows: name one of ${transferKinds.join(', ')}, or use format=ndjson for several`, 'one');
  }
  return { format, kinds: wanted, narrowing: parseNarrowing(wanted, narrowing) };
}

function parseNarrowing(kinds: readonly TransferKind[], query: Omit<ExportQuery, 'format' | 'kinds'>): Narrowing | undefined {
  const [named] = Object.keys(query);
  if (named === undefined) return undefined;
  const able = Object.entries(narrowedBy);
  const [kind] = kinds;
  if (kind === undefined || kinds.length !== 1) {
    const takers = able.filter(([, names]) => names.some((name) => name === named)).map(([taker]) => taker);
    throw invalid('kinds', `${named} narrows the rows of one kind: name one of ${takers.join(', ')}`, 'one');
  }
  const narrowed = kindIn(kind);
  const names: readonly string[] = narrowed === undefined ? [] : narrowedBy[narrowed];
  const other = Object.keys(query).find((name) => !names.includes(name));
  if (narrowed === undefined || other !== undefined) {
    const way = names.length === 0 ? 'are always exported whole' : `are narrowed by ${names.join(', ')}`;
    throw invalid(other ?? named, `does not go with kinds=${kind}: ${kind}s ${way}`, 'kind');
  }
  const { filter, query: search, organization_id: organizationId, user_id: userId, membership_status: status } = query;
  return {
    kind: narrowed,
    filter,
    search,
    organizationId: organizationId === undefined ? undefined : requireId('org', organizationId, 'organization_id'),
    userId: userId === undefined ? undefined : requireId('usr', userId, 'user_id'),
    status,
  };
}

function kindIn(kind: TransferKind): NarrowedKind | undefined {
  return kind === 'organization' || kind === 'user' || kind === 'membership' ? kind : undefined;
}

/** The name of the file: made of nothing that anybody else chose. */
export function fileName({ format, kinds }: ExportRequest, now: Date): string {
  const [first, ...others] = kinds;
  const what = first !== undefined && others.length === 0 ? `${first}s` : 'export';
  return `crosswalk-${what}-${now.toISOString().slice(0, 19).replaceAll(':', '')}Z.${format}`;
}

/*
 * Rows carry nothing that an import into an empty environment would not give again: no IDs, versions or times. Their members are in one order,
 * and what is not there is left out, so that the export of what was imported is the same to the byte.
 */

/** The row of an organization. One without an ID of its owner's has a `ref`, if rows that refer to it may follow. */
export function organizationRow(stored: StoredOrganization, refs: OrganizationRefs): OrganizationRow {
  const { external_id, external_ids, display_name, region_code, slug, logo_url, metadata, default_member_role, domains } = stored;
  const ref = refs.of(stored);
  return {
    kind: 'organization',
    ...(ref === undefined ? {} : { ref }),
    ...present({ external_id }),
    ...filled({ external_ids }),
    display_name,
    ...present({ region_code, slug, logo_url }),
    ...filled({ settings: rowSettings(settingsOf(stored)) }),
    ...present({ default_member_role }),
    ...(domains.length === 0 ? {} : { domains }),
    ...filled({ metadata }),
  };
}

/** What of settings an organization would not have by itself. */
function rowSettings({ features, user_management, session_policy }: OrganizationSettings): RowSettings {
  const enabled = features.filter((feature) => feature.enabled);
  return {
    ...(enabled.length === 0 ? {} : { features: enabled }),
    ...filled({ user_management }),
    ...(session_policy.policy_source === 'APPLICATION' ? {} : { session_policy }),
  };
}

/** The row of a permission. */
export function permissionRow({ name, description }: StoredPermission): PermissionRow {
  return { kind: 'permission', name, ...(description === '' ? {} : { description }) };
}

/** The row of a user. */
export function userRow({ email, external_id, external_ids, profile, metadata }: StoredUser): UserRow {
  return {
    kind: 'user',
    ...present({ external_id }),
    ...filled({ external_ids }),
    email,
    ...filled({ user_profile: profile }),
    ...filled({ metadata }),
  };
}

/** The row of a membership. */
export function membershipRow(stored: StoredMembership, refs: OrganizationRefs): MembershipRow {
  const { user_external_id, user_external_ids, email, roles, status, metadata, inviter_email } = stored;
  return {
    kind: 'membership',
    organization: refs.referenceTo({ id: stored.organization_id, external_id: stored.external_id, external_ids: stored.external_ids }),
    user: externalReference(user_external_id, user_external_ids) ?? { email },
    roles,
    membership_status: status,
    ...filled({ metadata }),
    ...present({ inviter_email }),
  };
}

/** The row of a role. */
export function roleRow(stored: StoredRole, refs: OrganizationRefs): RoleRow {
  const { organization_id: id, name, display_name, description, base, permissions, default_creator, default_member } = stored;
  return {
    kind: 'role',
    name,
    ...(id === null
      ? {}
      : { organization: refs.referenceTo({ id, external_id: stored.external_id, external_ids: stored.external_ids ?? {} }) }),
    display_name,
    ...(description === '' ? {} : { description }),
    ...(base === null ? {} : { extends: base }),
    ...(permissions.length === 0 ? {} : { permissions }),
    ...(default_creator ? { default_creator } : {}),
    ...(default_member ? { default_member } : {}),
  };
}

/** How another row names a record by its owner's own IDs: the primary one, else that of the first system by name. */
export function externalReference(externalId: string | null, externalIds: Record<string, string>): RowReference | undefined {
  if (externalId !== null) return { external_id: externalId };
  const [first] = Object.entries(externalIds).sort(([a], [b]) => (a < b ? -1 : 1));
  return first === undefined ? undefined : { external_id: first[1], system: first[0] };
}

/** Those of some fields that are not null. */
function present<Fields extends Record<string, unknown>>(fields: Fields): { [Name in keyof Fields]?: NonNullable<Fields[Name]> } {
  const kept: { [Name in keyof Fields]?: NonNullable<Fields[Name]> } = {};
  for (const name in fields) {
    const value = fields[name];
    if (value !== null && value !== undefined) kept[name] = value;
  }
  return kept;
}

/** Those of some objects that have a member. */
function filled<Fields extends Record<string, object>>(fields: Fields): Partial<Fields> {
  const kept: Partial<Fields> = {};
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined && Object.keys(value).length > 0) kept[name] = value;
  }
  return kept;
}
