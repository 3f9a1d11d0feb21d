export { requireDefaultRole, requireRoles } from './assigned-role-service.ts';
export {
  assignedRolesJson,
  findEffectivePermissions,
  findRolesWithBases,
  findRoleWithPermission,
  toAssignedRole,
} from './assigned-role-store.ts';
export { permissionNotFound } from './permission.ts';
export { permissionRoutes } from './permission-routes.ts';
export { PermissionService } from './permission-service.ts';
export type { RoleScope } from './role.ts';
export { roleRoutes } from './role-routes.ts';
export { deleteRolesOf, RoleService } from './role-service.ts';
