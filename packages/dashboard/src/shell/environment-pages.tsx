import { Navigate, Outlet, useLocation } from '@tanstack/react-router';
import { useEffect } from 'react';
import { usePathPart } from '../data/location.ts';
import { readStored, writeStored } from '../data/stored.ts';
import { Empty } from '../elements/empty.tsx';
import { EnvironmentContext, environmentOf } from '../session/environment.ts';
import { useSession } from '../session/session.ts';
import { startPage } from './navigation.ts';
import { NoPage } from './no-page.tsx';
import { PageSkeleton } from './page-skeleton.tsx';
import { Shell } from './shell.tsx';

const remembered = 'environment';

/** The frame of all pages of an environment, which its address names. */
export function EnvironmentPages() {
  const shown = usePathPart('environment');
  const id = useLocation({ select: ({ pathname }) => pathname.split('/')[1] ?? '' });
  const found = useSession().environments.find((candidate) => candidate.id === id);
  useEffect(() => {
    if (found !== undefined) writeStored(remembered, found.id);
  }, [found]);
  if (!/^env_[0-9]+$/.test(id))
    return (
      <main>
        <NoPage />
      </main>
    );
  if (found === undefined) return <NoEnvironment />;
  return (
    <EnvironmentContext value={environmentOf(found)}>
      {/* Nothing of one environment is left on screen in another, not even until the page of the other is there: a link would lead back. */}
      <Shell key={found.id}>{shown === id ? <Outlet /> : <PageSkeleton />}</Shell>
    </EnvironmentContext>
  );
}

/** Opens the environment that was on screen last, or the first. */
export function FirstEnvironment() {
  const { environments } = useSession();
  const named = usePathPart('environment');
  const last = named === '' ? readStored(remembered) : named;
  const chosen = environments.find(({ id }) => id === last) ?? environments[0];
  if (chosen === undefined) return <NoEnvironment />;
  const to: string = `/${chosen.id}${startPage}`;
  return <Navigate to={to} replace />;
}

function NoEnvironment() {
  const { environments } = useSession();
  return (
    <main>
      <Empty
        isPage
        icon="lock"
        title="You have no role in this environment"
        text={
          environments.length === 0
            ? 'Ask an admin to give you a role in one.'
            : 'Ask an admin of it for a role, or open one of yours from the start page.'
        }
      >
        {environments.length > 0 && <a href="/dashboard/">Open the start page</a>}
      </Empty>
    </main>
  );
}
