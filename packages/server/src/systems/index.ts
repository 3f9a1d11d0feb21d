export { systemRoutes } from './system-routes.ts';
export { SystemService } from './system-service.ts';
export { listSystems } from './system-store.ts';
