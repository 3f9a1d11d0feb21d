import type { Import } from '@crosswalk/sdk';
import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { useEnvironment } from '../session/environment.ts';

/** How often an import that is on its way is asked for, and how long it is left alone while the server does not answer. Milliseconds. */
const [interval, patience] = [700, 3_000];

/** An import, watched until it has ended, and its undo too. A server that is started again meanwhile is waited for. */
export function useImport(id: string): UseQueryResult<Import> {
  const { id: environmentId, crosswalk } = useEnvironment();
  return useQuery({
    queryKey: [environmentId, 'imports', 'one', id],
    queryFn: ({ signal }) => crosswalk.imports.get(id, { signal }),
    staleTime: 0,
    refetchInterval: ({ state: { data, error } }) => (data === undefined || hasEnded(data) ? false : error === null ? interval : patience),
  });
}

/** Whether an import has ended, and its undo if there is one. */
export function hasEnded({ finish_time: end, undo }: Import): boolean {
  return end !== null && undo?.finish_time !== null;
}

/** How fast something goes on. */
export interface Pace {
  /** per second, undefined until known */
  rate: number | undefined;
  /** seconds until the end; undefined until known */
  left: number | undefined;
}

/** Over how long a rate is measured. Milliseconds. */
const window = 10_000;

/** The pace of a count that grows to a total, as it has been lately. */
export function usePace(done: number, total: number): Pace {
  const seen = useRef<{ time: number; done: number }[]>([]);
  const now = Date.now();
  const last = seen.current.at(-1);
  if (last === undefined || last.done !== done)
    seen.current = [...seen.current.filter(({ time }) => now - time < window), { time: now, done }];
  const first = seen.current[0];
  if (first === undefined || now - first.time < 500 || done === first.done) return { rate: undefined, left: undefined };
  const rate = ((done - first.done) * 1000) / (now - first.time);
  return { rate, left: total > done ? (total - done) / rate : undefined };
}
