import { Button, Group, Text } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { CodeExample, type Example } from '../../elements/code-example.tsx';
import { Failure } from '../../elements/failure.tsx';
import { Icon } from '../../elements/icon.tsx';
import { RowSkeletons } from '../../elements/simple-table.tsx';

interface SectionHeadProps {
  /** what the settings are for, in a sentence or two */
  about: string;
  /** the button that makes a new one */
  action?: { label: string; run: () => void };
  /** how to read the settings by code */
  example?: Example;
}

interface SectionProps<Data> extends SectionHeadProps {
  /** what is read */
  query: UseQueryResult<Data>;
  children: (data: Data) => ReactNode;
}

/** One sort of settings: what it is for, the way to a new one, and what there is. */
export function Section<Data>({ query, children, ...head }: SectionProps<Data>) {
  return (
    <>
      <SectionHead {...head} />
      {query.data !== undefined ? (
        children(query.data)
      ) : query.error !== null ? (
        <Failure title="The settings could not be read" error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <RowSkeletons />
      )}
    </>
  );
}

/** What settings are for, and the way to a new one. */
export function SectionHead({ about, action, example }: SectionHeadProps) {
  return (
    <Group justify="space-between" align="flex-start" mb="sm" gap="sm">
      <Text size="sm" c="dimmed" maw={640} style={{ flex: '1 1 280px' }}>
        {about}
      </Text>
      <Group gap="xs">
        {example !== undefined && <CodeExample example={example} />}
        {action !== undefined && (
          <Button leftSection={<Icon name="plus" />} onClick={action.run}>
            {action.label}
          </Button>
        )}
      </Group>
    </Group>
  );
}
