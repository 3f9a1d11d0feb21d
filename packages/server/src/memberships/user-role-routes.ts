import {
  AssignUserRoles,
  AssignUserRolesAnswer,
  type ErrorCode,
  type Membership,
  PermissionCheck,
  RolePermissionList,
  UserRoleList,
} from '@crosswalk/contract';
import { preconditionsOf, sendRecord } from '../transport/etag.ts';
import { operation } from '../transport/operation.ts';
import { member, paramsOf, recordPaths } from '../transport/paths.ts';
import { changeContextOf, contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import { membershipTag } from './membership.ts';
import { referenceOf } from './membership-routes.ts';
import type { MembershipService } from './membership-service.ts';

const collection = '/api/v1/organizations/:organization_id/users';
const tag = 'Roles';
const notFound: ErrorCode[] = ['USER_NOT_FOUND', 'MEMBERSHIP_NOT_FOUND', 'INVALID_ID'];

/** REST of the roles that people have in organizations, and of what these allow. */
export function userRoleRoutes(app: Routes, memberships: MembershipService): void {
  const assigned = (membership: Membership) => ({ status: 200, body: { roles: membership.roles }, tag: membershipTag(membership) });

  for (const path of recordPaths(collection, 'usr')) {
    const { querystring } = path.parts;
    const [roles, permissions] = [path.partUrl('roles'), path.partUrl('permissions')];
    const [oneRole, onePermission] = [`${roles}/:role_name`, `${permissions}/:permission_name`];

    app.get(
      roles,
      operation(
        {
          id: `listUserRoles${path.suffix}`,
          tag,
          summary: `List the roles in an organization of the user named by ${path.by}`,
          description: 'Those that the membership has, in its order, and then those they extend.',
          scope: 'read',
          answers: { 200: UserRoleList },
          errors: notFound,
        },
        { params: paramsOf(roles), querystring },
      ),
      async (request) => ({ roles: await memberships.listRoles(contextOf(request), referenceOf(path, request)) }),
    );

    app.post(
      roles,
      operation(
        {
          id: `assignUserRoles${path.suffix}`,
          tag,
          summary: `Give more roles in an organization to the user named by ${path.by}`,
          description: 'Answers with all that the membership has. If-Match is about the membership.',
          scope: 'write',
          answers: { 200: AssignUserRolesAnswer },
          errors: [...notFound, 'ORGANIZATION_NOT_FOUND', 'UNKNOWN_ROLE', 'VERSION_MISMATCH', 'IDEMPOTENCY_KEY_REUSED'],
        },
        { params: paramsOf(roles), querystring, body: AssignUserRoles },
      ),
      async (request, reply) => {
        const membership = await memberships.assignRoles(
          changeContextOf(request, assigned),
          referenceOf(path, request),
          request.body,
          preconditionsOf(request),
        );
        return sendRecord(request, reply, membershipTag(membership), assigned(membership).body);
      },
    );

    app.delete(
      oneRole,
      operation(
        {
          id: `removeUserRole${path.suffix}`,
          tag,
          summary: `Take a role in an organization from the user named by ${path.by}`,
          description: 'If-Match is about the membership.',
          scope: 'write',
          answers: { 204: null },
          errors: [...notFound, 'ROLE_NOT_FOUND', 'VERSION_MISMATCH'],
        },
        { params: paramsOf(oneRole), querystring },
      ),
      async (request, reply) => {
        const name = member(request.params, 'role_name');
        await memberships.removeRole(contextOf(request), referenceOf(path, request), name, preconditionsOf(request));
        return reply.code(204).send();
      },
    );

    app.get(
      permissions,
      operation(
        {
          id: `listUserPermissions${path.suffix}`,
          tag,
          summary: `List what the roles in an organization allow of the user named by ${path.by}`,
          description: 'Inherited permissions included, whatever the status of the membership.',
          scope: 'read',
          answers: { 200: RolePermissionList },
          errors: notFound,
        },
        { params: paramsOf(permissions), querystring },
      ),
      async (request) => ({ permissions: await memberships.listPermissions(contextOf(request), referenceOf(path, request)) }),
    );

    app.get(
      onePermission,
      operation(
        {
          id: `checkUserPermission${path.suffix}`,
          tag,
          summary: `Check whether the user named by ${path.by} has a permission in an organization now`,
          description: 'Only an active membership allows anything.',
          scope: 'read',
          answers: { 200: PermissionCheck },
          errors: [...notFound, 'PERMISSION_NOT_FOUND'],
        },
        { params: paramsOf(onePermission), querystring },
      ),
      async (request) =>
        memberships.checkPermission(contextOf(request), referenceOf(path, request), member(request.params, 'permission_name')),
    );
  }
}
