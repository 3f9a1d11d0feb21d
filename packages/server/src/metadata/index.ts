export { compileFilter, compileRecordFilter, type SqlFilter } from './filter.ts';
export { formatKey, parseKey } from './filter-grammar.ts';
export { type IndexedKey, indexedValue } from './indexed-key-store.ts';
export {
  changeOf,
  checkStored,
  forbiddenKeys,
  keyReplacement,
  type MetadataChange,
  type MetadataUpdate,
  mergeMetadata,
  metadataPatch,
  metadataReplacement,
  newMetadata,
  refuseForbiddenKey,
} from './metadata.ts';
export { checkTexts, metadataAsText, replaceByText } from './text-metadata.ts';
