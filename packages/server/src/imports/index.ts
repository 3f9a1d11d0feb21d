export { clearBrokenUploads } from './broken-uploads.ts';
export { findImportFailures, type ImportFailure } from './failure-store.ts';
export { importRoutes } from './import-routes.ts';
export { ImportService } from './import-service.ts';
export { purgeImports, readImportBacklog } from './import-store.ts';
export { ImportWorker } from './import-worker.ts';
