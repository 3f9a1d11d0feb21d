import { Center, Group, Paper, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';

/** What is shown before anybody is signed in: one card in the middle. `title` names the browser's tab too. */
export function Card({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = title === 'Crosswalk' ? title : `${title} · Crosswalk`;
  }, [title]);
  return (
    <Center mih="100dvh" p="md" bg="var(--crosswalk-surface)" component="main">
      <Paper withBorder p="xl" w="100%" maw={400} radius="md">
        <Group gap="sm" mb="lg">
          <img src="/dashboard/icon.svg" alt="" width={28} height={28} />
          <Title order={1}>{title}</Title>
        </Group>
        {children}
      </Paper>
    </Center>
  );
}
