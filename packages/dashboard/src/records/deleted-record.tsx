import type { NotFoundError } from '@crosswalk/sdk';
import { Group, Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Copyable } from '../elements/copyable.tsx';
import { Failure } from '../elements/failure.tsx';
import { PageHeader } from '../elements/page-header.tsx';
import { PageLink } from '../elements/page-link.tsx';
import { Plain } from '../elements/plain.tsx';
import { RelativeTime } from '../elements/relative-time.tsx';
import { subjectName } from '../events/event-names.ts';
import { useActors } from '../session/actors.ts';
import { useEnvironment } from '../session/environment.ts';
import { HistoryPanel } from './history-panel.tsx';
import type { DirectoryRecord, Kind } from './kind.ts';

interface DeletedRecordProps<RecordType extends DirectoryRecord> {
  kind: Kind<RecordType>;
  id: string;
  /** what reading the record was answered with */
  error: NotFoundError;
  onRetry: () => void;
}

/** In place of a record that is not there: who deleted it and when, and its history as long as that is kept; else that it was not found. */
export function DeletedRecord<RecordType extends DirectoryRecord>({ kind, id, error, onRetry }: DeletedRecordProps<RecordType>) {
  const { id: environmentId, crosswalk } = useEnvironment();
  const { nameOf } = useActors();
  const deletion = useQuery({
    queryKey: [environmentId, kind.plural, 'deletion', id],
    queryFn: async ({ signal }) => {
      const { events } = await crosswalk[kind.noun].history.list(id, { pageSize: 1 }, { signal });
      return events.find(({ type }) => type === `${kind.noun}.deleted`) ?? null;
    },
  });
  if (deletion.isPending) return <Skeleton h={240} aria-hidden="true" />;
  if (deletion.data == null)
    return (
      <>
        <PageHeader title={kind.noun === 'organization' ? 'Organization' : 'User'} />
        <Failure title={`The ${kind.noun} could not be read`} error={error} onRetry={onRetry} />
      </>
    );
  const title = subjectName(deletion.data);
  return (
    <>
      <Text size="xs" mb={2}>
        <PageLink to={kind.path}>{kind.plural === 'users' ? 'Users' : 'Organizations'}</PageLink>
      </Text>
      <PageHeader
        title={title}
        heading={<Plain text={title} mark />}
        description={
          <Group gap="2px 16px">
            <Copyable text={id} label={`${kind.noun} ID`} />
            <span>
              Deleted <RelativeTime time={deletion.data.occurred_at} /> by <Plain text={nameOf(deletion.data.actor)} />
            </span>
          </Group>
        }
      />
      <HistoryPanel kind={kind} id={id} />
    </>
  );
}
