import { NotFoundError, type WebhookEndpoint } from '@crosswalk/sdk';
import { Button, Menu, Skeleton, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Suspense, useState } from 'react';
import { textOf, useAddress, useOpen, usePathPart } from '../../data/location.ts';
import { exampleOfReading, quoted, shell, withQuery } from '../../elements/client-code.ts';
import { CodeExample, type Example } from '../../elements/code-example.tsx';
import { Confirm } from '../../elements/confirm.tsx';
import { Copyable } from '../../elements/copyable.tsx';
import { Facts } from '../../elements/facts.tsx';
import { Failure } from '../../elements/failure.tsx';
import { Icon } from '../../elements/icon.tsx';
import { later } from '../../elements/later.tsx';
import { notify } from '../../elements/notify.ts';
import { PageHeader } from '../../elements/page-header.tsx';
import { PageLink } from '../../elements/page-link.tsx';
import { Panel } from '../../elements/panel.tsx';
import { Plain } from '../../elements/plain.tsx';
import { ExactTime } from '../../elements/relative-time.tsx';
import { useEnvironment } from '../../session/environment.ts';
import { EndpointState } from '../../webhooks/endpoint-state.tsx';
import { useEndpoint, useRefreshWebhooks } from '../../webhooks/use-endpoint.ts';
import { Deliveries } from './deliveries.tsx';
import { Stats } from './stats.tsx';

// Forms come when they are opened: the page is there sooner.
const EndpointForm = later(async () => ({ default: (await import('../../webhooks/endpoint-form.tsx')).EndpointForm }));
const SecretDialog = later(async () => ({ default: (await import('../../webhooks/secret-dialog.tsx')).SecretDialog }));
const RotateForm = later(async () => ({ default: (await import('./rotate-form.tsx')).RotateForm }));
const TestDialog = later(async () => ({ default: (await import('./test-dialog.tsx')).TestDialog }));

type Dialog = 'edit' | 'rotate' | 'delete' | 'disable' | 'test';

