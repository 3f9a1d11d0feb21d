export {
  type ExternalKey,
  externalIdColumns,
  externalIdTaken,
  externalKey,
  type Found,
  fieldOf,
  parseExternalId,
  patchSystemIds,
  primarySystem,
  type RecordReference,
  type SystemIds,
  systemIdsOf,
  withKey,
} from './external-id.ts';
export {
  type Alias,
  findHolders,
  type Holder,
  moveExternalIds,
  releaseManyExternalIds,
  returnAliases,
} from './external-id-bulk-store.ts';
export { externalIdRoutes } from './external-id-routes.ts';
export { externalIdJoin, purgeAliases, releaseExternalIds, resolves } from './external-id-store.ts';
export { type AnswerForm, foundById, keptByExternalId, keptById } from './kept.ts';
export {
  membershipNotFound,
  notFound,
  requireOrganization,
  resolveReference,
  resolveReferences,
} from './reference.ts';
export { type Move, RekeyService } from './rekey-service.ts';
export { ResolveService } from './resolve-service.ts';
export { upsertBy } from './upsert.ts';
