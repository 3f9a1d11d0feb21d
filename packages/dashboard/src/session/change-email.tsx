import { PasswordInput, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { FormDialog } from '../elements/form-dialog.tsx';
import { notify } from '../elements/notify.ts';
import { dashboardSession, useSession } from './session.ts';

/** Changes the address by which one signs in. */
export function ChangeEmail({ onClose }: { onClose: () => void }) {
  const { operator } = useSession();
  const queries = useQueryClient();
  const [email, setEmail] = useState(operator.email);
  const [password, setPassword] = useState('');
  const change = async () => {
    await dashboardSession.changeEmail({ email: email.trim(), current_password: password });
    // The session and the lists of operators tell it.
    await queries.invalidateQueries();
    notify('Email changed. Sign in with the new address from now on.');
  };
  return (
    <FormDialog
      opened
      onClose={onClose}
      title="Change email"
      action="Change email"
      failed="Not changed"
      incomplete={email.trim() === operator.email}
      onSubmit={change}
    >
      <TextInput
        label="Email"
        description="You sign in with it."
        type="email"
        required
        withAsterisk={false}
        autoComplete="username"
        data-autofocus
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
      <PasswordInput
        label="Current password"
        required
        withAsterisk={false}
        autoComplete="current-password"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
