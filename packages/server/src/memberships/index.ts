export { membershipNotFound, newMembership } from './membership.ts';
export { membershipRoutes } from './membership-routes.ts';
export { addMembership, deleteMembershipsOf, MembershipService, namingMissing } from './membership-service.ts';
export { findMembership, type MembershipRow, membershipsJson, toMembership } from './membership-store.ts';
