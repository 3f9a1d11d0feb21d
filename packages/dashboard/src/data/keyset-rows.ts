import { type QueryKey, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';

/** Rows of one request: the most that the server gives. */
const pageRows = 100;
/** A page that is out of sight is forgotten after this, and read again when it comes back: memory does not grow with the way scrolled. Milliseconds. */
const pageLife = 60_000;
/** The way back into a list is kept for this long. Milliseconds. */
const chainLife = 30 * 60_000;
/** Rows that one list shows: beyond, the page is taller than browsers can draw. A filter finds what lies there. */
const mostRows = 500_000;

/** One page as the server answers it. */
export interface KeysetPage<Row> {
  rows: Row[];
  /** empty after the last page */
  nextToken: string;
  /** exact, or that many at least */
  total: number;
  totalIsFloor: boolean;
}

/** A list of any length, of which only what is on screen is held. */
export interface KeysetRows<Row> {
  /** rows to make room for; grows while one scrolls when there are more than the server counts */
  count: number;
  /** how many there are, as the server counts; undefined until known */
  total: { value: number; isFloor: boolean } | undefined;
  /** the row at a place, or undefined while it is not loaded */
  rowAt: (index: number) => Row | undefined;
  /** the rows that are loaded now */
  loaded: Row[];
  /** Says which places are on screen: they are loaded. */
  show: (first: number, last: number) => void;
  error: Error | null;
  retry: () => void;
}

/** What stays known of a list, whichever page is on screen. */
interface Known {
  /** the tokens of the pages that were passed and of the next */
  chain: string[];
  total: KeysetRows<never>['total'];
}

const beginning: Known = { chain: [''], total: undefined };

/**
 * Reads a list in pages by their tokens. Every page is an answer of its own, kept while it is on screen, and tells the token of the next;
 * the chain of tokens is all that is kept of what was passed.
 */
export function useKeysetRows<Row>(
  key: QueryKey,
  fetchPage: (wanted: { pageSize: number; pageToken?: string }, signal: AbortSignal) => Promise<KeysetPage<Row>>,
): KeysetRows<Row> {
  const queries = useQueryClient();
  const knownKey = [...key, 'known'];
  const { chain, total: lastTotal } = useQuery<Known>({
    queryKey: knownKey,
    queryFn: () => beginning,
    enabled: false,
    initialData: beginning,
    gcTime: chainLife,
    structuralSharing: false,
  }).data;
  const [[first, last], setShown] = useState<[number, number]>([0, 0]);
  const frontier = chain.length - 1;
  const numbers: number[] = [];
  for (let page = Math.min(first, frontier); page <= Math.min(last, frontier); page += 1) numbers.push(page);
  const answers = useQueries({
    queries: numbers.map((page) => {
      const token = chain[page] ?? '';
      return {
        queryKey: [...key, 'page', token],
        queryFn: ({ signal }: { signal: AbortSignal }) =>
          fetchPage({ pageSize: pageRows, ...(token === '' ? {} : { pageToken: token }) }, signal),
        gcTime: pageLife,
        structuralSharing: false,
      };
    }),
  });
  const pages = new Map(numbers.map((page, index) => [page, answers[index]]));
  const newest = queries.getQueryData<KeysetPage<Row>>([...key, 'page', '']) ?? answers.find(({ data }) => data !== undefined)?.data;

  useEffect(() => {
    for (const [page, answer] of pages) {
      const next = answer?.data?.nextToken;
      if (next === undefined || chain[page + 1] === next || (next === '' && chain.length === page + 1)) continue;
      // A page whose end has moved has another page after it; what comes behind that is found again when it is on screen.
      queries.setQueryData<Known>(knownKey, (before = beginning) => ({
        ...before,
        chain: next === '' ? before.chain.slice(0, page + 1) : [...before.chain.slice(0, page + 1), next, ...before.chain.slice(page + 2)],
      }));
    }
    // Kept when the page that told it is forgotten, or cannot be read any more: the place on screen would be lost with it.
    if (newest !== undefined && (newest.total !== lastTotal?.value || newest.totalIsFloor !== lastTotal.isFloor)) {
      queries.setQueryData<Known>(knownKey, (before = beginning) => ({
        ...before,
        total: { value: newest.total, isFloor: newest.totalIsFloor },
      }));
    }
  });

  // That there was nothing is no longer known once it is asked again.
  const total = newest === undefined && lastTotal?.value === 0 ? undefined : lastTotal;
  const end = pages.get(frontier)?.data;
  const known = frontier * pageRows + (end === undefined || end.nextToken !== '' ? pageRows : end.rows.length);
  const counted = end !== undefined && end.nextToken === '' ? known : Math.max(total?.value ?? 0, total?.isFloor === true ? known : 0);
  const show = useCallback((from: number, to: number) => {
    const wanted: [number, number] = [Math.floor(from / pageRows), Math.floor(to / pageRows)];
    setShown((before) => (before[0] === wanted[0] && before[1] === wanted[1] ? before : wanted));
  }, []);
  const failed = answers.filter(({ error }) => error !== null);
  return {
    count: Math.min(counted, mostRows),
    total,
    rowAt: (index) => pages.get(Math.floor(index / pageRows))?.data?.rows[index % pageRows],
    loaded: answers.flatMap(({ data }) => data?.rows ?? []),
    show,
    error: failed[0]?.error ?? null,
    retry: () => {
      for (const { refetch } of failed) void refetch();
    },
  };
}
