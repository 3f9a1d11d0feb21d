import {
  ApplicationSessionPolicyAnswer,
  type ErrorCode,
  type Organization,
  OrganizationAnswer,
  SessionPolicyAnswer,
  UpdateOrganizationSettings,
  UpdateSessionPolicy,
  UpsertUserManagementSettings,
  UserManagementSettingsAnswer,
} from '@crosswalk/contract';
import { recordTag } from '../lib/version-tag.ts';
import { preconditionsOf, sendRecord } from '../transport/etag.ts';
import { operation } from '../transport/operation.ts';
import { recordPaths } from '../transport/paths.ts';
import { changeContextOf, contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { OrganizationSettingsService } from './organization-settings-service.ts';

const tag = 'Organization settings';
const readErrors: ErrorCode[] = ['ORGANIZATION_NOT_FOUND', 'INVALID_ID'];
const changeErrors: ErrorCode[] = [...readErrors, 'VERSION_MISMATCH', 'IDEMPOTENCY_KEY_REUSED'];

/** REST of the settings of organizations. Their ETag is that of the organization, whose version they raise. */
export function organizationSettingsRoutes(app: Routes, settings: OrganizationSettingsService): void {
  const users = (organization: Organization) => ({ settings: organization.settings.user_management });
  const policy = (organization: Organization) => ({ policy: organization.settings.session_policy });

  for (const path of recordPaths('/api/v1/organizations', 'org')) {
    app.patch(
      path.partUrl('settings'),
      operation(
        {
          id: `updateOrganizationSettings${path.suffix}`,
          tag,
          summary: `Switch features of an organization on and off, named by ${path.by}`,
          scope: 'write',
          answers: { 200: OrganizationAnswer },
          errors: changeErrors,
        },
        { ...path.parts, body: UpdateOrganizationSettings },
      ),
      async (request, reply) => {
        const changed = (organization: Organization) => ({ status: 200, body: { organization }, tag: recordTag(organization) });
        const organization = await settings.updateFeatures(
          changeContextOf(request, changed),
          path.reference(request),
          request.body,
          preconditionsOf(request),
        );
        return sendRecord(request, reply, recordTag(organization), { organization });
      },
    );

    app.get(
      path.partUrl('settings/usermanagement'),
      operation(
        {
          id: `getUserManagementSettings${path.suffix}`,
          tag,
          summary: `Get how many users an organization may have, named by ${path.by}`,
          scope: 'read',
          answers: { 200: UserManagementSettingsAnswer },
          errors: readErrors,
        },
        path.parts,
      ),
      async (request, reply) => {
        const organization = await settings.get(contextOf(request), path.reference(request));
        return sendRecord(request, reply, recordTag(organization), users(organization));
      },
    );

    app.patch(
      path.partUrl('settings/usermanagement'),
      operation(
        {
          id: `upsertUserManagementSettings${path.suffix}`,
          tag,
          summary: `Set how many users an organization may have, named by ${path.by}`,
          description:
            'Active and invited users count; inactive ones and expired invitations do not. ' +
            'The limit holds for every membership that begins or becomes active again, however many do at once.',
          scope: 'write',
          answers: { 200: UserManagementSettingsAnswer },
          errors: changeErrors,
        },
        { ...path.parts, body: UpsertUserManagementSettings },
      ),
      async (request, reply) => {
        const changed = (organization: Organization) => ({ status: 200, body: users(organization), tag: recordTag(organization) });
        const organization = await settings.upsertUserManagement(
          changeContextOf(request, changed),
          path.reference(request),
          request.body,
          preconditionsOf(request),
        );
        return sendRecord(request, reply, recordTag(organization), users(organization));
      },
    );

    app.get(
      path.partUrl('session-policy'),
      operation(
        {
          id: `getSessionPolicy${path.suffix}`,
          tag,
          summary: `Get the session policy of an organization, named by ${path.by}`,
          scope: 'read',
          answers: { 200: SessionPolicyAnswer },
          errors: readErrors,
        },
        path.parts,
      ),
      async (request, reply) => {
        const organization = await settings.get(contextOf(request), path.reference(request));
        return sendRecord(request, reply, recordTag(organization), policy(organization));
      },
    );

    app.patch(
      path.partUrl('session-policy'),
      operation(
        {
          id: `updateSessionPolicy${path.suffix}`,
          tag,
          summary: `Set when sessions of an organization's users end, named by ${path.by}`,
          scope: 'write',
          answers: { 200: SessionPolicyAnswer },
          errors: changeErrors,
        },
        { ...path.parts, body: UpdateSessionPolicy },
      ),
      async (request, reply) => {
        const changed = (organization: Organization) => ({ status: 200, body: policy(organization), tag: recordTag(organization) });
        const organization = await settings.updateSessionPolicy(
          changeContextOf(request, changed),
          path.reference(request),
          request.body,
          preconditionsOf(request),
        );
        return sendRecord(request, reply, recordTag(organization), policy(organization));
      },
    );

    app.get(
      path.partUrl('application-session-policy'),
      operation(
        {
          id: `getApplicationSessionPolicy${path.suffix}`,
          tag,
          summary: `Get the session policy that holds without one of its own, for an organization named by ${path.by}`,
          scope: 'read',
          answers: { 200: ApplicationSessionPolicyAnswer },
          errors: readErrors,
        },
        path.parts,
      ),
      async (request) => ({
        application_policy: await settings.getApplicationSessionPolicy(contextOf(request), path.reference(request)),
      }),
    );
  }
}
