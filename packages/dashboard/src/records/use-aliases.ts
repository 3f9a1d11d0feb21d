import type { Alias } from '@crosswalk/sdk';
import { useQuery } from '@tanstack/react-query';
import { useEnvironment } from '../session/environment.ts';
import type { DirectoryRecord, Kind } from './kind.ts';

/** The IDs that a record used to have and that lead to it still. */
export function useAliases<RecordType extends DirectoryRecord>(kind: Kind<RecordType>, { id, version }: RecordType): Alias[] {
  const { id: environmentId, crosswalk } = useEnvironment();
  const { data = [] } = useQuery({
    queryKey: [environmentId, kind.plural, 'aliases', id, version],
    queryFn: ({ signal }) => kind.aliases(crosswalk, id, { signal }),
  });
  return data;
}
