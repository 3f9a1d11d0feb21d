import type { Event, EventSearch } from '@crosswalk/sdk';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { KeysetRows } from '../data/keyset-rows.ts';
import { noticeSignedOut } from '../data/queries.ts';
import { useEnvironment } from '../session/environment.ts';

/** Which events are shown. */
export type Wanted = Pick<EventSearch, 'types' | 'organizationId' | 'actorId' | 'from' | 'to'>;

/** Events that are held: beyond, those furthest from what is on screen are let go. */
const most = 2_000;
/** Events of one request. */
const pageSize = 100;
/** Events that come one after the other are drawn together. Milliseconds. */
const drawInterval = 250;
/** How long the tail rests after an error. Milliseconds. */
const rest = 3_000;

interface State {
  /** newest first */
  events: Event[];
  /** of the page behind the last event; empty: there is none */
  older: string;
  /** the newest were let go while one scrolled back */
  isTrimmed: boolean;
  /** came since, and are not shown while one reads further down or pauses; at most `most` */
  waiting: Event[];
  /** the oldest were let go while new ones came */
  isCut: boolean;
  isLoaded: boolean;
  error: Error | null;
}

/** Events as they happen and as they happened. */
export interface LiveEvents {
  rows: KeysetRows<Event>;
  /** how many came and are not shown, at most 2,000 */
  waiting: number;
  /** new ones are being listened for */
  isLive: boolean;
  /** what keeps the tail from the server, if anything does */
  tailError: Error | null;
  /** Shows those that wait, or the newest after one has gone far back. */
  showNewest: () => void;
  isTrimmed: boolean;
}

const nothing: State = { events: [], older: '', isTrimmed: false, waiting: [], isCut: false, isLoaded: false, error: null };

/**
 * The events of a filter, newest first: those that are there are read as one scrolls back, those that come are put before them while
 * `isLive`. What is held is bounded, however long one watches.
 */
export function useEvents(wanted: Wanted, isLive: boolean): LiveEvents {
  const { crosswalk } = useEnvironment();
  const queries = useQueryClient();
  const [state, setState] = useState(nothing);
  const [tailError, setTailError] = useState<Error | null>(null);
  const [generation, setGeneration] = useState(0);
  const [cursor, setCursor] = useState<string>();
  const isReading = useRef(false);
  const key = JSON.stringify(wanted);
  const current = useRef(key);
  current.current = key;

  useEffect(() => {
    const stop = new AbortController();
    setState(nothing);
    setCursor(undefined);
    crosswalk.events.search({ ...wantedOf(key), pageSize }, { signal: stop.signal }).then(
      ({ events, next_page_token: older, events_cursor: end }) => {
        if (stop.signal.aborted) return;
        setState({ ...nothing, events, older, isLoaded: true });
        setCursor(end);
      },
      (error: unknown) => {
        if (stop.signal.aborted) return;
        noticeSignedOut(queries, error);
        setState({ ...nothing, error: errorOf(error) });
      },
    );
    return () => stop.abort();
  }, [crosswalk, queries, key, generation]);

  const { to } = wanted;
  const tails = isLive && cursor !== undefined && to === undefined && !state.isTrimmed;
  useEffect(() => {
    if (!tails || cursor === undefined) return;
    const stop = new AbortController();
    let came: Event[] = [];
    const draw = () => {
      const fresh = came.reverse();
      came = [];
      setState((before) => withFresh(before, fresh, window.scrollY > 200));
    };
    const timer = setInterval(() => {
      if (came.length > 0) draw();
    }, drawInterval);
    const { types, organizationId, actorId } = wantedOf(key);
    const filter = {
      ...(types === undefined ? {} : { types }),
      ...(organizationId === undefined ? {} : { organizationId }),
      ...(actorId === undefined ? {} : { actorId }),
    };
    let reached = cursor;
    const listen = async () => {
      while (!stop.signal.aborted) {
        try {
          const feed = crosswalk.events.list({ ...filter, after: reached, follow: true, limit: pageSize }, { signal: stop.signal });
          setTailError(null);
          for await (const event of feed) {
            came.push(event);
            if (came.length >= most) draw();
            reached = feed.cursor ?? reached;
          }
        } catch (error) {
          if (stop.signal.aborted) return;
          noticeSignedOut(queries, error);
          setTailError(errorOf(error));
          await new Promise((resolve) => setTimeout(resolve, rest));
        }
      }
    };
    void listen();
    return () => {
      stop.abort();
      clearInterval(timer);
      if (came.length > 0) draw();
      // Who pauses goes on from here.
      setCursor((before) => (before === cursor ? reached : before));
    };
  }, [crosswalk, queries, key, tails, cursor]);

  const readOlder = useCallback(async () => {
    if (isReading.current) return;
    isReading.current = true;
    const token = state.older;
    try {
      const page = await crosswalk.events.search({ ...wantedOf(key), pageSize, pageToken: token });
      if (current.current !== key) return;
      setState((before) => {
        if (before.older !== token) return before;
        const events = [...before.events, ...page.events];
        return { ...before, events: events.slice(-most), older: page.next_page_token, isTrimmed: before.isTrimmed || events.length > most };
      });
    } catch (error) {
      noticeSignedOut(queries, error);
      if (current.current === key) setState((before) => ({ ...before, error: errorOf(error) }));
    } finally {
      isReading.current = false;
    }
  }, [crosswalk, queries, key, state.older]);

  const { events, older, error } = state;
  const count = events.length + (older === '' ? 0 : 10);
  const show = useCallback(
    (_first: number, lastIndex: number) => {
      if (older !== '' && error === null && lastIndex >= events.length - 20) void readOlder();
    },
    [older, error, events.length, readOlder],
  );
  return {
    rows: {
      count,
      total: state.isLoaded ? { value: events.length, isFloor: older !== '' || state.isTrimmed || state.isCut } : undefined,
      rowAt: (index) => events[index],
      loaded: events,
      show,
      error,
      // What is there stays, and the place in it: the rows that are missing are asked for again as they are on screen.
      retry: () => (state.isLoaded ? setState((before) => ({ ...before, error: null })) : setGeneration(generation + 1)),
    },
    waiting: state.waiting.length,
    isLive: tails,
    tailError,
    isTrimmed: state.isTrimmed,
    showNewest: () => {
      window.scrollTo({ top: 0 });
      if (state.isTrimmed || state.waiting.length >= most) setGeneration(generation + 1);
      else setState((before) => withFresh(before, [], false));
    },
  };
}

/** Puts new events before the others, or lets them wait so that nothing moves under who reads. Those that are there already count once. */
function withFresh(before: State, came: readonly Event[], isReadingDown: boolean): State {
  const newest = Math.max(before.waiting[0]?.sequence ?? 0, before.events[0]?.sequence ?? 0);
  const fresh = came.filter(({ sequence }) => sequence > newest);
  const waiting = [...fresh, ...before.waiting].slice(0, most);
  if (isReadingDown || before.isTrimmed) return { ...before, waiting };
  const events = [...waiting, ...before.events];
  if (events.length <= most) return { ...before, events, waiting: [] };
  return { ...before, events: events.slice(0, most), waiting: [], older: '', isCut: true };
}

function wantedOf(key: string): Wanted {
  const wanted: Wanted = JSON.parse(key);
  return wanted;
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
