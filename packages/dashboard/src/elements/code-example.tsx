import { Button, Skeleton, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Suspense } from 'react';
import classes from './code-example.module.css';
import { Dialog } from './dialog.tsx';
import { Icon } from './icon.tsx';
import { later } from './later.tsx';

const ExampleTabs = later(async () => ({ default: (await import('./example-tabs.tsx')).ExampleTabs }));

/** The same call in the ways that there are. */
export interface Example {
  curl: string;
  node: string;
  /** where there is a command for it */
  cli?: string;
}

/** Shows how to do by code what is on screen. */
export function CodeExample({ example }: { example: Example }) {
  const [opened, { open, close }] = useDisclosure();
  return (
    <>
      <Button variant="default" leftSection={<Icon name="code" />} onClick={open} aria-label="Code" className={classes.button}>
        <span className={classes.label}>Code</span>
      </Button>
      <Dialog opened={opened} onClose={close} title="The same by code" size="lg">
        <Text size="sm" c="dimmed" mb="sm">
          The credentials of an API client are expected in CROSSWALK_CLIENT_ID and CROSSWALK_CLIENT_SECRET.
        </Text>
        <Suspense fallback={<Skeleton height={160} />}>
          <ExampleTabs example={example} />
        </Suspense>
      </Dialog>
    </>
  );
}
