import { Crosswalk, CrosswalkError } from '@crosswalk/sdk';
import { Alert, Button, Paper, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

/** Asks for the credentials of an API client and tries them. */
export function SignIn({ onSignIn }: { onSignIn: (crosswalk: Crosswalk) => void }) {
  const [clientId, setClientId] = useState('');
  const [secret, setSecret] = useState('');
  const signIn = useMutation({
    mutationFn: async () => {
      const crosswalk = new Crosswalk(window.location.origin, clientId.trim(), secret.trim());
      await crosswalk.client.list();
      return crosswalk;
    },
    onSuccess: onSignIn,
  });
  return (
    <Paper withBorder p="lg" radius="md" maw={440}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          signIn.mutate();
        }}
      >
        <Stack>
          <Text c="dimmed" size="sm">
            Sign in with an API client. The server prints the first one when it starts for the first time.
          </Text>
          <TextInput
            label="Client ID"
            placeholder="skc_…"
            required
            autoFocus
            autoComplete="username"
            value={clientId}
            onChange={(event) => setClientId(event.currentTarget.value)}
          />
          <PasswordInput
            label="Client secret"
            required
            autoComplete="current-password"
            value={secret}
            onChange={(event) => setSecret(event.currentTarget.value)}
          />
          {signIn.error !== null && (
            <Alert color="red" title="Not signed in">
              {signIn.error instanceof CrosswalkError && signIn.error.status === 401
                ? 'No client has this ID and secret.'
                : signIn.error.message}
            </Alert>
          )}
          <Button type="submit" loading={signIn.isPending}>
            Sign in
          </Button>
        </Stack>
      </form>
    </Paper>
  );
}
