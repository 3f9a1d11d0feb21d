import type { Event } from '@crosswalk/sdk';
import { Alert, Button, Group, Skeleton, Text } from '@mantine/core';
import { Suspense, useState } from 'react';
import { textOf, textsOf, useAddress } from '../../data/location.ts';
import { type Column, DataTable } from '../../elements/data-table.tsx';
import { Empty } from '../../elements/empty.tsx';
import { counted } from '../../elements/figure.ts';
import { Icon } from '../../elements/icon.tsx';
import { later } from '../../elements/later.tsx';
import { PageHeader } from '../../elements/page-header.tsx';
import { Plain } from '../../elements/plain.tsx';
import { RelativeTime } from '../../elements/relative-time.tsx';
import { State } from '../../elements/state.tsx';
import { useKeys } from '../../elements/use-keys.ts';
import { subjectName } from '../../events/event-names.ts';
import { EventType } from '../../events/event-type.tsx';
import { useEvents } from '../../events/use-events.ts';
import { useActors } from '../../session/actors.ts';
import { EventCode } from './event-code.tsx';
import { useWanted } from './wanted.ts';

/** The boxes to choose from are more code than the rest of the page: they come beside the events. */
const EventFilter = later(async () => ({ default: (await import('./event-filter.tsx')).EventFilter }));
void EventFilter.preload();

const EventDetails = later(async () => ({ default: (await import('../../events/event-details.tsx')).EventDetails }));

/** What happened, newest first, and what happens now. */
export default function EventsPage() {
  const [address, setAddress] = useAddress();
  const { nameOf } = useActors();
  const wanted = useWanted(textsOf(address, 'type'), textOf(address, 'organization'), textOf(address, 'actor'), {
    last: textOf(address, 'last'),
    from: textOf(address, 'from'),
    to: textOf(address, 'to'),
  });
  const [isLive, setLive] = useState(true);
  const { rows, waiting, isTrimmed, tailError, showNewest } = useEvents(wanted, isLive);
  const [chosen, setChosen] = useState<Event>();
  useKeys([['p', () => setLive(!isLive)]]);
  const mayTail = wanted.to === undefined;
  const columns: Column<Event>[] = [
    { id: 'type', title: 'Event', width: 'minmax(220px, 1.2fr)', render: ({ type }) => <EventType type={type} /> },
    { id: 'record', title: 'Record', width: 'minmax(140px, 1.2fr)', render: (event) => <Plain text={subjectName(event)} mark /> },
    { id: 'changed', title: 'Changed', width: 'minmax(120px, 1.4fr)', render: (event) => <Plain text={changedKeys(event)} /> },
    { id: 'actor', title: 'By', width: 'minmax(100px, 0.8fr)', render: ({ actor }) => <Plain text={nameOf(actor)} /> },
    { id: 'time', title: 'When', width: '120px', render: ({ occurred_at: time }) => <RelativeTime time={time} /> },
  ];
  const isFiltered = Object.values(wanted).some((value) => value !== undefined);
  return (
    <>
      <PageHeader
        title="Events"
        description={
          <Group gap={8} aria-live="polite">
            {mayTail && (
              <State mood={isLive ? (tailError === null ? 'good' : 'warning') : 'over'}>
                {isLive ? (tailError === null ? 'Live' : 'No connection') : 'Paused'}
              </State>
            )}
            Every change of a record, in the order of the change feed.
          </Group>
        }
      >
        <EventCode wanted={wanted} />
        {mayTail && (
          <Button variant="default" onClick={() => setLive(!isLive)} aria-keyshortcuts="p">
            {isLive ? 'Pause' : 'Resume'}
          </Button>
        )}
      </PageHeader>
      <Suspense fallback={<Skeleton h={36} mb="sm" />}>
        <EventFilter address={address} onChange={setAddress} />
      </Suspense>
      {isLive && tailError !== null && (
        <Alert color="orange" icon={<Icon name="warning" />} mb="sm">
          New events cannot be read now: {tailError.message}. They are asked for again by themselves.
        </Alert>
      )}
      {(waiting > 0 || isTrimmed) && (
        <Group justify="center" style={{ position: 'sticky', top: 60, zIndex: 3 }} mb="xs">
          <Button size="xs" onClick={showNewest}>
            {waiting > 0 ? `${counted(waiting, 'new events')}${waiting >= 2000 ? ' or more' : ''}` : 'Back to the newest'}
          </Button>
        </Group>
      )}
      <DataTable
        key={JSON.stringify(wanted)}
        label="Events"
        columns={columns}
        rows={rows}
        pageOf={(event) => () => setChosen(event)}
        phone={(event) => (
          <>
            <Plain text={subjectName(event)} />, <RelativeTime time={event.occurred_at} />
          </>
        )}
        empty={
          isFiltered ? (
            <Empty icon="filter" title="No event matches" text="Events are kept for 90 days unless the server is set otherwise.">
              <Button
                variant="default"
                onClick={() =>
                  setAddress({
                    type: undefined,
                    organization: undefined,
                    actor: undefined,
                    last: undefined,
                    from: undefined,
                    to: undefined,
                  })
                }
              >
                Show all
              </Button>
            </Empty>
          ) : (
            <Empty
              icon="event"
              title="No events yet"
              text="Every change of a record becomes an event, written in the same transaction. Create an organization, and it shows up here at once."
            />
          )
        }
      />
      {rows.total !== undefined && rows.count > 0 && (
        <Text size="xs" c="dimmed" mt="xs">
          Keys: arrows and Enter for details, p to pause.
        </Text>
      )}
      <Suspense>
        <EventDetails event={chosen} onClose={() => setChosen(undefined)} />
      </Suspense>
    </>
  );
}

function changedKeys({ type, changed }: Event): string {
  const keys = Object.keys(changed);
  if (type.endsWith('created') || keys.length === 0) return '–';
  return keys.slice(0, 4).join(', ') + (keys.length > 4 ? ` and ${keys.length - 4} more` : '');
}
