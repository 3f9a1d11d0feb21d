export { organizationRoutes } from './organization-routes.ts';
export { OrganizationService } from './organization-service.ts';
export { findOrganizations, moveOrganizations, setDefaultMemberRole } from './organization-store.ts';
