export { invitationWanted, type MembershipFields, membershipTag, newMembership } from './membership.ts';
export {
  findMembersWithTokens,
  findWithMemberships,
  holdOrganizations,
  holdUsers,
  insertMemberships,
  lockMemberships,
  lockMembershipsById,
  type MemberOrganization,
  type MembershipState,
  restoreMemberships,
  updateMemberships,
} from './membership-bulk-store.ts';
export { addMembership, deleteMembershipsOf, invitedMemberships, reassignRole } from './membership-change.ts';
export { membershipRoutes } from './membership-routes.ts';
export { MembershipService, membershipsWanted, namingMissing } from './membership-service.ts';
export {
  deleteMemberships,
  findMembership,
  type LockedMembership,
  type MembershipRow,
  membershipsJson,
  toMembership,
} from './membership-store.ts';
export { takesPlace, userLimitReached } from './user-limit.ts';
export { countPlacesOf } from './user-limit-store.ts';
export { userRoleRoutes } from './user-role-routes.ts';
