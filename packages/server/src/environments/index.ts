export { type Environment, ensureEnvironment } from './environment-store.ts';
export type { Actor, IdempotentRequest, RequestContext } from './request-context.ts';
