export { acceptRoutes } from './accept-routes.ts';
export { invitationEvent, invitationOf } from './invitation.ts';
export { invitationRoutes } from './invitation-routes.ts';
export { InvitationService, type InvitedMemberships } from './invitation-service.ts';
export { invitationSettingsRoutes } from './invitation-settings-routes.ts';
export { InvitationSettingsService } from './invitation-settings-service.ts';
export { insertInvitation, insertInvitations } from './invitation-store.ts';
export { InvitationWriter } from './invitation-writer.ts';
