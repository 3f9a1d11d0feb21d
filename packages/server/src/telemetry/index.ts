export { backlogReader } from './backlog.ts';
export { Metrics } from './metrics.ts';
export { metricsRoutes } from './metrics-routes.ts';
export { Telemetry, unmatched, type WatchedRequest } from './telemetry.ts';
