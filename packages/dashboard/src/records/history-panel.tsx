import type { Event, JsonValue } from '@crosswalk/sdk';
import { Button, Skeleton, Stack, Text, Timeline } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Confirm } from '../elements/confirm.tsx';
import { Empty } from '../elements/empty.tsx';
import { Failure } from '../elements/failure.tsx';
import { Value } from '../elements/json-value.tsx';
import { notify } from '../elements/notify.ts';
import { Plain } from '../elements/plain.tsx';
import { ExactTime } from '../elements/relative-time.tsx';
import { useActors } from '../session/actors.ts';
import { useEnvironment } from '../session/environment.ts';
import { differencesOf } from './changed.ts';
import { Differences } from './differences.tsx';
import type { DirectoryRecord, Kind } from './kind.ts';
import { useChanged } from './use-record.ts';

/** A key of metadata on its way back to what it was. */
interface Reverting {
  key: string;
  /** where it gets its value from */
  version: number;
  /** of the record, when the person asked for it */
  seen: number;
  /** undefined: it was not there, and is removed */
  to: JsonValue | undefined;
}

/** What happened to a record, newest first: who, what before and after, and the way back for metadata while the record is there. */
export function HistoryPanel<RecordType extends DirectoryRecord>({ kind, id }: { kind: Kind<RecordType>; id: string }) {
  const { id: environmentId, crosswalk, mayEdit } = useEnvironment();
  const changed = useChanged(kind);
  const actors = useActors();
  const [reverting, setReverting] = useState<Reverting>();
  const history = useInfiniteQuery({
    queryKey: [environmentId, kind.plural, 'history', id],
    queryFn: ({ signal, pageParam }) =>
      crosswalk[kind.noun].history.list(id, { pageSize: 30, ...(pageParam === '' ? {} : { pageToken: pageParam }) }, { signal }),
    initialPageParam: '',
    getNextPageParam: ({ next_page_token: token }) => (token === '' ? undefined : token),
  });
  if (history.error !== null)
    return <Failure title="The history could not be read" error={history.error} onRetry={() => void history.refetch()} />;
  if (history.data === undefined)
    return (
      <Stack aria-hidden="true">
        <Skeleton h={60} />
        <Skeleton h={60} />
        <Skeleton h={60} />
      </Stack>
    );
  const events = history.data.pages.flatMap((page) => page.events);
  const [newest] = events;
  if (newest === undefined)
    return (
      <Empty
        icon="history"
        title="No history"
        text="Changes are kept for 90 days unless the server is set otherwise. This one has had none since."
      />
    );
  // What the person has seen: it may be newer than the record that the page was opened with.
  const seen = newest.record_version;
  const mayRevert = mayEdit && newest.type !== `${kind.noun}.deleted`;
  const revert = async ({ key, version, seen: of, to }: Reverting) => {
    await changed(await kind.revertMetadata(crosswalk, id, { key, version }, { ifMatch: of }));
    notify(to === undefined ? `${key} is removed.` : `${key} has its former value again.`);
  };
  return (
    <>
      <Timeline bulletSize={12} lineWidth={1} pl={4}>
        {events.map((event) => (
          <Timeline.Item key={event.id}>
            <Text size="sm" component="div" mb={4}>
              <b>{titleOf(event)}</b> by {actors.nameOf(event.actor)}, <ExactTime time={event.occurred_at} />
              <Text span c="dimmed" size="xs">
                , version {event.record_version}
              </Text>
            </Text>
            <Differences
              differences={differencesOf(event.changed)}
              actionOf={({ key, before }) => {
                const name = metadataKeyOf(key);
                if (!mayRevert || name === undefined || event.type.endsWith('.created')) return undefined;
                return {
                  label: `Revert ${name}`,
                  run: () => setReverting({ key: name, version: event.record_version - 1, seen, to: before }),
                };
              }}
            />
          </Timeline.Item>
        ))}
      </Timeline>
      {history.hasNextPage && (
        <Button variant="default" mt="md" loading={history.isFetchingNextPage} onClick={() => void history.fetchNextPage()}>
          Show earlier changes
        </Button>
      )}
      {reverting !== undefined && (
        <Confirm
          opened
          onClose={() => setReverting(undefined)}
          title="Revert this key?"
          action="Revert"
          onConfirm={() => revert(reverting)}
        >
          {reverting.to === undefined ? (
            <>
              <Plain text={reverting.key} /> is removed: it was not there at version {reverting.version}.
            </>
          ) : (
            <>
              <Plain text={reverting.key} /> gets the value that it had at version {reverting.version}: <Value value={reverting.to} />
            </>
          )}
        </Confirm>
      )}
    </>
  );
}

function titleOf({ type }: Event): string {
  const [, what = ''] = type.split('.');
  const text = what.replaceAll('_', ' ');
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** The top-level key of metadata in a path of a change; undefined for what is no metadata or lies deeper, where a revert would take more. */
function metadataKeyOf(path: string): string | undefined {
  return path.startsWith('metadata.') ? path.slice('metadata.'.length) : undefined;
}
