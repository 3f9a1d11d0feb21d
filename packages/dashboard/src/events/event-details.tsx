import type { Event } from '@crosswalk/sdk';
import { Stack, Text } from '@mantine/core';
import { CodeBlock } from '../elements/code-block.tsx';
import { Copyable } from '../elements/copyable.tsx';
import { Facts } from '../elements/facts.tsx';
import { PageLink } from '../elements/page-link.tsx';
import { Panel } from '../elements/panel.tsx';
import { Plain } from '../elements/plain.tsx';
import { ExactTime } from '../elements/relative-time.tsx';
import { SideDialog } from '../elements/side-dialog.tsx';
import { differencesOf } from '../records/changed.ts';
import { Differences } from '../records/differences.tsx';
import { useActors } from '../session/actors.ts';
import { pageOfRecord, subjectName } from './event-names.ts';

/** All that is known of an event, beside the list. */
export function EventDetails({ event, onClose }: { event: Event | undefined; onClose: () => void }) {
  return (
    <SideDialog opened={event !== undefined} onClose={onClose} title={event?.type}>
      {event !== undefined && <Details event={event} />}
    </SideDialog>
  );
}

function Details({ event }: { event: Event }) {
  const { nameOf } = useActors();
  const { user_id } = event.data;
  const page = pageOfRecord({ ...event, user_id });
  const differences = differencesOf(event.changed);
  const { organization_id: organization } = event;
  return (
    <Stack gap="md">
      <Facts
        facts={[
          {
            name: 'Record',
            value:
              page === undefined ? (
                <Plain text={subjectName(event)} mark />
              ) : (
                <PageLink to={page}>
                  <Plain text={subjectName(event)} mark />
                </PageLink>
              ),
          },
          { name: 'Version', value: event.record_version },
          { name: 'Record ID', value: <Copyable text={event.record_id} label="record ID" /> },
          ...(event.external_id === null
            ? []
            : [{ name: 'External ID', value: <Copyable text={event.external_id} label="external ID" /> }]),
          ...(organization === null
            ? []
            : [{ name: 'Organization', value: <PageLink to={`/organizations/${organization}`}>{organization}</PageLink> }]),
          { name: 'By', value: <Plain text={nameOf(event.actor)} /> },
          { name: 'When', value: <ExactTime time={event.occurred_at} /> },
          { name: 'Request ID', value: <Copyable text={event.request_id} label="request ID" /> },
          { name: 'Event ID', value: <Copyable text={event.id} label="event ID" /> },
        ]}
      />
      <Panel title="What changed">
        {differences.length === 0 ? (
          <Text size="sm" c="dimmed">
            Nothing of the record itself.
          </Text>
        ) : (
          <Differences differences={differences} />
        )}
      </Panel>
      <Panel title={event.type.endsWith('.deleted') ? 'The record before' : 'The record after'}>
        <CodeBlock code={JSON.stringify(event.data, null, 2)} label="Data of the event" />
      </Panel>
    </Stack>
  );
}
