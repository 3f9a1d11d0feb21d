import { isDeepStrictEqual } from 'node:util';
import type { JsonValue, Metadata, Organization, Role, User } from '@crosswalk/sdk';
import { RegionCode, type UserProfile as SourceProfile, TimeUnit } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/commons/commons_pb.js';
import {
  type OrganizationSessionPolicySettings,
  SessionPolicyType,
  type Organization as SourceOrganization,
} from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/organizations/organizations_pb.js';
import type { Role as SourceRole } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/roles/roles_pb.js';
import type { User as SourceUser } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/users/users_pb.js';

/*
 * What of a record is to be written: pure. Organizations, users and memberships are upserted: what they do not have at Scalekit is
 * left as it is in Crosswalk, and so is metadata under keys of Crosswalk's own. Roles become what they are at Scalekit: a permission
 * that was taken away there is taken away here.
 */

/** The fields of a request; empty when there is nothing to change. */
type Changes = ReturnType<typeof changes>;

/** Those fields that are wanted and are not so yet. What is undefined or an empty text is not wanted. */
function changes(before: object | undefined, wanted: object) {
  const stored = Object(before);
  return Object.fromEntries(
    Object.entries(wanted).filter(([name, value]) => value !== undefined && value !== '' && !isDeepStrictEqual(stored[name], value)),
  );
}

/** Whether there is anything to write. */
export function isChange(fields: object): boolean {
  return Object.keys(fields).length > 0;
}

/** The metadata to merge so that each text of Scalekit is there. A value whose text is the same keeps its type. */
export function metadataChanges(before: Metadata | undefined, texts: Record<string, string>): Metadata | undefined {
  const stored = new Map(Object.entries(before ?? {}));
  const changed = Object.entries(texts).filter(([key, text]) => textOf(stored.get(key)) !== text);
  return changed.length === 0 ? undefined : Object.fromEntries(changed);
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The fields to write of an organization; `before` is what Crosswalk has, if anything. */
export function organizationChanges(before: Organization | undefined, source: SourceOrganization): Changes {
  return changes(before, {
    display_name: source.displayName,
    external_id: source.externalId,
    region_code: regions.get(source.regionCode),
    slug: source.slug,
    logo_url: source.logoUrl,
    metadata: metadataChanges(before?.metadata, source.metadata),
  });
}

const regions = new Map<RegionCode, 'US' | 'EU'>([
  [RegionCode.US, 'US'],
  [RegionCode.EU, 'EU'],
]);

/** The features of an organization that are to be switched. */
export function featureChanges({ settings }: Organization, source: SourceOrganization) {
  return settings.features.flatMap(({ name, enabled }) => {
    const wanted = source.settings?.features.find((feature) => feature.name === name);
    return wanted === undefined || wanted.enabled === enabled ? [] : [{ name, enabled: wanted.enabled }];
  });
}

/** The session policy to set; undefined when it is so already, or Scalekit does not show it. */
export function sessionPolicyChange(
  { settings: { session_policy: before } }: Organization,
  source: OrganizationSessionPolicySettings | undefined,
): Changes | undefined {
  if (source === undefined || source.policySource === SessionPolicyType.SESSION_POLICY_TYPE_UNSPECIFIED) return undefined;
  if (source.policySource === SessionPolicyType.APPLICATION)
    return before.policy_source === 'APPLICATION' ? undefined : { policy_source: 'APPLICATION' };
  // A policy is one whole: what it does not say at Scalekit is unset here, which null does.
  const changed = changes(
    { absolute_session_timeout: null, idle_session_timeout_enabled: null, idle_session_timeout: null, ...before },
    {
      policy_source: 'CUSTOM',
      absolute_session_timeout: minutes(source.absoluteSessionTimeout, source.absoluteSessionTimeoutUnit) ?? null,
      idle_session_timeout_enabled: source.idleSessionTimeoutEnabled ?? null,
      idle_session_timeout: minutes(source.idleSessionTimeout, source.idleSessionTimeoutUnit) ?? null,
    },
  );
  return isChange(changed) ? changed : undefined;
}

/** Scalekit answers in minutes whatever was set, but the message can say otherwise. */
function minutes(timeout: number | undefined, unit: TimeUnit | undefined): number | undefined {
  if (timeout === undefined) return undefined;
  if (unit === TimeUnit.HOURS) return timeout * 60;
  return unit === TimeUnit.DAYS ? timeout * 60 * 24 : timeout;
}

/** The fields to write of a user; `before` is what Crosswalk has, if anything. */
export function userChanges(before: User | undefined, source: SourceUser): Changes {
  const profile = source.userProfile === undefined ? {} : profileChanges(before?.user_profile, source.userProfile);
  return changes(before, {
    email: source.email,
    external_id: source.externalId,
    metadata: metadataChanges(before?.metadata, source.metadata),
    user_profile: isChange(profile) ? profile : undefined,
  });
}

function profileChanges(before: User['user_profile'] | undefined, source: SourceProfile): Changes {
  const attributes = { ...before?.custom_attributes, ...source.customAttributes };
  return changes(before, {
    given_name: source.givenName || source.firstName,
    family_name: source.familyName || source.lastName,
    name: source.name,
    preferred_username: source.preferredUsername,
    picture: source.picture,
    gender: source.gender,
    locale: source.locale,
    phone_number: source.phoneNumber,
    groups: source.groups.length === 0 ? undefined : source.groups,
    custom_attributes: isChange(attributes) ? attributes : undefined,
    metadata: metadataChanges(before?.metadata, source.metadata),
  });
}

/** A role as it is wanted. */
export interface WantedRole {
  name: string;
  display_name: string;
  description: string;
  extends: string | null;
  permissions: string[];
}

/** A role of Scalekit as it is wanted here. */
export function wantedRole({ name, displayName, description, extends: base, permissions }: SourceRole): WantedRole {
  // Those that a role inherits come from another role, and are that one's.
  const own = permissions.filter(({ roleName }) => roleName === '' || roleName === name).map((permission) => permission.name);
  return { name, display_name: displayName || name, description, extends: base || null, permissions: [...new Set(own)].sort() };
}

/** The fields to write of a role that is there. */
export function roleChanges(before: Role, { name: _name, ...wanted }: WantedRole): Changes {
  const permissions = (before.permissions ?? []).map((permission) => permission.name).sort();
  const all = Object.entries(wanted).filter(([field, value]) => !isDeepStrictEqual({ ...Object(before), permissions }[field], value));
  return Object.fromEntries(all);
}

/** The roles in an order in which each comes after the one it extends. */
export function basesFirst(roles: readonly WantedRole[]): WantedRole[] {
  const waiting = new Map(roles.map((role) => [role.name, role]));
  const ordered: WantedRole[] = [];
  const place = (role: WantedRole) => {
    if (!waiting.delete(role.name)) return;
    const base = role.extends === null ? undefined : waiting.get(role.extends);
    if (base !== undefined) place(base);
    ordered.push(role);
  };
  for (const role of roles) place(role);
  return ordered;
}
