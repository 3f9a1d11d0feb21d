import { Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';

/** A place where nothing is yet: says what would be here and how it comes. `children` are the ways to begin. */
export function Empty({ icon, title, text, children }: { icon: IconName; title: string; text: ReactNode; children?: ReactNode }) {
  return (
    <Stack align="center" gap="xs" py={48} px="md" ta="center">
      <Text c="dimmed" component="span" display="inline-flex">
        <Icon name={icon} size={28} />
      </Text>
      <Text fw={600}>{title}</Text>
      <Text c="dimmed" size="sm" maw={460}>
        {text}
      </Text>
      {children}
    </Stack>
  );
}
