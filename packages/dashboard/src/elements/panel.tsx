import { Group, Paper, Title } from '@mantine/core';
import type { ReactNode } from 'react';

/** A part of a page with a title of its own. */
export function Panel({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <Paper withBorder radius="md" component="section" aria-label={title} style={{ borderColor: 'var(--crosswalk-line)', minWidth: 0 }}>
      <Group justify="space-between" px="md" py={8} mih={44} gap="xs" style={{ borderBottom: '1px solid var(--crosswalk-line)' }}>
        <Title order={2} size="h6">
          {title}
        </Title>
        {actions}
      </Group>
      <div style={{ padding: 'var(--mantine-spacing-sm) var(--mantine-spacing-md)' }}>{children}</div>
    </Paper>
  );
}
