export { organizationRoutes } from './organization-routes.ts';
export { OrganizationService } from './organization-service.ts';
export { organizationSettingsRoutes } from './organization-settings-routes.ts';
export { OrganizationSettingsService } from './organization-settings-service.ts';
export { findOrganizations, moveOrganizations, setDefaultMemberRole } from './organization-store.ts';
