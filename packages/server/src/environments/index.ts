export { ensureEnvironment } from './environment-store.ts';
export type { RequestContext } from './request-context.ts';
