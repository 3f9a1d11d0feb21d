export { ensureEnvironment, listEnvironmentIds } from './environment-store.ts';
export type { RequestContext } from './request-context.ts';
