import { useQuery } from '@tanstack/react-query';
import { useEnvironment } from '../session/environment.ts';
import type { DirectoryRecord, Kind } from './kind.ts';

/** An ID that a record used to have and that still leads to it. */
export interface Alias {
  system: string | null;
  value: string;
  expireTime: string | undefined;
}

/** Changes of one record that are looked through for IDs it had: more than happen in the life of an alias, mostly. */
const looked = 100;

/** The aliases of a record: the IDs that its history tells, as far as they lead to it still. */
export function useAliases<RecordType extends DirectoryRecord>(kind: Kind<RecordType>, record: RecordType): Alias[] {
  const { id: environmentId, crosswalk } = useEnvironment();
  const { data } = useQuery({
    queryKey: [environmentId, kind.plural, 'aliases', record.id, record.version],
    queryFn: async ({ signal }) => {
      const history = kind.noun === 'organization' ? crosswalk.organization.history : crosswalk.user.history;
      const { events } = await history.list(record.id, { pageSize: looked }, { signal });
      const former = new Map<string, string>();
      for (const { changed } of events) {
        for (const [path, [before]] of Object.entries(changed)) {
          if (typeof before === 'string' && /^external_id(?:$|s\.)/.test(path)) former.set(`${path} ${before}`, before);
        }
      }
      if (former.size === 0) return [];
      const results = await crosswalk.resolve(
        [...new Set(former.values())].map((value) => ({ value, kind: kind.noun })),
        { signal },
      );
      return results.flatMap(({ value, matches }) =>
        matches
          .filter(({ id, matched_by: how }) => id === record.id && how === 'alias')
          .map(({ system, alias_expires_at: expireTime }): Alias => ({ system, value, expireTime })),
      );
    },
  });
  return data ?? [];
}
