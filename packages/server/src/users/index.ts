export { emailTaken, newUser, patchFields as patchUser, userTag } from './user.ts';
export { deleteUsers, findEmailHolders, insertUsers, lockUsers, type UserState, updateUsers } from './user-bulk-store.ts';
export { userRoutes } from './user-routes.ts';
export { removeUser, UserService, usersWanted } from './user-service.ts';
export { findUsers, type LockedUser, lockUser, moveUsers } from './user-store.ts';
