export { environmentRoutes } from './environment-routes.ts';
export { EnvironmentService } from './environment-service.ts';
export { ensureEnvironment, listEnvironmentIds } from './environment-store.ts';
export type { Actor, IdempotentRequest, RequestContext } from './request-context.ts';
