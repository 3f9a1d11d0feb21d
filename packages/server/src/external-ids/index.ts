export {
  type ExternalKey,
  externalIdColumns,
  externalKey,
  type Found,
  lostUpsert,
  parseExternalId,
  patchSystemIds,
  type RecordReference,
  systemIdsOf,
  withKey,
} from './external-id.ts';
export { externalIdRoutes } from './external-id-routes.ts';
export { externalIdJoin, moveExternalIds, purgeAliases, releaseExternalIds } from './external-id-store.ts';
export { notFound, resolveReference } from './reference.ts';
export { type Move, RekeyService } from './rekey-service.ts';
export { ResolveService } from './resolve-service.ts';
