export { userRoutes } from './user-routes.ts';
export { UserService } from './user-service.ts';
export { findUsers, moveUsers } from './user-store.ts';
