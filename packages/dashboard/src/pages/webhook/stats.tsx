import { Group, NativeSelect, Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Suspense, useState } from 'react';
import { Failure } from '../../elements/failure.tsx';
import { counted, figure } from '../../elements/figure.ts';
import { later } from '../../elements/later.tsx';
import { Panel } from '../../elements/panel.tsx';
import { useEnvironment } from '../../session/environment.ts';

const DeliveryChart = later(() => import('../../webhooks/delivery-chart.tsx'));

/** How sending to an endpoint went lately, by the hour. */
export function Stats({ id }: { id: string }) {
  const { id: environmentId, crosswalk } = useEnvironment();
  const [hours, setHours] = useState('24');
  const { data, error, refetch } = useQuery({
    queryKey: [environmentId, 'webhooks', 'stats', id, hours],
    queryFn: ({ signal }) => crosswalk.webhookEndpoint.stats(id, { hours: Number(hours) }, { signal }),
    placeholderData: (before) => before,
  });
  return (
    <Panel
      title="Attempts by the hour"
      actions={
        <NativeSelect
          size="xs"
          aria-label="Time of the chart"
          data={[
            { value: '24', label: 'Last 24 hours' },
            { value: '168', label: 'Last 7 days' },
            { value: '336', label: 'Last 14 days' },
          ]}
          value={hours}
          onChange={(event) => setHours(event.currentTarget.value)}
        />
      }
    >
      {error !== null ? (
        <Failure title="The figures could not be read" error={error} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <Skeleton h={200} />
      ) : (
        <>
          <Group gap="lg" mb="xs">
            <Text size="sm">
              <b>{figure(data.delivered)}</b> delivered
            </Text>
            <Text size="sm">
              <b>{counted(data.failed, 'attempts')}</b> failed
            </Text>
            {data.p50_ms !== null && data.p95_ms !== null && (
              <Text size="sm" c="dimmed">
                half took up to {figure(data.p50_ms)} ms, 95 % up to {figure(data.p95_ms)} ms
              </Text>
            )}
          </Group>
          <Suspense fallback={<div style={{ height: 180 }} />}>
            <DeliveryChart hours={data.hours} span={Number(hours)} now={data.as_of} />
          </Suspense>
        </>
      )}
    </Panel>
  );
}
