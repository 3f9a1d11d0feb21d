import { ActionIcon, Menu, Text, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { lazy, Suspense } from 'react';
import { Icon } from '../elements/icon.tsx';
import { Plain } from '../elements/plain.tsx';
import { useEnvironment } from '../session/environment.ts';
import { signOut, useSession } from '../session/session.ts';

const ChangePassword = lazy(async () => ({ default: (await import('../session/change-password.tsx')).ChangePassword }));

/** Who is signed in, and what is theirs: theme, password, sign-out. */
export function AccountMenu() {
  const { operator } = useSession();
  const { role } = useEnvironment();
  const [changing, { open, close }] = useDisclosure();
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme('light', { getInitialValueInEffect: false }) === 'dark';
  return (
    <>
      <Menu width={240} position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Account">
            <Icon name="user" size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            <Text size="sm" c="var(--mantine-color-text)" truncate>
              <Plain text={operator.name ?? operator.email} />
            </Text>
            {role} of this environment
          </Menu.Label>
          <Menu.Divider />
          <Menu.Item leftSection={<Icon name={dark ? 'sun' : 'moon'} />} onClick={() => setColorScheme(dark ? 'light' : 'dark')}>
            {dark ? 'Light theme' : 'Dark theme'}
          </Menu.Item>
          <Menu.Item leftSection={<Icon name="lock" />} onClick={open}>
            Change password
          </Menu.Item>
          <Menu.Item leftSection={<Icon name="out" />} onClick={() => void signOut()}>
            Sign out
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {changing && (
        <Suspense>
          <ChangePassword opened onClose={close} />
        </Suspense>
      )}
    </>
  );
}
