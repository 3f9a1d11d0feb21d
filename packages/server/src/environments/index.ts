export { environmentRoutes } from './environment-routes.ts';
export { EnvironmentService } from './environment-service.ts';
export { listEnvironmentIds } from './environment-store.ts';
export { type Actor, type IdempotentRequest, type RequestContext, systemContext } from './request-context.ts';
