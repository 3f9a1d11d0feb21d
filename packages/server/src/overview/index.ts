export { countEvents, purgeFigures } from './figure-store.ts';
export { overviewRoutes } from './overview-routes.ts';
export { OverviewService } from './overview-service.ts';
