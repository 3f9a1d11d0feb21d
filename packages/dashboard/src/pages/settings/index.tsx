import { Tabs } from '@mantine/core';
import { type ComponentType, Suspense } from 'react';
import { textOf, useAddress } from '../../data/location.ts';
import { Empty } from '../../elements/empty.tsx';
import { later } from '../../elements/later.tsx';
import { PageHeader } from '../../elements/page-header.tsx';
import { RowSkeletons } from '../../elements/simple-table.tsx';
import { useEnvironment } from '../../session/environment.ts';

/** The sorts of settings, each loaded when it is opened. */
const tabs: { name: string; label: string; Content: ComponentType }[] = [
  { name: 'clients', label: 'API clients', Content: later(() => import('./clients.tsx')) },
  { name: 'systems', label: 'Systems', Content: later(() => import('./systems.tsx')) },
  { name: 'roles', label: 'Roles', Content: later(() => import('./roles.tsx')) },
  { name: 'invitations', label: 'Invitations', Content: later(() => import('./invitations.tsx')) },
  { name: 'operators', label: 'Operators', Content: later(() => import('./operators.tsx')) },
  { name: 'indexes', label: 'Indexes', Content: later(() => import('./indexes.tsx')) },
  { name: 'signing-keys', label: 'Signing keys', Content: later(() => import('./signing-keys.tsx')) },
  { name: 'environments', label: 'Environments', Content: later(() => import('./environments.tsx')) },
];

/** What admins decide about an environment. The tab is in the address. */
export default function SettingsPage() {
  const { mayAdminister } = useEnvironment();
  const [address, setAddress] = useAddress();
  const opened = tabs.find(({ name }) => name === textOf(address, 'tab'))?.name ?? 'clients';
  return (
    <>
      <PageHeader title="Settings" />
      {mayAdminister ? (
        <Tabs value={opened} onChange={(tab) => setAddress({ tab: tab ?? undefined })} keepMounted={false}>
          <Tabs.List mb="md">
            {tabs.map(({ name, label }) => (
              <Tabs.Tab key={name} value={name}>
                {label}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {tabs.map(({ name, Content }) => (
            <Tabs.Panel key={name} value={name}>
              <Suspense fallback={<RowSkeletons />}>
                <Content />
              </Suspense>
            </Tabs.Panel>
          ))}
        </Tabs>
      ) : (
        <Empty
          icon="lock"
          title="Admins have settings"
          text="Credentials, operators and what mails say are theirs. Ask an admin of this environment for the role."
        />
      )}
    </>
  );
}
