import { Group, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';

/**
 * The head of a page: its title, which also names the browser's tab, and what can be done. `title` is a text; `heading` is shown in its
 * place where it is more than that.
 */
export function PageHeader({
  title,
  heading = title,
  description,
  children,
}: {
  title: string;
  heading?: ReactNode;
  description?: ReactNode;
  children?: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · Crosswalk`;
  }, [title]);
  return (
    <Group justify="space-between" align="flex-start" mb="md" gap="sm">
      <div style={{ minWidth: 0, flex: '1 1 240px' }}>
        <Title order={1} style={{ overflowWrap: 'anywhere' }}>
          {heading}
        </Title>
        {description !== undefined && (
          <Text c="dimmed" size="sm" component="div">
            {description}
          </Text>
        )}
      </div>
      <Group gap="xs">{children}</Group>
    </Group>
  );
}
