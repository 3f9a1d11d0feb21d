export { feedRoutes } from './feed-routes.ts';
export { FeedService } from './feed-service.ts';
export { historyRoutes } from './history-routes.ts';
