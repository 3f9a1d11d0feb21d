export { metadataIndexRoutes } from './metadata-index-routes.ts';
export { MetadataIndexService } from './metadata-index-service.ts';
export { MetadataIndexWorker } from './metadata-index-worker.ts';
