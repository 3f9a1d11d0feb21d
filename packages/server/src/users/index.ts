export { userRoutes } from './user-routes.ts';
export { removeUser, UserService } from './user-service.ts';
export { findUsers, lockUser, moveUsers } from './user-store.ts';
