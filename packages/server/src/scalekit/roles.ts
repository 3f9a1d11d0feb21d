import {
  AddRolePermissions,
  CreatePermission,
  CreateRole,
  DeleteRoleQuery,
  type Permission,
  type PermissionType as PermissionTypeName,
  type Role,
  type RoleInclude,
  type RolePermission,
  UpdateDefaultRoles,
  UpdateOrganizationDefaultRoles,
  UpdatePermission,
  UpdateRole,
} from '@crosswalk/contract';
import { PermissionType, RolesService as Rpc } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/roles/roles_pb.js';
import { invalid } from '../lib/api-error.ts';
import { requireId } from '../lib/id.ts';
import { type PermissionService, type RoleScope, type RoleService, replacementOf } from '../roles/index.ts';
import { emptyClears, required, sent, timestamp } from './fields.ts';
import { change, changeRecord, type Method, read } from './grpc/method.ts';
import type { Pages } from './pages.ts';
import { parser } from './parse.ts';

const checkCreate = parser(CreateRole);
const checkUpdate = parser(UpdateRole);
const checkDelete = parser(DeleteRoleQuery);
const checkDefaults = parser(UpdateDefaultRoles);
const checkOrganizationDefault = parser(UpdateOrganizationDefaultRoles);
const checkAdd = parser(AddRolePermissions);
const checkCreatePermission = parser(CreatePermission);
const checkUpdatePermission = parser(UpdatePermission);

const environment: RoleScope = { organizationId: null };

/** scalekit.v1.roles.RolesService */
export function roleMethods({ roles, permissions }: { roles: RoleService; permissions: PermissionService }, pages: Pages): Method[] {
  return [
    ...environmentRoleMethods(roles),
    ...organizationRoleMethods(roles),
    ...rolePermissionMethods(roles),
    ...permissionMethods(permissions, pages),
  ];
}

const answer = (role: Role) => ({ role: roleMessage(role) });
const done = () => ({});

function environmentRoleMethods(roles: RoleService): Method[] {
  return [
    change(Rpc.method.createRole, (context, { role }) => roles.create(context, environment, newRole(required(role, 'role'))), answer),
    changeRecord(
      Rpc.method.updateRole,
      (context, { roleName, role }, preconditions) =>
        roles.update(context, environment, roleName, rolePatch(required(role, 'role')), preconditions),
      answer,
    ),
    read(Rpc.method.getRole, async (context, { roleName, include }) =>
      answer(await roles.get(context, environment, roleName, included(include))),
    ),
    read(Rpc.method.listRoles, async (context, { include }) => ({
      roles: (await roles.list(context, environment, included(include))).map(roleMessage),
    })),
    changeRecord(
      Rpc.method.deleteRole,
      (context, { roleName, reassignRoleName, reassignRoleId }, preconditions) =>
        roles.delete(context, environment, roleName, replacement(reassignRoleName, reassignRoleId), preconditions),
      done,
    ),
    read(Rpc.method.getRoleUsersCount, async (context, { roleName }) => ({
      count: BigInt(await roles.countUsers(context, environment, roleName)),
    })),
    read(Rpc.method.listDependentRoles, async (context, { roleName }) => ({
      roles: (await roles.listDependents(context, environment, roleName)).map(roleMessage),
    })),
    changeRecord(
      Rpc.method.deleteRoleBase,
      (context, { roleName }, preconditions) => roles.removeBase(context, environment, roleName, preconditions),
      done,
    ),
    change(
      Rpc.method.updateDefaultRoles,
      (context, { defaultCreatorRole, defaultMemberRole, defaultCreator, defaultMember }) => {
        const body = checkDefaults({
          default_creator_role: defaultCreatorRole || undefined,
          default_member_role: defaultMemberRole || undefined,
          default_creator: defaultRole(defaultCreator),
          default_member: defaultRole(defaultMember),
        });
        return roles.setDefaults(context, body);
      },
      ({ default_creator: creator, default_member: member }) => ({
        defaultCreator: roleMessage(creator),
        defaultMember: roleMessage(member),
      }),
    ),
  ];
}

function organizationRoleMethods(roles: RoleService): Method[] {
  const scope = ({ orgId }: { orgId: string }): RoleScope => ({ organizationId: requireId('org', orgId, 'org_id') });
  return [
    change(
      Rpc.method.createOrganizationRole,
      (context, request) => roles.create(context, scope(request), newRole(required(request.role, 'role'))),
      answer,
    ),
    changeRecord(
      Rpc.method.updateOrganizationRole,
      (context, request, preconditions) =>
        roles.update(context, scope(request), request.roleName, rolePatch(required(request.role, 'role')), preconditions),
      answer,
    ),
    read(Rpc.method.getOrganizationRole, async (context, request) =>
      answer(await roles.get(context, scope(request), request.roleName, included(request.include))),
    ),
    read(Rpc.method.listOrganizationRoles, async (context, request) => ({
      roles: (await roles.list(context, scope(request), included(request.include))).map(roleMessage),
    })),
    changeRecord(
      Rpc.method.deleteOrganizationRole,
      (context, request, preconditions) =>
        roles.delete(context, scope(request), request.roleName, replacement(request.reassignRoleName), preconditions),
      done,
    ),
    read(Rpc.method.getOrganizationRoleUsersCount, async (context, request) => ({
      count: BigInt(await roles.countUsers(context, scope(request), request.roleName)),
    })),
    changeRecord(
      Rpc.method.deleteOrganizationRoleBase,
      (context, request, preconditions) => roles.removeBase(context, scope(request), request.roleName, preconditions),
      done,
    ),
    change(
      Rpc.method.updateDefaultOrganizationRoles,
      (context, { orgId, defaultMemberRole }) => {
        const { default_member_role: name } = checkOrganizationDefault({ default_member_role: defaultMemberRole });
        return roles.setOrganizationDefault(context, requireId('org', orgId, 'org_id'), name);
      },
      ({ default_member: member }) => ({ defaultMember: roleMessage(member) }),
    ),
  ];
}

