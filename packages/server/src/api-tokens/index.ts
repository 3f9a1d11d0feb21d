export { endTokensOf } from './api-token-change.ts';
export { apiTokenRoutes } from './api-token-routes.ts';
export { ApiTokenService } from './api-token-service.ts';
export { purgeTokens } from './api-token-store.ts';
