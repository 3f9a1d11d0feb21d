import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { noticeSignedOut } from './queries.ts';

/** The beginning of a long list that is read as it is needed. */
export interface Taken<Item> {
  items: Item[];
  /** there may be more */
  hasMore: boolean;
  isLoading: boolean;
  error: Error | null;
  /** Takes some more, or tries again after an error. */
  more: () => void;
}

/** Items that are taken at a time. */
const some = 200;

/** Takes items from an iterable, some at once, more when asked. `begin` starts at the beginning, and anew whenever it is another function. */
export function useTaken<Item>(begin: (signal: AbortSignal) => AsyncGenerator<Item>): Taken<Item> {
  const queries = useQueryClient();
  const source = useRef<AsyncGenerator<Item>>(undefined);
  const [state, setState] = useState<Omit<Taken<Item>, 'more'>>({ items: [], hasMore: true, isLoading: true, error: null });
  const take = useCallback(
    async (from: AsyncGenerator<Item>, before: Item[]) => {
      setState({ items: before, hasMore: true, isLoading: true, error: null });
      const items = [...before];
      try {
        while (items.length < before.length + some) {
          const { done, value } = await from.next();
          if (source.current !== from) return;
          if (done === true) return setState({ items, hasMore: false, isLoading: false, error: null });
          items.push(value);
        }
        setState({ items, hasMore: true, isLoading: false, error: null });
      } catch (error) {
        if (source.current !== from) return;
        noticeSignedOut(queries, error);
        // A generator that threw has ended: it is begun again.
        source.current = undefined;
        setState({ items: [], hasMore: true, isLoading: false, error: error instanceof Error ? error : new Error(String(error)) });
      }
    },
    [queries],
  );
  useEffect(() => {
    const stop = new AbortController();
    const from = begin(stop.signal);
    source.current = from;
    void take(from, []);
    return () => {
      source.current = undefined;
      stop.abort();
    };
  }, [begin, take]);
  const more = () => {
    const from = source.current ?? begin(new AbortController().signal);
    const before = source.current === undefined ? [] : state.items;
    source.current = from;
    void take(from, before);
  };
  return { ...state, more };
}
