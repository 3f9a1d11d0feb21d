export { feedRoutes } from './feed-routes.ts';
export { FeedService } from './feed-service.ts';
export { type HistoricalRecords, historyRoutes } from './history-routes.ts';
