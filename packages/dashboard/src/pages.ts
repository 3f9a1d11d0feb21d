import type { ComponentType } from 'react';

/** The pages of an environment: their addresses in it, and their code, which is loaded when they are opened. A page's file exports it as default. */
export const pages: { path: string; load: () => Promise<{ default: ComponentType }> }[] = [
  { path: 'search', load: () => import('./pages/search/index.tsx') },
  { path: 'organizations', load: () => import('./pages/organizations/index.tsx') },
  { path: 'organizations/$id', load: () => import('./pages/organization/index.tsx') },
  { path: 'users', load: () => import('./pages/users/index.tsx') },
  { path: 'users/$id', load: () => import('./pages/user/index.tsx') },
  { path: 'overview', load: () => import('./pages/overview/index.tsx') },
  { path: 'invitations', load: () => import('./pages/invitations/index.tsx') },
  { path: 'mailbox', load: () => import('./pages/mailbox/index.tsx') },
  { path: 'settings', load: () => import('./pages/settings/index.tsx') },
  { path: 'imports', load: () => import('./pages/imports/index.tsx') },
  { path: 'imports/new', load: () => import('./pages/new-import/index.tsx') },
  { path: 'imports/$id', load: () => import('./pages/import/index.tsx') },
  { path: 'reconcile', load: () => import('./pages/reconcile/index.tsx') },
  { path: 'rekey', load: () => import('./pages/rekey/index.tsx') },
  { path: 'events', load: () => import('./pages/events/index.tsx') },
  { path: 'webhooks', load: () => import('./pages/webhooks/index.tsx') },
  { path: 'webhooks/$id', load: () => import('./pages/webhook/index.tsx') },
];
