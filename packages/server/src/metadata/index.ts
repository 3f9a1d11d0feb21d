export { compileFilter, compileRecordFilter, type SqlFilter } from './filter.ts';
export {
  changeOf,
  checkStored,
  keyReplacement,
  type MetadataChange,
  type MetadataUpdate,
  mergeMetadata,
  metadataPatch,
  metadataReplacement,
  newMetadata,
} from './metadata.ts';
export { checkTexts, metadataAsText, replaceByText } from './text-metadata.ts';
