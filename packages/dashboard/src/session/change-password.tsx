import { PasswordInput, Text } from '@mantine/core';
import { useState } from 'react';
import { FormDialog } from '../elements/form-dialog.tsx';
import { notify } from '../elements/notify.ts';
import { NewPassword } from './new-password.tsx';
import { dashboardSession } from './session.ts';

/** Changes one's own password, which ends one's sessions in other browsers. */
export function ChangePassword({ onClose }: { onClose: () => void }) {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const change = async () => {
    await dashboardSession.changePassword({ current_password: current, new_password: next });
    notify('Password changed. Your sessions in other browsers have ended.');
  };
  return (
    <FormDialog opened onClose={onClose} title="Change password" action="Change password" failed="Not changed" onSubmit={change}>
      <Text size="sm" c="dimmed">
        Sessions in other browsers end; this one goes on.
      </Text>
      <PasswordInput
        label="Current password"
        required
        withAsterisk={false}
        autoComplete="current-password"
        data-autofocus
        value={current}
        onChange={(event) => setCurrent(event.currentTarget.value)}
      />
      <NewPassword label="New password" value={next} onChange={setNext} />
    </FormDialog>
  );
}
