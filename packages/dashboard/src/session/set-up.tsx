import { Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Failure } from '../elements/failure.tsx';
import { Card } from './card.tsx';
import { NewPassword } from './new-password.tsx';
import { dashboardSession } from './session.ts';
import { takeToken } from './set-up-token.ts';

/** Makes the first operator, who is admin of every environment. */
export function SetUp({ onDone }: { onDone: () => Promise<void> }) {
  const [token, setToken] = useState(takeToken);
  const [asked] = useState(token === '');
  const [email, setEmail] = useState('');
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const setUp = useMutation({
    mutationFn: async () => {
      await dashboardSession.setUp({
        token: token.trim(),
        email: email.trim(),
        password,
        ...(name.trim() === '' ? {} : { name: name.trim() }),
      });
      await onDone();
    },
  });
  return (
    <Card title="Set up Crosswalk">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setUp.mutate();
        }}
      >
        <Stack>
          <Text size="sm" c="dimmed">
            You become the first operator: an admin, who can add others.
          </Text>
          {asked && (
            <PasswordInput
              label="Set-up token"
              description="The server prints it when it starts: what follows #token= in the set-up link."
              required
              withAsterisk={false}
              autoComplete="off"
              value={token}
              onChange={(event) => setToken(event.currentTarget.value)}
            />
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
          <TextInput label="Name" autoComplete="name" value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <NewPassword label="Password" value={password} onChange={setPassword} />
          {setUp.error !== null && <Failure title="Not set up" error={setUp.error} />}
          <Button type="submit" loading={setUp.isPending}>
            Create operator
          </Button>
        </Stack>
      </form>
    </Card>
  );
}
