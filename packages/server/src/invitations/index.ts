export { invitationDays, invitationEvent, invitationOf } from './invitation.ts';
export { invitationRoutes } from './invitation-routes.ts';
export { InvitationService, type InvitedMemberships } from './invitation-service.ts';
export { insertInvitation } from './invitation-store.ts';
