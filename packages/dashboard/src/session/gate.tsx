import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Activity, type ReactNode, Suspense, useEffect, useState } from 'react';
import { Failure } from '../elements/failure.tsx';
import { later } from '../elements/later.tsx';
import { Card } from './card.tsx';
import { dashboardSession, type Session, SessionContext, sessionKey } from './session.ts';
import { takeToken } from './set-up-token.ts';
import { SignIn } from './sign-in.tsx';

/** Needed once in the life of a server. */
const SetUp = later(async () => ({ default: (await import('./set-up.tsx')).SetUp }));

/**
 * Shows `children` to who is signed in, and the way to sign in to others. When a session ends on the way, the page stays behind the sign-in,
 * out of sight and with all that was typed into it, and comes back to the same operator.
 */
export function SessionGate({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const {
    data: answer,
    error,
    refetch,
  } = useQuery({
    queryKey: sessionKey,
    queryFn: async () => {
      const read = await dashboardSession.get();
      // The link of the set-up works once: opened again it says nothing, and its token stays in no address.
      if (!read.setup_required) takeToken();
      return read;
    },
    staleTime: Number.POSITIVE_INFINITY,
    // Another tab of this browser may have signed out, or in as somebody else.
    refetchOnWindowFocus: 'always',
  });
  const [last, setLast] = useState<Session>();
  const session = answer?.session ?? undefined;
  const isOther = session !== undefined && last !== undefined && session.operator.id !== last.operator.id;
  if (session !== undefined && session !== last && !isOther) setLast(session);
  // Nothing that one operator has read or typed is left on the page of another.
  useEffect(() => {
    if (isOther) window.location.reload();
  }, [isOther]);
  if (isOther) return null;
  const enter = () => queries.invalidateQueries();
  const shown = session ?? last;
  return (
    <>
      {shown !== undefined && (
        <Activity mode={session === undefined ? 'hidden' : 'visible'} key={shown.operator.id}>
          <SessionContext value={shown}>{children}</SessionContext>
        </Activity>
      )}
      {answer === undefined && error !== null && (
        <Card title="Crosswalk">
          <Failure title="The dashboard could not begin" error={error} onRetry={() => void refetch()} />
        </Card>
      )}
      {answer !== undefined &&
        session === undefined &&
        (answer.setup_required ? (
          <Suspense>
            <SetUp onDone={enter} />
          </Suspense>
        ) : (
          <SignIn onDone={enter} ended={last !== undefined} />
        ))}
    </>
  );
}