function rolePermissionMethods(roles: RoleService): Method[] {
  return [
    read(Rpc.method.listRolePermissions, async (context, { roleName }) => ({
      permissions: (await roles.listPermissions(context, environment, roleName, 'permissions')).map(permissionMessage),
    })),
    read(Rpc.method.listEffectiveRolePermissions, async (context, { roleName }) => ({
      permissions: (await roles.listPermissions(context, environment, roleName, 'permissions:all')).map(permissionMessage),
    })),
    changeRecord(
      Rpc.method.addPermissionsToRole,
      (context, { roleName, permissionNames }, preconditions) =>
        roles.addPermissions(context, environment, roleName, checkAdd({ permission_names: permissionNames }), preconditions),
      ({ permissions = [] }) => ({ permissions: permissions.map(permissionMessage) }),
    ),
    changeRecord(
      Rpc.method.removePermissionFromRole,
      (context, { roleName, permissionName }, preconditions) =>
        roles.removePermission(context, environment, roleName, permissionName, preconditions),
      done,
    ),
  ];
}

function permissionMethods(permissions: PermissionService, pages: Pages): Method[] {
  const permissionAnswer = (permission: Permission) => ({ permission: permissionMessage(permission) });
  return [
    change(
      Rpc.method.createPermission,
      (context, { permission }) => {
        const { name, description } = required(permission, 'permission');
        return permissions.create(context, checkCreatePermission({ name, description }));
      },
      permissionAnswer,
    ),
    read(Rpc.method.getPermission, async (context, { permissionName }) => permissionAnswer(await permissions.get(context, permissionName))),
    read(Rpc.method.listPermissions, async (context, request) => {
      const { pageSize = 0, pageToken = '' } = request;
      const page = await permissions.list(context, typeName(request.type), pages.request(context, 'permissions', { pageSize, pageToken }));
      return { permissions: page.items.map(permissionMessage), ...pages.answer(context, 'permissions', page) };
    }),
    changeRecord(
      Rpc.method.updatePermission,
      (context, { permissionName, permission }, preconditions) => {
        const { name, description } = required(permission, 'permission');
        return permissions.update(context, permissionName, checkUpdatePermission({ name: sent(name), description }), preconditions);
      },
      permissionAnswer,
    ),
    changeRecord(
      Rpc.method.deletePermission,
      (context, { permissionName }, preconditions) => permissions.delete(context, permissionName, preconditions),
      done,
    ),
  ];
}

/** The name of a type of permission. */
function typeName(code: PermissionType): PermissionTypeName {
  if (code === PermissionType.ALL) return 'ALL';
  if (code === PermissionType.SCALEKIT) return 'SCALEKIT';
  if (code === PermissionType.ENVIRONMENT) return 'ENVIRONMENT';
  throw invalid('type', 'must be ALL, SCALEKIT or ENVIRONMENT', 'enum');
}

interface RoleMessage {
  displayName?: string | undefined;
  description?: string | undefined;
  extends?: string | undefined;
  permissions: string[];
}

function newRole({ name, displayName, description, extends: base, permissions }: RoleMessage & { name: string }) {
  return checkCreate({ name, display_name: displayName, description, extends: emptyClears(base), permissions });
}

/** An empty list of permissions is one that was not sent. */
function rolePatch({ displayName, description, extends: base, permissions }: RoleMessage) {
  return checkUpdate({ display_name: displayName, description, extends: emptyClears(base), permissions: sent(permissions) });
}

function included(include: string | undefined): RoleInclude {
  if (include === undefined || include === '') return '';
  if (include === 'permissions' || include === 'permissions:all') return include;
  throw invalid('include', 'must be permissions or permissions:all', 'enum');
}

/** The name of the role that takes the place of one that is deleted, as far as one does. */
function replacement(name: string | undefined, older?: string): string | undefined {
  return replacementOf(checkDelete({ reassign_role_name: name, reassign_role_id: older }));
}

/** A default role as its older field names it: what is empty there was not sent. */
function defaultRole(message: { id: string; name?: string | undefined } | undefined) {
  if (message === undefined) return undefined;
  return { ...(message.id === '' ? {} : { id: message.id }), ...(message.name ? { name: message.name } : {}) };
}

function roleMessage(role: Role) {
  return {
    id: role.id,
    name: role.name,
    displayName: role.display_name,
    description: role.description,
    extends: role.extends ?? undefined,
    defaultCreator: role.default_creator,
    defaultMember: role.default_member,
    isOrgRole: role.is_org_role,
    dependentRolesCount: role.dependent_roles_count,
    permissions: (role.permissions ?? []).map((permission) => ({ ...permissionMessage(permission), roleName: permission.role_name })),
  };
}

function permissionMessage({ id, name, description, create_time, update_time }: Permission | RolePermission) {
  return { id, name, description, createTime: timestamp(create_time), updateTime: timestamp(update_time) };
}
