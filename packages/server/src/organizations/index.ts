export { masked, newOrganization, patchFields as patchOrganization, slugTaken } from './organization.ts';
export {
  deleteOrganizations,
  findDefaultsOf,
  findSlugHolders,
  findWithCredentials,
  insertOrganizations,
  lockOrganizations,
  type OrganizationState,
  setDefaultMemberRoles,
  updateOrganizations,
} from './organization-bulk-store.ts';
export { organizationRoutes } from './organization-routes.ts';
export { OrganizationService, organizationsWanted } from './organization-service.ts';
export { patchSettings, type SettingsColumns, settingsOf, unsetSettings } from './organization-settings.ts';
export { organizationSettingsRoutes } from './organization-settings-routes.ts';
export { OrganizationSettingsService } from './organization-settings-service.ts';
export { findOrganizations, moveOrganizations, setDefaultMemberRole } from './organization-store.ts';
