import type { Seed } from './seed.ts';
import type { SeedWork } from './seed-work.ts';

/** A page that is looked at in both themes and on a phone. */
interface LookedAt {
  /** name of the screenshots */
  name: string;
  /** its address in the environment */
  path: (seed: Seed & SeedWork) => string;
  /** a selector of what is there when the page is; default: its heading */
  ready?: string;
}

/** Every page of the dashboard with records on it. A new page adds a line. */
export const pages: LookedAt[] = [
  { name: 'organizations', path: () => '/organizations', ready: '[role=table] a' },
  { name: 'organizations-filtered', path: () => '/organizations?where=metadata.seats+%3E%3D+100', ready: '[role=table] a' },
  { name: 'organizations-none', path: () => '/organizations?text=nothing-has-this' },
  { name: 'organization', path: ({ organization }) => `/organizations/${organization.id}`, ready: '[aria-label=Domains] li' },
  { name: 'organization-members', path: ({ organization }) => `/organizations/${organization.id}?tab=memberships`, ready: 'table' },
  { name: 'organization-history', path: ({ organization }) => `/organizations/${organization.id}?tab=history`, ready: 'ins' },
  { name: 'search', path: () => '/search?q=cus_N', ready: 'table' },
  { name: 'users', path: () => '/users', ready: '[role=table] a' },
  { name: 'user', path: ({ user }) => `/users/${user.id}` },
  { name: 'overview', path: () => '/overview', ready: 'figure svg' },
  { name: 'invitations', path: () => '/invitations', ready: 'tbody tr' },
  { name: 'invitations-none', path: () => '/invitations?state=EXPIRED' },
  { name: 'mailbox', path: () => '/mailbox', ready: 'tbody tr' },
  { name: 'settings-clients', path: () => '/settings', ready: 'tbody tr' },
  { name: 'settings-systems', path: () => '/settings?tab=systems', ready: 'tbody tr' },
  { name: 'settings-roles', path: () => '/settings?tab=roles', ready: 'tbody tr' },
  { name: 'settings-invitations', path: () => '/settings?tab=invitations', ready: 'iframe' },
  { name: 'settings-operators', path: () => '/settings?tab=operators', ready: 'tbody tr' },
  { name: 'settings-indexes', path: () => '/settings?tab=indexes', ready: 'tbody tr' },
  { name: 'settings-signing-keys', path: () => '/settings?tab=signing-keys', ready: 'tbody tr' },
  { name: 'settings-environments', path: () => '/settings?tab=environments', ready: 'tbody tr' },
  { name: 'imports', path: () => '/imports', ready: '[role=table] a' },
  { name: 'import-new', path: () => '/imports/new' },
  { name: 'import', path: ({ imports }) => `/imports/${imports.rejected}`, ready: '[aria-label="Why rows were rejected"] li' },
  { name: 'import-undone', path: ({ imports }) => `/imports/${imports.undone}`, ready: '[aria-label="Records that were left alone"] li' },
  { name: 'import-check', path: ({ imports }) => `/imports/${imports.check}`, ready: '[aria-label="What would change, for example"]' },
  { name: 'reconcile', path: () => '/reconcile' },
  { name: 'rekey', path: () => '/rekey' },
  { name: 'events', path: () => '/events', ready: '[role=table] [data-opens]' },
  { name: 'events-filtered', path: () => '/events?type=user&last=24h', ready: '[role=table] [data-opens]' },
  { name: 'webhooks', path: () => '/webhooks', ready: '[role=table] a' },
  { name: 'webhook', path: ({ endpointId }) => `/webhooks/${endpointId}`, ready: '.recharts-surface' },
];
