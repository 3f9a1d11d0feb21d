export { exportRoutes } from './export-routes.ts';
export { ExportService } from './export-service.ts';
