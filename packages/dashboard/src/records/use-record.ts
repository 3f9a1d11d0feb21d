import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEnvironment } from '../session/environment.ts';
import type { DirectoryRecord, Kind } from './kind.ts';

/** One record, read again when it may have changed. */
export function useRecord<RecordType extends DirectoryRecord>(kind: Kind<RecordType>, id: string): UseQueryResult<RecordType> {
  const { id: environmentId, crosswalk } = useEnvironment();
  return useQuery({
    queryKey: [environmentId, kind.plural, 'record', id],
    queryFn: ({ signal }) => kind.get(crosswalk, id, { signal }),
  });
}

/** Tells all that is on screen that records of a kind have changed; gives the changed one to its page at once. */
export function useChanged<RecordType extends DirectoryRecord>(kind: Kind<RecordType>): (record?: RecordType) => Promise<void> {
  const { id: environmentId } = useEnvironment();
  const queries = useQueryClient();
  return async (record) => {
    if (record !== undefined) queries.setQueryData([environmentId, kind.plural, 'record', record.id], record);
    await queries.invalidateQueries({ queryKey: [environmentId, kind.plural] });
  };
}
