import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from '@tanstack/react-router';
import type { ComponentType } from 'react';
import { parseSearch, type SearchParams, stringifySearch } from './data/search-params.ts';
import { EnvironmentPages, FirstEnvironment } from './shell/environment-pages.tsx';
import { NoPage } from './shell/no-page.tsx';
import { PageFailure } from './shell/page-failure.tsx';
import { PageSkeleton } from './shell/page-skeleton.tsx';

/** The pages of an environment: a line each, loaded when opened. Their files are `pages/NAME/index.tsx`, which exports the page as default. */
const pages = () => [
  page('search', () => import('./pages/search/index.tsx')),
  page('organizations', () => import('./pages/organizations/index.tsx')),
  page('organizations/$id', () => import('./pages/organization/index.tsx')),
  page('users', () => import('./pages/users/index.tsx')),
  page('users/$id', () => import('./pages/user/index.tsx')),
  page('overview', () => import('./pages/overview/index.tsx')),
  page('invitations', () => import('./pages/invitations/index.tsx')),
  page('mailbox', () => import('./pages/mailbox/index.tsx')),
  page('settings', () => import('./pages/settings/index.tsx')),
  page('imports', () => import('./pages/imports/index.tsx')),
  page('imports/new', () => import('./pages/new-import/index.tsx')),
  page('imports/$id', () => import('./pages/import/index.tsx')),
  page('reconcile', () => import('./pages/reconcile/index.tsx')),
  page('events', () => import('./pages/events/index.tsx')),
  page('webhooks', () => import('./pages/webhooks/index.tsx')),
  page('webhooks/$id', () => import('./pages/webhook/index.tsx')),
];

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: NoPage,
  validateSearch: (search: Record<string, unknown>): SearchParams => parseSearch(stringifySearch(search)),
});
const first = createRoute({ getParentRoute: () => root, path: '/', component: FirstEnvironment });
const environment = createRoute({ getParentRoute: () => root, path: '$environment', component: EnvironmentPages });
const start = createRoute({ getParentRoute: () => environment, path: '/', component: FirstEnvironment });

function page(path: string, load: () => Promise<{ default: ComponentType }>) {
  return createRoute({ getParentRoute: () => environment, path, component: lazyRouteComponent(load) });
}

export const router = createRouter({
  routeTree: root.addChildren([first, environment.addChildren([start, ...pages()])]),
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
