import { Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { CodeBlock } from '../../elements/code-block.tsx';
import { Copyable } from '../../elements/copyable.tsx';
import { Facts } from '../../elements/facts.tsx';
import { Failure } from '../../elements/failure.tsx';
import { notify } from '../../elements/notify.ts';
import { ExactTime } from '../../elements/relative-time.tsx';
import { SideDialog } from '../../elements/side-dialog.tsx';
import { useEnvironment } from '../../session/environment.ts';
import { DeliveryState } from '../../webhooks/endpoint-state.tsx';
import { useRefreshWebhooks } from '../../webhooks/use-endpoint.ts';
import { Attempt } from './attempt.tsx';
import { DeliveredRecord } from './delivered-record.tsx';

/** One delivery beside the list: its message, its attempts, and the way to send it again. */
export function DeliveryDetails({ id, eventId, onClose }: { id: string; eventId: string | undefined; onClose: () => void }) {
  return (
    <SideDialog opened={eventId !== undefined} onClose={onClose} title="Delivery">
      {eventId !== undefined && <Details id={id} eventId={eventId} />}
    </SideDialog>
  );
}

/** How often a delivery that goes on is looked at. Milliseconds. */
const interval = 2_000;

function Details({ id, eventId }: { id: string; eventId: string }) {
  const { id: environmentId, crosswalk, mayEdit } = useEnvironment();
  const refresh = useRefreshWebhooks();
  const {
    data: delivery,
    error,
    refetch,
  } = useQuery({
    queryKey: [environmentId, 'webhooks', 'delivery', id, eventId],
    queryFn: ({ signal }) => crosswalk.webhookEndpoint.delivery(id, eventId, { signal }),
    refetchInterval: ({ state }) => (state.data?.status === 'PENDING' && state.error === null ? interval : false),
  });
  const replay = useMutation({
    mutationFn: () => crosswalk.webhookEndpoint.replayOne(id, eventId),
    onSuccess: async () => {
      await refresh();
      notify('It is sent again.');
    },
  });
  if (delivery === undefined)
    return error === null ? (
      <Skeleton h={200} />
    ) : (
      <Failure title="The delivery could not be read" error={error} onRetry={() => void refetch()} />
    );
  const { next_attempt_time: next, expire_time: end, message, log } = delivery;
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Text fw={600} size="sm">
          {delivery.event_type} <DeliveryState delivery={delivery} />
        </Text>
        {mayEdit && (delivery.status !== 'PENDING' || next !== null) && (
          <Button size="xs" variant="default" loading={replay.isPending} onClick={() => replay.mutate()}>
            {delivery.status === 'PENDING' ? 'Send now' : 'Send again'}
          </Button>
        )}
      </Group>
      {replay.error !== null && <Failure title="It was not sent again" error={replay.error} />}
      <Facts
        facts={[
          { name: 'Event ID', value: <Copyable text={eventId} label="event ID" /> },
          { name: 'Record', value: <DeliveredRecord delivery={delivery} /> },
          { name: 'Record ID', value: <Copyable text={delivery.record_id} label="record ID" /> },
          ...(next === null ? [] : [{ name: 'Next attempt', value: <ExactTime time={next} /> }]),
          ...(end === null ? [] : [{ name: 'Given up', value: <ExactTime time={end} /> }]),
          ...(delivery.status === 'PENDING' && next === null
            ? [{ name: 'Waits for', value: 'an earlier event of the same record, which has to be delivered first' }]
            : []),
        ]}
      />
      <Title order={2} size="h6">
        Attempts
      </Title>
      {log.length === 0 && (
        <Text size="sm" c="dimmed">
          It was not tried yet.
        </Text>
      )}
      {log.map((attempt) => (
        <Attempt key={attempt.time} attempt={attempt} />
      ))}
      <Title order={2} size="h6">
        Request
      </Title>
      {message === null ? (
        <Text size="sm" c="dimmed">
          The event is not kept any more, nor what was sent of it.
        </Text>
      ) : (
        <CodeBlock code={`POST, webhook-id: ${eventId}\n\n${JSON.stringify(message, null, 2)}`} label="Request" />
      )}
    </Stack>
  );
}
