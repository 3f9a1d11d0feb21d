import {
  type ApplicationSessionPolicy,
  maxSessionTimeout,
  type OrganizationSettings,
  type RowSettings,
  type SessionPolicy,
  type SessionPolicySource,
  type SessionTimeUnit,
  type UpdateOrganizationSettings,
  type UpdateSessionPolicy,
  type UpsertUserManagementSettings,
  type UserManagementSettings,
} from '@crosswalk/contract';
import { invalid } from '../lib/api-error.ts';

/** The columns that hold a session policy; null: not set. Timeouts in minutes. */
interface SessionPolicyColumns {
  session_policy_source: SessionPolicySource;
  absolute_session_timeout: number | null;
  idle_session_timeout_enabled: boolean | null;
  idle_session_timeout: number | null;
}

/** The columns that hold settings; null: not set. */
export interface SettingsColumns extends SessionPolicyColumns {
  sso_enabled: boolean;
  dir_sync_enabled: boolean;
  max_allowed_users: number | null;
}

/**
 * The session policy of every organization that has none of its own: sessions end after 30 days, used or not, and
 * an access token lives 5 minutes (the defaults of upstream). The idle timeout is the one that would apply if it
 * were switched on: a week.
 */
export const applicationSessionPolicy: ApplicationSessionPolicy = {
  absolute_session_timeout: 30 * 24 * 60,
  absolute_session_timeout_unit: 'MINUTES',
  idle_session_timeout_enabled: false,
  idle_session_timeout: 7 * 24 * 60,
  idle_session_timeout_unit: 'MINUTES',
  access_token_expiry: 5,
};

/** Settings as they are answered. */
export function settingsOf(columns: SettingsColumns): OrganizationSettings {
  return {
    features: [
      { name: 'sso', enabled: columns.sso_enabled },
      { name: 'dir_sync', enabled: columns.dir_sync_enabled },
    ],
    user_management: columns.max_allowed_users === null ? {} : { max_allowed_users: columns.max_allowed_users },
    session_policy: policyOf(columns),
  };
}

function policyOf(columns: SessionPolicyColumns): SessionPolicy {
  const policy: SessionPolicy = { policy_source: columns.session_policy_source };
  if (columns.absolute_session_timeout !== null) {
    policy.absolute_session_timeout = columns.absolute_session_timeout;
    policy.absolute_session_timeout_unit = 'MINUTES';
  }
  if (columns.idle_session_timeout_enabled !== null) policy.idle_session_timeout_enabled = columns.idle_session_timeout_enabled;
  if (columns.idle_session_timeout !== null) {
    policy.idle_session_timeout = columns.idle_session_timeout;
    policy.idle_session_timeout_unit = 'MINUTES';
  }
  return policy;
}

/** Settings as they are stored. */
export function columnsOf({ features, user_management: users, session_policy: policy }: OrganizationSettings): SettingsColumns {
  const enabled = (name: string) => features.some((feature) => feature.name === name && feature.enabled);
  return {
    sso_enabled: enabled('sso'),
    dir_sync_enabled: enabled('dir_sync'),
    max_allowed_users: users.max_allowed_users ?? null,
    session_policy_source: policy.policy_source,
    absolute_session_timeout: policy.absolute_session_timeout ?? null,
    idle_session_timeout_enabled: policy.idle_session_timeout_enabled ?? null,
    idle_session_timeout: policy.idle_session_timeout ?? null,
  };
}

/** The settings of an organization that has set none. */
export const unsetSettings: OrganizationSettings = {
  features: [
    { name: 'sso', enabled: false },
    { name: 'dir_sync', enabled: false },
  ],
  user_management: {},
  session_policy: { policy_source: 'APPLICATION' },
};

/** The settings after a row of an import: parts that it does not name stay. 400 names the field within the settings. */
export function patchSettings(before: OrganizationSettings, { features, user_management: users, session_policy: policy }: RowSettings) {
  return {
    features: features === undefined ? before.features : patchFeatures(before.features, { features }),
    user_management: users === undefined ? before.user_management : patchUserManagement(before.user_management, { settings: users }),
    session_policy: policy === undefined ? before.session_policy : patchSessionPolicy(before.session_policy, policy),
  };
}

