import type { WebhookEndpoint } from '@crosswalk/sdk';
import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { useOpen } from '../../data/location.ts';
import { curl, exampleOfReading, node } from '../../elements/client-code.ts';
import { CodeExample, type Example } from '../../elements/code-example.tsx';
import { type Column, DataTable } from '../../elements/data-table.tsx';
import { Empty } from '../../elements/empty.tsx';
import { Icon } from '../../elements/icon.tsx';
import { PageHeader } from '../../elements/page-header.tsx';
import { Plain } from '../../elements/plain.tsx';
import { RelativeTime } from '../../elements/relative-time.tsx';
import { Total } from '../../elements/total.tsx';
import { useKeys } from '../../elements/use-keys.ts';
import { useEnvironment } from '../../session/environment.ts';
import { type EndpointDraft, EndpointForm } from '../../webhooks/endpoint-form.tsx';
import { EndpointState } from '../../webhooks/endpoint-state.tsx';
import { SecretDialog } from '../../webhooks/secret-dialog.tsx';
import { useEndpoints, useRefreshWebhooks } from '../../webhooks/use-endpoint.ts';

const columns: Column<WebhookEndpoint>[] = [
  { id: 'url', title: 'Address', width: 'minmax(220px, 2fr)', render: ({ url }) => <Plain text={url} /> },
  {
    id: 'description',
    title: 'What listens there',
    width: 'minmax(140px, 1.3fr)',
    render: ({ description }) => (description === '' ? '–' : <Plain text={description} />),
  },
  {
    id: 'types',
    title: 'Events',
    width: 'minmax(120px, 1fr)',
    render: ({ event_types: types }) => (types.length === 0 ? 'every event' : <Plain text={types.join(', ')} />),
  },
  { id: 'state', title: 'State', width: '190px', render: (endpoint) => <EndpointState endpoint={endpoint} /> },
  { id: 'time', title: 'Created', width: '120px', render: ({ create_time: time }) => <RelativeTime time={time} /> },
];

/** Where events are sent. */
export default function WebhooksPage() {
  const { crosswalk, mayAdminister } = useEnvironment();
  const open = useOpen();
  const endpoints = useEndpoints();
  const refresh = useRefreshWebhooks();
  const [creating, { open: openForm, close: closeForm }] = useDisclosure();
  const [made, setMade] = useState<{ id: string; secret: string }>();
  useKeys([['c', () => mayAdminister && openForm()]]);
  const create = async (draft: EndpointDraft) => {
    const { webhook_endpoint: endpoint, secret } = await crosswalk.webhookEndpoint.create(draft);
    setMade({ id: endpoint.id, secret });
    await refresh();
  };
  const list = endpoints.data ?? [];
  const begin = mayAdminister && (
    <Button leftSection={<Icon name="plus" />} onClick={openForm}>
      New endpoint
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Webhooks"
        description={<Total total={endpoints.data && { value: list.length, isFloor: false }} noun="endpoints" />}
      >
        <CodeExample example={list.length === 0 ? exampleOfCreate : exampleOfList} />
        {begin}
      </PageHeader>
      <DataTable
        label="Webhook endpoints"
        columns={columns}
        rows={{
          count: list.length,
          total: endpoints.data && { value: list.length, isFloor: false },
          rowAt: (index) => list[index],
          loaded: list,
          show: nothing,
          error: endpoints.error,
          retry: () => void endpoints.refetch(),
        }}
        pageOf={({ id }) => `/webhooks/${id}`}
        phone={(endpoint) => <EndpointState endpoint={endpoint} />}
        empty={
          <Empty
            icon="webhook"
            title="No webhook endpoints yet"
            text="An endpoint is an address of yours that is told of every change, signed, in order per record, and again until it has taken it."
          >
            {begin}
          </Empty>
        }
      />
      {creating && <EndpointForm onClose={closeForm} onSave={create} />}
      {made !== undefined && (
        <SecretDialog
          secret={made.secret}
          onClose={() => {
            setMade(undefined);
            open(`/webhooks/${made.id}`);
          }}
        />
      )}
    </>
  );
}

/** How to make a first endpoint by code. */
const exampleOfCreate: Example = {
  curl: curl('/api/v1/webhook_endpoints', `-H 'Content-Type: application/json' -d '{"url": "https://app.example.com/hooks/crosswalk"}'`),
  node: node(
    "const { secret } = await crosswalk.webhookEndpoint.create({ url: 'https://app.example.com/hooks/crosswalk' });\nconsole.log(secret); // shown once",
  ),
  cli: 'npx crosswalk webhooks create https://app.example.com/hooks/crosswalk',
};

const exampleOfList = exampleOfReading('/api/v1/webhook_endpoints', 'crosswalk.webhookEndpoint.list()', 'webhooks list');

/** All rows are there. */
function nothing(): void {}
