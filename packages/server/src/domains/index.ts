export { domainTaken, type NewDomain, newDomain } from './domain.ts';
export { type DomainState, deleteDomains, findDomainHolders, insertDomains, lockDomainsOf } from './domain-bulk-store.ts';
export { domainRoutes } from './domain-routes.ts';
export { type DomainReference, DomainService, deleteDomainsOf } from './domain-service.ts';
export { openTxtRecords } from './txt-records.ts';
