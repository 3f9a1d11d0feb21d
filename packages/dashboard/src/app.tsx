import type { Crosswalk } from '@crosswalk/sdk';
import { Container, Group, Title } from '@mantine/core';
import { useState } from 'react';
import { Finder } from './finder.tsx';
import { SignIn } from './sign-in.tsx';

/** The dashboard: find any customer by any ID. The credentials stay in the memory of the page and go when it closes. */
export function App() {
  const [crosswalk, setCrosswalk] = useState<Crosswalk>();
  return (
    <Container size="md" py="xl">
      <Group mb="lg" gap="sm">
        <img src="/dashboard/icon.svg" alt="" width={28} height={28} />
        <Title order={1} size="h3">
          Crosswalk
        </Title>
      </Group>
      {crosswalk === undefined ? (
        <SignIn onSignIn={setCrosswalk} />
      ) : (
        <Finder crosswalk={crosswalk} onSignOut={() => setCrosswalk(undefined)} />
      )}
    </Container>
  );
}