/** One endpoint: what it gets, how that goes, and what can be done about it. */
export default function WebhookPage() {
  const id = usePathPart('id');
  const { crosswalk, mayAdminister } = useEnvironment();
  const open = useOpen();
  const [address] = useAddress();
  const refresh = useRefreshWebhooks();
  const { data: endpoint, error, refetch } = useEndpoint(id);
  // With the endpoint as it was when the dialog opened: what is changed is that version, not what was read behind it.
  const [{ dialog, seen }, setDialog] = useState<{ dialog?: Dialog; seen?: WebhookEndpoint }>({});
  const [secret, setSecret] = useState<string>();
  const close = () => setDialog({});
  const enable = useMutation({
    mutationFn: async ({ version }: WebhookEndpoint) => {
      await crosswalk.webhookEndpoint.enable(id, { ifMatch: version });
      await refresh();
      notify('Events are sent to it again.');
    },
  });
  // What was read before it was deleted is no endpoint any more.
  if (endpoint === undefined || error instanceof NotFoundError)
    return (
      <>
        <PageHeader title="Webhook endpoint" />
        {error === null ? (
          <Stack aria-hidden="true">
            <Skeleton h={120} />
            <Skeleton h={220} />
          </Stack>
        ) : (
          <Failure title="The endpoint could not be read" error={error} onRetry={() => void refetch()} />
        )}
      </>
    );
  const ask = (which: Dialog) => setDialog({ dialog: which, seen: endpoint });
  const change = { ifMatch: (seen ?? endpoint).version };
  const leave = async () => {
    await open('/webhooks');
    // Not before: this page would read the endpoint that is gone.
    await refresh();
  };
  return (
    <>
      <PageHeader
        title={endpoint.url}
        heading={
          <>
            <Plain text={endpoint.url} /> <EndpointState endpoint={endpoint} />
          </>
        }
        description={<PageLink to="/webhooks">All endpoints</PageLink>}
      >
        <CodeExample example={exampleOfDeliveries(id, textOf(address, 'status'))} />
        {mayAdminister && (
          <>
            <Button variant="default" onClick={() => ask('test')}>
              Send a test
            </Button>
            <Button variant="default" onClick={() => ask('edit')} leftSection={<Icon name="pencil" size={14} />}>
              Edit
            </Button>
            <Menu position="bottom-end" width={220}>
              <Menu.Target>
                <Button variant="default" px={8} aria-label="More">
                  <Icon name="more" />
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                {endpoint.status === 'ENABLED' ? (
                  <Menu.Item onClick={() => ask('disable')}>Disable…</Menu.Item>
                ) : (
                  <Menu.Item onClick={() => enable.mutate(endpoint)}>Enable</Menu.Item>
                )}
                <Menu.Item onClick={() => ask('rotate')}>Rotate the secret…</Menu.Item>
                <Menu.Divider />
                <Menu.Item color="red" onClick={() => ask('delete')}>
                  Delete…
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </>
        )}
      </PageHeader>
      {enable.error !== null && <Failure title="Not enabled" error={enable.error} onCurrent={enable.reset} />}
      <Stack gap="md">
        <Panel title="Endpoint">
          <Facts
            facts={[
              { name: 'ID', value: <Copyable text={id} label="endpoint ID" /> },
              { name: 'What listens there', value: endpoint.description === '' ? '–' : <Plain text={endpoint.description} /> },
              { name: 'Events', value: endpoint.event_types.length === 0 ? 'every event' : endpoint.event_types.join(', ') },
              ...(endpoint.failing_since === null ? [] : [{ name: 'Failing since', value: <ExactTime time={endpoint.failing_since} /> }]),
              ...(endpoint.previous_secret_expire_time === null
                ? []
                : [{ name: 'Old secret signs too until', value: <ExactTime time={endpoint.previous_secret_expire_time} /> }]),
              { name: 'Created', value: <ExactTime time={endpoint.create_time} /> },
            ]}
          />
        </Panel>
        <Stats id={id} />
        <Deliveries id={id} />
      </Stack>
      <Suspense>
        {dialog === 'edit' && (
          <EndpointForm
            endpoint={seen ?? endpoint}
            onClose={close}
            onSave={async (draft) => {
              await crosswalk.webhookEndpoint.update(id, draft, change);
              await refresh();
            }}
          />
        )}
        {dialog === 'rotate' && (
          <RotateForm
            id={id}
            onClose={close}
            onRotated={(next) => {
              setSecret(next);
              void refresh();
            }}
          />
        )}
        {dialog === 'test' && <TestDialog id={id} onClose={close} />}
        {secret !== undefined && <SecretDialog secret={secret} onClose={() => setSecret(undefined)} />}
      </Suspense>
      <Confirm
        opened={dialog === 'disable'}
        onClose={close}
        title="Disable this endpoint?"
        action="Disable endpoint"
        onConfirm={async () => {
          await crosswalk.webhookEndpoint.disable(id, change);
          await refresh();
        }}
      >
        Nothing is sent to it any more. What happens meanwhile is sent by a replay of that time alone.
      </Confirm>
      <Confirm
        opened={dialog === 'delete'}
        onClose={close}
        title="Delete this endpoint?"
        action="Delete endpoint"
        onConfirm={async () => {
          await crosswalk.webhookEndpoint.delete(id, change);
          notify('Endpoint deleted.');
        }}
        onDone={() => void leave()}
      >
        <Plain text={endpoint.url} /> gets nothing any more, and what is still to be sent to it is gone.
      </Confirm>
    </>
  );
}

/** How to read by code what was sent to an endpoint, all of it or what is in a state. */
function exampleOfDeliveries(id: string, status: string): Example {
  return exampleOfReading(
    withQuery(`/api/v1/webhook_endpoints/${id}/deliveries`, { status }),
    `crosswalk.webhookEndpoint.deliveries(${quoted(id)}${status === '' ? '' : `, { status: ${quoted(status)} }`})`,
    `webhooks deliveries ${id}${status === '' ? '' : ` --status ${shell(status.toLowerCase())}`}`,
  );
}
