export { compileFilter, type SqlFilter } from './filter.ts';
export {
  changeOf,
  checkStored,
  type MetadataChange,
  type MetadataUpdate,
  metadataPatch,
  metadataReplacement,
  newMetadata,
} from './metadata.ts';
export { checkTexts, metadataAsText, replaceByText } from './text-metadata.ts';
