export { findChanges } from './change-store.ts';
export { feedRoutes } from './feed-routes.ts';
export { disorder, FeedService, type Outlet } from './feed-service.ts';
export { type EventRow, eventColumns, findPlaceOf, type PlacedEvent, readFeedBacklog, toEvent } from './feed-store.ts';
export { historyRoutes } from './history-routes.ts';
