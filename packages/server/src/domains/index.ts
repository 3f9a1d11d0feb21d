export { domainRoutes } from './domain-routes.ts';
export { type DomainReference, DomainService, deleteDomainsOf } from './domain-service.ts';
export { openTxtRecords } from './txt-records.ts';
