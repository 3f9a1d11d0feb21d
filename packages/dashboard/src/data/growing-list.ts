import { type QueryKey, useInfiniteQuery } from '@tanstack/react-query';
import type { KeysetPage } from './keyset-rows.ts';

/** Rows of one request. */
const pageSize = 50;

/** A list that is read from its beginning, a page more at a time: for lists that people read, and do not scroll through by the thousand. */
export interface GrowingList<Row> {
  rows: Row[];
  /** undefined until known */
  total: { value: number; isFloor: boolean } | undefined;
  error: Error | null;
  retry: () => void;
  /** reads the next page; undefined when there is none */
  more: (() => void) | undefined;
  /** the next page is on its way */
  busy: boolean;
}

/** Reads a list in pages of 50. `key` names what is read. */
export function useGrowingList<Row>(
  key: QueryKey,
  fetchPage: (wanted: { pageSize: number; pageToken?: string }, signal: AbortSignal) => Promise<KeysetPage<Row>>,
): GrowingList<Row> {
  const list = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ signal, pageParam }) => fetchPage({ pageSize, ...(pageParam === '' ? {} : { pageToken: pageParam }) }, signal),
    initialPageParam: '',
    getNextPageParam: ({ nextToken }) => (nextToken === '' ? undefined : nextToken),
  });
  const first = list.data?.pages[0];
  return {
    rows: list.data?.pages.flatMap(({ rows }) => rows) ?? [],
    total: first === undefined ? undefined : { value: first.total, isFloor: first.totalIsFloor },
    error: list.error,
    retry: () => void list.refetch(),
    more: list.hasNextPage ? () => void list.fetchNextPage() : undefined,
    busy: list.isFetchingNextPage,
  };
}