/** The features after a request: those it does not name stay. 400 when it names one twice. */
export function patchFeatures(
  before: OrganizationSettings['features'],
  { features = [] }: UpdateOrganizationSettings,
): OrganizationSettings['features'] {
  const names = features.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid('features', `names ${twice} twice`, 'unique_items');
  return before.map((feature) => features.find(({ name }) => name === feature.name) ?? feature);
}

/** The user management settings after a request: null unsets, what it does not name stays. */
export function patchUserManagement(
  before: UserManagementSettings,
  { settings: { max_allowed_users: limit } }: UpsertUserManagementSettings,
): UserManagementSettings {
  if (limit === undefined) return before;
  return limit === null ? {} : { max_allowed_users: limit };
}

/**
 * The session policy after a request: null unsets, what it does not name stays, APPLICATION ends all of it. 400 when
 * a timeout is longer than a year or the order "absolute > idle > access token" does not hold: a session that ends
 * before its first token, or before it could be idle, has no sense. An idle timeout that is not enabled may be anything.
 */
export function patchSessionPolicy(before: SessionPolicy, body: UpdateSessionPolicy): SessionPolicy {
  const absolute = minutesOf(body, 'absolute_session_timeout', 'absolute_session_timeout_unit');
  const idle = minutesOf(body, 'idle_session_timeout', 'idle_session_timeout_unit');
  const source = body.policy_source ?? before.policy_source;
  if (source === 'APPLICATION') {
    if (body.policy_source === undefined && setsTimeouts(body)) {
      throw invalid('policy_source', 'must be CUSTOM beside timeouts: the organization has no policy of its own yet', 'required');
    }
    return { policy_source: source };
  }
  const after = policyOf({
    session_policy_source: source,
    absolute_session_timeout: kept(absolute, before.absolute_session_timeout),
    idle_session_timeout_enabled: kept(body.idle_session_timeout_enabled, before.idle_session_timeout_enabled),
    idle_session_timeout: kept(idle, before.idle_session_timeout),
  });
  checkOrder(after);
  return after;
}

function setsTimeouts({ policy_source: _source, ...timeouts }: UpdateSessionPolicy): boolean {
  return Object.values(timeouts).some((value) => value !== undefined && value !== null);
}

/** A field after a request: undefined leaves what was there. */
function kept<Value>(sent: Value | null | undefined, before: Value | undefined): Value | null {
  return sent === undefined ? (before ?? null) : sent;
}

const minutesIn: Record<SessionTimeUnit, number> = { MINUTES: 1, HOURS: 60, DAYS: 24 * 60 };

/** A timeout of a request in minutes; null and undefined as they are. */
function minutesOf(
  body: UpdateSessionPolicy,
  field: 'absolute_session_timeout' | 'idle_session_timeout',
  unitField: 'absolute_session_timeout_unit' | 'idle_session_timeout_unit',
): number | null | undefined {
  const [value, unit] = [body[field], body[unitField]];
  if (typeof value !== 'number') {
    if (unit !== undefined) throw invalid(unitField, `needs ${field} beside it`, 'needs_value');
    return value;
  }
  const minutes = value * minutesIn[unit ?? 'MINUTES'];
  if (minutes > maxSessionTimeout) {
    throw invalid(field, `must be at most ${maxSessionTimeout} minutes (365 days); it is ${minutes}`, 'maximum');
  }
  return minutes;
}

function checkOrder(policy: SessionPolicy): void {
  const { absolute_session_timeout: absolute, idle_session_timeout_enabled: enabled, idle_session_timeout: idle } = policy;
  const token = applicationSessionPolicy.access_token_expiry;
  if (absolute !== undefined && absolute <= token) {
    throw invalid('absolute_session_timeout', `must be longer than the ${token} minutes an access token lives`, 'minimum');
  }
  if (enabled !== true || idle === undefined) return;
  if (idle <= token) throw invalid('idle_session_timeout', `must be longer than the ${token} minutes an access token lives`, 'minimum');
  if (absolute !== undefined && idle >= absolute) {
    throw invalid('idle_session_timeout', `must be shorter than the absolute timeout of ${absolute} minutes`, 'maximum');
  }
}
