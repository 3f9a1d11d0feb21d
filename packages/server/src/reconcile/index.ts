export { reconcileRoutes } from './reconcile-routes.ts';
export { ReconcileService } from './reconcile-service.ts';
