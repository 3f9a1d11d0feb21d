export { aliasRoutes } from './alias-routes.ts';
export { AliasService } from './alias-service.ts';
