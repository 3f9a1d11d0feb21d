import { CrosswalkError, DashboardSession } from '@crosswalk/sdk';
import { createContext, useContext } from 'react';

/** An operator who is signed in, and the environments where they have a role. */
export type Session = NonNullable<Awaited<ReturnType<DashboardSession['get']>>['session']>;

/** The session of this browser. Scripts get a token for changes from it; the cookie is out of their reach. */
export const dashboardSession = new DashboardSession(window.location.origin);

/** Key of the query that knows the session. */
export const sessionKey = ['session'];

/** Whether an error says that nobody is signed in any more. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof CrosswalkError && error.status === 401;
}

export const SessionContext = createContext<Session | undefined>(undefined);

/** The session, for what only signed-in operators see. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error('useSession is for what signed-in operators see');
  return session;
}

/** Ends the session and forgets all that was on screen. */
export async function signOut(): Promise<void> {
  await dashboardSession.signOut();
  window.location.assign('/dashboard/');
}
