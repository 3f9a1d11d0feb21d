import type { IconName } from '../elements/icon.tsx';

/** A page that the navigation leads to. */
interface Entry {
  label: string;
  /** its address within an environment */
  to: string;
  icon: IconName;
  /** the key after `g` that opens it */
  key: string;
  /** only admins see it */
  adminOnly?: boolean;
}

/** The navigation: groups of pages, in the order in which people work with them. */
export const navigation: { title: string; entries: Entry[] }[] = [
  {
    title: 'Directory',
    entries: [
      { label: 'Overview', to: '/overview', icon: 'overview', key: 'h' },
      { label: 'Organizations', to: '/organizations', icon: 'organization', key: 'o' },
      { label: 'Users', to: '/users', icon: 'user', key: 'u' },
      { label: 'Invitations', to: '/invitations', icon: 'invitation', key: 'i' },
      { label: 'Mailbox', to: '/mailbox', icon: 'mailbox', key: 'm' },
    ],
  },
  {
    title: 'Data',
    entries: [
      { label: 'Imports', to: '/imports', icon: 'import', key: 'p' },
      { label: 'Reconcile', to: '/reconcile', icon: 'reconcile', key: 'r' },
      { label: 'Re-key', to: '/rekey', icon: 'rekey', key: 'k' },
      { label: 'Events', to: '/events', icon: 'event', key: 'e' },
      { label: 'Webhooks', to: '/webhooks', icon: 'webhook', key: 'w' },
    ],
  },
  {
    title: 'Environment',
    entries: [{ label: 'Settings', to: '/settings', icon: 'settings', key: 's', adminOnly: true }],
  },
];

/** The page that an environment opens with. */
export const startPage = '/overview';

/** All pages that an operator may open. */
export function entriesFor(mayAdminister: boolean): Entry[] {
  return navigation.flatMap(({ entries }) => entries).filter(({ adminOnly = false }) => mayAdminister || !adminOnly);
}
