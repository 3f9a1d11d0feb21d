import { Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';

interface EmptyProps {
  icon: IconName;
  title: string;
  text: ReactNode;
  /** It is all that the page has: its title is that of the page. */
  isPage?: boolean;
  children?: ReactNode;
}

/** A place where nothing is yet: says what would be here and how it comes. `children` are the ways to begin. */
export function Empty({ icon, title, text, isPage = false, children }: EmptyProps) {
  return (
    <Stack align="center" gap="xs" py={48} px="md" ta="center">
      <Text c="dimmed" component="span" display="inline-flex">
        <Icon name={icon} size={28} />
      </Text>
      {isPage ? (
        <Title order={1} size="h2">
          {title}
        </Title>
      ) : (
        <Text fw={600}>{title}</Text>
      )}
      <Text c="dimmed" size="sm" maw={460}>
        {text}
      </Text>
      {children}
    </Stack>
  );
}
