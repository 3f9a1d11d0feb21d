import { Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Failure } from '../elements/failure.tsx';
import { Card } from './card.tsx';
import { dashboardSession } from './session.ts';

/** Asks for email and password. `ended`: somebody was signed in on this page, whose session is over. */
export function SignIn({ onDone, ended }: { onDone: () => Promise<void>; ended: boolean }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const signIn = useMutation({
    mutationFn: async () => {
      await dashboardSession.signIn({ email: email.trim(), password });
      await onDone();
    },
  });
  return (
    <Card title="Sign in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          signIn.mutate();
        }}
      >
        <Stack>
          {ended && (
            <Text size="sm" c="dimmed">
              Your session is over. Sign in again and go on where you were.
            </Text>
          )}
          <TextInput
            label="Email"
            type="email"
            required
            withAsterisk={false}
            autoFocus
            autoComplete="username"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <PasswordInput
            label="Password"
            required
            withAsterisk={false}
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          {signIn.error !== null && <Failure title="Not signed in" error={signIn.error} />}
          <Button type="submit" loading={signIn.isPending}>
            Sign in
          </Button>
        </Stack>
      </form>
    </Card>
  );
}
