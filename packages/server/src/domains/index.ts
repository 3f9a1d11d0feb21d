export { domainRoutes } from './domain-routes.ts';
export { DomainService, deleteDomainsOf } from './domain-service.ts';
export { openTxtRecords } from './txt-records.ts';
