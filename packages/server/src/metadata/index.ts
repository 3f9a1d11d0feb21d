export { compileFilter, type SqlFilter } from './filter.ts';
export { checkStored, type MetadataChange, metadataPatch, metadataReplacement, newMetadata } from './metadata.ts';
