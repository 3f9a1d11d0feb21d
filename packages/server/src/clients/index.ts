export { type AccessToken, AccessTokens, notForThisApi, type TokenVerifier } from './access-token.ts';
export { clientRoutes } from './client-routes.ts';
export { ClientService } from './client-service.ts';
export { CredentialService } from './credential-service.ts';
export { deleteClientsOf } from './organization-client-change.ts';
export { organizationClientRoutes } from './organization-client-routes.ts';
export { OrganizationClientService } from './organization-client-service.ts';
export { tokenRoutes } from './token-routes.ts';
