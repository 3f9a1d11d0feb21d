import type { WebhookDelivery } from '@crosswalk/sdk';
import { Button, Group, Menu, SegmentedControl } from '@mantine/core';
import { Suspense, useState } from 'react';
import { useKeysetRows } from '../../data/keyset-rows.ts';
import { textOf, useAddress } from '../../data/location.ts';
import { type Column, DataTable } from '../../elements/data-table.tsx';
import { Empty } from '../../elements/empty.tsx';
import { figure } from '../../elements/figure.ts';
import { Icon } from '../../elements/icon.tsx';
import { later } from '../../elements/later.tsx';
import { Panel } from '../../elements/panel.tsx';
import { Plain } from '../../elements/plain.tsx';
import { RelativeTime } from '../../elements/relative-time.tsx';
import { EventType } from '../../events/event-type.tsx';
import { keysetPage } from '../../records/kind.ts';
import { useEnvironment } from '../../session/environment.ts';
import { DeliveryState } from '../../webhooks/endpoint-state.tsx';
import { useRefreshWebhooks } from '../../webhooks/use-endpoint.ts';
import { DeliveredRecord } from './delivered-record.tsx';
import { ReplayDialog } from './replay-dialog.tsx';

const DeliveryDetails = later(async () => ({ default: (await import('./delivery-details.tsx')).DeliveryDetails }));

const statuses = ['DELIVERED', 'FAILED', 'PENDING'] as const;

const columns: Column<WebhookDelivery>[] = [
  { id: 'type', title: 'Event', width: 'minmax(180px, 1.4fr)', render: ({ event_type: type }) => <EventType type={type} /> },
  { id: 'record', title: 'Record', width: 'minmax(120px, 1fr)', render: (delivery) => <DeliveredRecord delivery={delivery} /> },
  { id: 'state', title: 'State', width: '130px', render: (delivery) => <DeliveryState delivery={delivery} /> },
  { id: 'attempts', title: 'Attempts', width: '90px', render: ({ attempts }) => figure(attempts) },
  {
    id: 'answer',
    title: 'Last answer',
    width: 'minmax(120px, 1fr)',
    render: ({ log: [last] }) =>
      last === undefined
        ? '–'
        : last.response_status === null
          ? 'no answer'
          : `HTTP ${last.response_status}, ${figure(last.duration_ms)} ms`,
  },
  {
    id: 'next',
    title: 'Next attempt',
    width: '120px',
    render: ({ next_attempt_time: time }) => (time === null ? '–' : <RelativeTime time={time} />),
  },
  { id: 'time', title: 'Since', width: '120px', render: ({ create_time: time }) => <RelativeTime time={time} /> },
];

/** What was and is sent to an endpoint, newest event first. */
export function Deliveries({ id }: { id: string }) {
  const { id: environmentId, crosswalk, mayEdit } = useEnvironment();
  const [address, setAddress] = useAddress();
  const refresh = useRefreshWebhooks();
  const [chosen, setChosen] = useState<string>();
  const [replaying, setReplaying] = useState<'failed' | 'span'>();
  const status = statuses.find((one) => one === textOf(address, 'status'));
  const rows = useKeysetRows([environmentId, 'webhooks', 'deliveries', id, status], async (page, signal) => {
    const answer = await crosswalk.webhookEndpoint.deliveries(id, { ...page, ...(status === undefined ? {} : { status }) }, { signal });
    return keysetPage(answer.deliveries, answer);
  });
  return (
    <Panel
      title="Deliveries"
      actions={
        <Group gap="xs">
          <Button size="compact-sm" variant="default" onClick={() => void refresh()}>
            Refresh
          </Button>
          {mayEdit && (
            <Menu position="bottom-end" width={240}>
              <Menu.Target>
                <Button size="compact-sm" variant="default" rightSection={<Icon name="down" size={12} />}>
                  Replay
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item onClick={() => setReplaying('failed')}>All that was given up…</Menu.Item>
                <Menu.Item onClick={() => setReplaying('span')}>A span of time…</Menu.Item>
              </Menu.Dropdown>
            </Menu>
          )}
        </Group>
      }
    >
      <SegmentedControl
        size="xs"
        mb="sm"
        aria-label="State of the deliveries"
        data={[
          { value: '', label: 'All' },
          { value: 'DELIVERED', label: 'Delivered' },
          { value: 'PENDING', label: 'Waiting' },
          { value: 'FAILED', label: 'Given up' },
        ]}
        value={status ?? ''}
        onChange={(value) => setAddress({ status: value })}
      />
      <DataTable
        key={status ?? ''}
        label="Deliveries"
        columns={columns}
        rows={rows}
        pageOf={({ event_id: event }) =>
          () =>
            setChosen(event)
          }
        phone={(delivery) => (
          <>
            <DeliveryState delivery={delivery} /> <Plain text={delivery.record_name ?? delivery.record_id} />,{' '}
            <RelativeTime time={delivery.create_time} />
          </>
        )}
        empty={
          <Empty
            icon="webhook"
            title={status === undefined ? 'Nothing was sent yet' : 'None'}
            text="What ended is kept for 14 days. Change a record, or send a test, and see it arrive."
          />
        }
      />
      <Suspense>
        <DeliveryDetails id={id} eventId={chosen} onClose={() => setChosen(undefined)} />
      </Suspense>
      {replaying !== undefined && <ReplayDialog id={id} what={replaying} onClose={() => setReplaying(undefined)} />}
    </Panel>
  );
}
