export { invitationWanted, membershipNotFound, membershipTag, newMembership } from './membership.ts';
export { membershipRoutes } from './membership-routes.ts';
export {
  addMembership,
  deleteMembershipsOf,
  invitedMemberships,
  MembershipService,
  namingMissing,
  reassignRole,
} from './membership-service.ts';
export { findMembership, type MembershipRow, membershipsJson, toMembership } from './membership-store.ts';
export { userRoleRoutes } from './user-role-routes.ts';
