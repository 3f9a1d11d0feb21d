export { compileFilter, type SqlFilter } from './filter.ts';
export { checkStored, type MetadataChange, mergeMetadata, metadataPatch, metadataReplacement, newMetadata } from './metadata.ts';
