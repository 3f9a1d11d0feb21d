import type { SearchAnswer } from '@crosswalk/sdk';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, type UseQueryResult, useQuery } from '@tanstack/react-query';
import { useEnvironment } from '../session/environment.ts';

/** How long a pause in typing is. Milliseconds. */
const pause = 120;

/**
 * What a text finds, once typing pauses; until the next answer comes, what was found before, and `isCurrent` is false. Nothing is asked for
 * white space.
 */
export function useSearch(typed: string, limit: number): { text: string; found: UseQueryResult<SearchAnswer>; isCurrent: boolean } {
  const { id: environmentId, crosswalk } = useEnvironment();
  const [text] = useDebouncedValue(typed.trim(), pause);
  const found = useQuery({
    queryKey: [environmentId, 'search', text, limit],
    queryFn: ({ signal }) => crosswalk.search(text, { limit }, { signal }),
    enabled: text !== '',
    placeholderData: keepPreviousData,
  });
  return { text, found, isCurrent: text === typed.trim() && found.data !== undefined && !found.isPlaceholderData };
}
