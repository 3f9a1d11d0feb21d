import { ActionIcon, Menu, Text, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Suspense, useState } from 'react';
import { Dialog } from '../elements/dialog.tsx';
import { Failure } from '../elements/failure.tsx';
import { Icon } from '../elements/icon.tsx';
import { later } from '../elements/later.tsx';
import { Plain } from '../elements/plain.tsx';
import { useEnvironment } from '../session/environment.ts';
import { signOut, useSession } from '../session/session.ts';

const ChangeEmail = later(async () => ({ default: (await import('../session/change-email.tsx')).ChangeEmail }));
const ChangePassword = later(async () => ({ default: (await import('../session/change-password.tsx')).ChangePassword }));

/** Who is signed in, and what is theirs: theme, email, password, sign-out. */
export function AccountMenu() {
  const { operator } = useSession();
  const { role } = useEnvironment();
  const [changing, setChanging] = useState<'email' | 'password'>();
  const close = () => setChanging(undefined);
  const leave = useMutation({ mutationFn: signOut });
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
          <Menu.Item leftSection={<Icon name="invitation" />} onClick={() => setChanging('email')}>
            Change email
          </Menu.Item>
          <Menu.Item leftSection={<Icon name="lock" />} onClick={() => setChanging('password')}>
            Change password
          </Menu.Item>
          <Menu.Item leftSection={<Icon name="out" />} onClick={() => leave.mutate()}>
            Sign out
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {leave.error !== null && (
        <Dialog opened onClose={leave.reset} title="Not signed out">
          <Failure title="You are still signed in" error={leave.error} onRetry={leave.mutate} />
        </Dialog>
      )}
      <Suspense>
        {changing === 'email' && <ChangeEmail onClose={close} />}
        {changing === 'password' && <ChangePassword onClose={close} />}
      </Suspense>
    </>
  );
}
