import { ApiError } from '../lib/api-error.ts';
import { formatId } from '../lib/id.ts';

/** The 404 of an index of metadata. `id` is a database ID. */
export function metadataIndexNotFound(id: string): ApiError {
  const index = formatId('midx', id);
  return new ApiError('METADATA_INDEX_NOT_FOUND', `there is no index of metadata ${index} in this environment`, {
    resource: { id: index, kind: 'metadata_index' },
  });
}
