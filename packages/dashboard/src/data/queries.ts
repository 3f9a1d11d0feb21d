import { CrosswalkError, PreconditionError } from '@crosswalk/sdk';
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { isSignedOut, type Session, sessionKey } from '../session/session.ts';

/**
 * The answers of the server that are on screen. The client tries again by itself what may pass. Whatever is answered with 401 ends the
 * session: the sign-in comes, and afterwards what was on screen. A change that came too late has all of it read again.
 */
export function createQueries(): QueryClient {
  const queries: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: (error) => noticeSignedOut(queries, error) }),
    mutationCache: new MutationCache({
      onError: (error) => {
        noticeSignedOut(queries, error);
        if (error instanceof PreconditionError)
          void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionKey[0] });
      },
    }),
    defaultOptions: {
      queries: {
        retry: false,
        staleTime: 10_000,
        // What another person changed is seen on coming back to the tab; a page that failed waits for its button.
        refetchOnWindowFocus: ({ state }) => !(state.error instanceof CrosswalkError),
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  });
  return queries;
}

/** Ends the session on screen when an error says that it is over. Queries and changes do so by themselves; what is read as a stream asks. */
export function noticeSignedOut(queries: QueryClient, error: unknown): void {
  if (!isSignedOut(error) || queries.getQueryData<{ session: Session | null }>(sessionKey)?.session == null) return;
  queries.setQueryData(sessionKey, { session: null, setup_required: false });
}
