import { CrosswalkError } from '@crosswalk/sdk';
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { isSignedOut, type Session, sessionKey } from '../session/session.ts';

/**
 * The answers of the server that are on screen. The client tries again by itself what may pass. Whatever is answered with 401 ends the
 * session: the sign-in comes, and afterwards what was on screen.
 */
export function createQueries(): QueryClient {
  const onError = (error: unknown) => {
    if (!isSignedOut(error) || queries.getQueryData<{ session: Session | null }>(sessionKey)?.session == null) return;
    queries.setQueryData(sessionKey, { session: null, setup_required: false });
  };
  const queries: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
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
