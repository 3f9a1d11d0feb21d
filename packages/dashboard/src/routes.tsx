import { createRootRoute, createRoute, createRouter, Outlet } from '@tanstack/react-router';
import { parseSearch, type SearchParams, stringifySearch } from './data/search-params.ts';
import { later } from './elements/later.tsx';
import { pages } from './pages.ts';
import { EnvironmentPages, FirstEnvironment } from './shell/environment-pages.tsx';
import { NoPage } from './shell/no-page.tsx';
import { PageFailure } from './shell/page-failure.tsx';
import { PageSkeleton } from './shell/page-skeleton.tsx';

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: NoPage,
  validateSearch: (search: Record<string, unknown>): SearchParams => parseSearch(stringifySearch(search)),
});
const first = createRoute({ getParentRoute: () => root, path: '/', component: FirstEnvironment });
/** Where the link of the set-up leads; the set-up itself stands before all pages while it is due. */
const setUp = createRoute({ getParentRoute: () => root, path: 'setup', component: FirstEnvironment });
const environment = createRoute({
  getParentRoute: () => root,
  path: '$environment',
  component: EnvironmentPages,
  notFoundComponent: NoPage,
});
const start = createRoute({ getParentRoute: () => environment, path: '/', component: FirstEnvironment });

const ofEnvironment = pages.map(({ path, load }) => createRoute({ getParentRoute: () => environment, path, component: later(load) }));

export const router = createRouter({
  routeTree: root.addChildren([first, setUp, environment.addChildren([start, ...ofEnvironment])]),
  basepath: '/dashboard',
  parseSearch,
  stringifySearch,
  defaultPendingComponent: PageSkeleton,
  defaultErrorComponent: PageFailure,
  defaultNotFoundComponent: NoPage,
  scrollRestoration: true,
  // A page that is loaded in this time comes without a skeleton before it. Milliseconds.
  defaultPendingMs: 150,
  defaultPendingMinMs: 0,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
