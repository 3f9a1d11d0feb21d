import { type EventType, eventTypes } from '@crosswalk/sdk';
import { Button, Group, Select, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { CodeBlock } from '../../elements/code-block.tsx';
import { Dialog } from '../../elements/dialog.tsx';
import { Failure } from '../../elements/failure.tsx';
import { useEnvironment } from '../../session/environment.ts';
import { Attempt } from './attempt.tsx';

/** Sends a sample now and shows what came of it. */
export function TestDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const { crosswalk } = useEnvironment();
  const [type, setType] = useState<EventType>('organization.updated');
  const send = useMutation({ mutationFn: () => crosswalk.webhookEndpoint.test(id, type) });
  return (
    <Dialog opened onClose={onClose} title="Send a test" size="lg">
      <Stack>
        <Group align="flex-end" gap="xs">
          <Select
            label="A sample of"
            data={[...eventTypes]}
            value={type}
            onChange={(chosen) => setType(eventTypes.find((one) => one === chosen) ?? type)}
            searchable
            allowDeselect={false}
            flex="1 1 220px"
            data-autofocus
          />
          <Button onClick={() => send.mutate()} loading={send.isPending}>
            Send it
          </Button>
        </Group>
        {send.error !== null && <Failure title="Nothing was sent" error={send.error} />}
        {send.data !== undefined && (
          <div aria-live="polite">
            <Stack gap="sm">
              <Text fw={600} size="sm">
                {send.data.delivered ? 'It was taken' : 'It was not taken'}
              </Text>
              <Attempt attempt={send.data.attempt} />
              <Text size="sm" c="dimmed">
                What was sent
              </Text>
              <CodeBlock code={JSON.stringify(send.data.message, null, 2)} label="Message" />
            </Stack>
          </div>
        )}
      </Stack>
    </Dialog>
  );
}
