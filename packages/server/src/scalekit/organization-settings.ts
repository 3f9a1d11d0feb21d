import {
  type Organization,
  type SessionTimeUnit,
  UpdateOrganizationSettings,
  UpdateSessionPolicy,
  UpsertUserManagementSettings,
} from '@crosswalk/contract';
import { TimeUnit } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/commons/commons_pb.js';
import {
  OrganizationService as Rpc,
  SessionPolicyType,
} from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/organizations/organizations_pb.js';
import { invalid } from '../lib/api-error.ts';
import { requireId } from '../lib/id.ts';
import type { OrganizationSettingsService } from '../organizations/index.ts';
import { required } from './fields.ts';
import { changeRecord, type Method, read } from './grpc/method.ts';
import { organizationMessage } from './organizations.ts';
import { parser } from './parse.ts';

const checkFeatures = parser(UpdateOrganizationSettings);
const checkUserManagement = parser(UpsertUserManagementSettings);
const checkPolicy = parser(UpdateSessionPolicy);

/** The settings in scalekit.v1.organizations.OrganizationService */
export function organizationSettingsMethods(settings: OrganizationSettingsService): Method[] {
  const named = (id: string) => ({ id: requireId('org', id, 'organization_id') });
  const users = ({ settings: { user_management: limits } }: Organization) => ({ settings: { maxAllowedUsers: limits.max_allowed_users } });
  const policy = (organization: Organization) => ({ policy: policyMessage(organization) });
  return [
    changeRecord(
      Rpc.method.updateOrganizationSettings,
      (context, request, preconditions) => {
        const { features } = required(request.settings, 'settings');
        const body = checkFeatures({ features: features.map(({ name, enabled }, index) => ({ name: featureName(name, index), enabled })) });
        return settings.updateFeatures(context, { id: requireId('org', request.id) }, body, preconditions);
      },
      (organization) => ({ organization: organizationMessage(organization) }),
    ),
    read(Rpc.method.getOrganizationUserManagementSetting, async (context, { organizationId }) =>
      users(await settings.get(context, named(organizationId))),
    ),
    changeRecord(
      Rpc.method.upsertUserManagementSettings,
      (context, request, preconditions) => {
        const { maxAllowedUsers } = required(request.settings, 'settings');
        const body = checkUserManagement({ settings: { max_allowed_users: maxAllowedUsers ?? null } });
        return settings.upsertUserManagement(context, named(request.organizationId), body, preconditions);
      },
      users,
    ),
    read(Rpc.method.getOrganizationSessionPolicy, async (context, { organizationId }) =>
      policy(await settings.get(context, named(organizationId))),
    ),
    changeRecord(
      Rpc.method.updateOrganizationSessionPolicy,
      (context, request, preconditions) => {
        // The message is the whole policy: the client wants a timeout with every custom one, and has no null to unset what was there.
        const body = checkPolicy({
          policy_source: policySource(request.policySource),
          absolute_session_timeout: request.absoluteSessionTimeout ?? null,
          absolute_session_timeout_unit: unitName(
            request.absoluteSessionTimeoutUnit,
            request.absoluteSessionTimeout,
            'absolute_session_timeout_unit',
          ),
          idle_session_timeout_enabled: request.idleSessionTimeoutEnabled ?? null,
          idle_session_timeout: request.idleSessionTimeout ?? null,
          idle_session_timeout_unit: unitName(request.idleSessionTimeoutUnit, request.idleSessionTimeout, 'idle_session_timeout_unit'),
        });
        return settings.updateSessionPolicy(context, named(request.organizationId), body, preconditions);
      },
      policy,
    ),
    read(Rpc.method.getApplicationSessionPolicy, async (context, { organizationId }) => {
      const application = await settings.getApplicationSessionPolicy(context, named(organizationId));
      return {
        applicationPolicy: {
          absoluteSessionTimeout: application.absolute_session_timeout,
          absoluteSessionTimeoutUnit: TimeUnit.MINUTES,
          idleSessionTimeoutEnabled: application.idle_session_timeout_enabled,
          idleSessionTimeout: application.idle_session_timeout,
          idleSessionTimeoutUnit: TimeUnit.MINUTES,
          accessTokenExpiry: application.access_token_expiry,
        },
      };
    }),
  ];
}

/** A policy with what is set in it: false and 0 are there, what is not set is not. */
function policyMessage({ settings: { session_policy: policy } }: Organization) {
  const { absolute_session_timeout: absolute, idle_session_timeout_enabled: enabled, idle_session_timeout: idle } = policy;
  return {
    policySource: policy.policy_source === 'CUSTOM' ? SessionPolicyType.CUSTOM : SessionPolicyType.APPLICATION,
    absoluteSessionTimeout: absolute,
    absoluteSessionTimeoutUnit: absolute === undefined ? undefined : TimeUnit.MINUTES,
    idleSessionTimeoutEnabled: enabled,
    idleSessionTimeout: idle,
    idleSessionTimeoutUnit: idle === undefined ? undefined : TimeUnit.MINUTES,
  };
}

function featureName(name: string, index: number): 'sso' | 'dir_sync' {
  if (name === 'sso' || name === 'dir_sync') return name;
  throw invalid(`features.${index}.name`, 'must be one of "sso", "dir_sync"', 'enum');
}

function policySource(type: SessionPolicyType): 'APPLICATION' | 'CUSTOM' {
  if (type === SessionPolicyType.APPLICATION) return 'APPLICATION';
  if (type === SessionPolicyType.CUSTOM) return 'CUSTOM';
  throw invalid('policy_source', 'must be APPLICATION or CUSTOM', 'enum');
}

const unitNames: ReadonlyMap<TimeUnit, SessionTimeUnit> = new Map([
  [TimeUnit.MINUTES, 'MINUTES'],
  [TimeUnit.HOURS, 'HOURS'],
  [TimeUnit.DAYS, 'DAYS'],
]);

/** The unit of a timeout. Without one the unit says nothing: clients send one beside a timeout they leave out. */
function unitName(unit: TimeUnit | undefined, timeout: number | undefined, field: string): SessionTimeUnit | undefined {
  if (unit === undefined || unit === TimeUnit.SESSION_TIME_UNIT_UNSPECIFIED) return undefined;
  const name = unitNames.get(unit);
  if (name === undefined) throw invalid(field, 'must be MINUTES, HOURS or DAYS', 'enum');
  return timeout === undefined ? undefined : name;
}
