export { requireDefaultRole, requireIds, requireRoles } from './assigned-role-service.ts';
export {
  assignedRolesJson,
  findAssignedRoles,
  findEffectivePermissions,
  findRolesWithBases,
  findRoleWithPermission,
  permissionsOfRoles,
  roleChains,
  toAssignedRole,
} from './assigned-role-store.ts';
export { checkPermissionNames, newPermission, patchPermission, permissionNotFound } from './permission.ts';
export {
  deletePermissions,
  findGrantedPermissions,
  insertPermissions,
  lockPermissions,
  lockPermissionsById,
  type PermissionState,
  updatePermissions,
} from './permission-bulk-store.ts';
export { permissionRoutes } from './permission-routes.ts';
export { PermissionService } from './permission-service.ts';
export { findPermissionIds } from './permission-store.ts';
export {
  checkBase,
  environmentScope,
  patchFields as patchRole,
  type RoleFields,
  type RoleScope,
  replacementOf,
  roleEvent,
  roleNameTaken,
  tooManyRoles,
  unknownRole,
} from './role.ts';
export {
  deleteRoles,
  findKnownRoles,
  findRoleUses,
  findScopesWithRoles,
  insertRoles,
  type KnownRole,
  lockRoles,
  lockRolesOf,
  lockScopes,
  type RoleState,
  replacePermissionsOf,
  updateRoles,
} from './role-bulk-store.ts';
export { roleRoutes } from './role-routes.ts';
export { deleteRolesOf, RoleService } from './role-service.ts';
export { findDefaultRoles, findRolesById, setDefaultRoles, touchRoles } from './role-store.ts';
