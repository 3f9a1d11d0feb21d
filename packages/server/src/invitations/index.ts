export { insertInvitation } from './invitation-store.ts';
