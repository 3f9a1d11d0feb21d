import { NotFoundError } from '@crosswalk/sdk';
import { SimpleGrid, Skeleton, Stack, Tabs } from '@mantine/core';
import type { ReactNode } from 'react';
import { textOf, useAddress } from '../data/location.ts';
import { Failure } from '../elements/failure.tsx';
import { PageHeader } from '../elements/page-header.tsx';
import { DeletedRecord } from './deleted-record.tsx';
import { exampleOfHistory, exampleOfMemberships, exampleOfRecord } from './examples.ts';
import { ExternalIdsPanel } from './external-ids-panel.tsx';
import { FieldsPanel } from './fields-panel.tsx';
import { HistoryPanel } from './history-panel.tsx';
import type { DirectoryRecord, Kind } from './kind.ts';
import { MembershipsPanel } from './memberships-panel.tsx';
import { MetadataPanel } from './metadata-panel.tsx';
import { RawPanel } from './raw-panel.tsx';
import { RecordHeader } from './record-header.tsx';
import { useRecord } from './use-record.ts';

const tabs = ['record', 'memberships', 'history', 'json'] as const;

interface RecordPageProps<RecordType extends DirectoryRecord> {
  kind: Kind<RecordType>;
  id: string;
  /** what only this kind of record has, beside its IDs and fields */
  panels?: ReactNode;
}

/** The page of one organization or user: its IDs, metadata, memberships and history. The tab is in the address. */
export function RecordPage<RecordType extends DirectoryRecord>({ kind, id, panels }: RecordPageProps<RecordType>) {
  const { data: record, error, refetch } = useRecord(kind, id);
  const [address, setAddress] = useAddress();
  // What was read before it was deleted is no record any more.
  if (error instanceof NotFoundError) return <DeletedRecord kind={kind} id={id} error={error} onRetry={() => void refetch()} />;
  if (record === undefined) {
    return error === null ? (
      <Stack aria-hidden="true">
        <Skeleton h={28} w={260} />
        <Skeleton h={36} />
        <Skeleton h={240} />
      </Stack>
    ) : (
      <>
        <PageHeader title={kind.noun === 'organization' ? 'Organization' : 'User'} />
        <Failure title={`The ${kind.noun} could not be read`} error={error} onRetry={() => void refetch()} />
      </>
    );
  }
  const tab = tabs.find((name) => name === textOf(address, 'tab')) ?? 'record';
  const exampleOf = tab === 'memberships' ? exampleOfMemberships : tab === 'history' ? exampleOfHistory : exampleOfRecord;
  return (
    <>
      <RecordHeader kind={kind} record={record} example={exampleOf(kind, record)} />
      <Tabs
        value={tab}
        onChange={(chosen) => setAddress({ tab: chosen === 'record' || chosen === null ? undefined : chosen })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="record">Record</Tabs.Tab>
          <Tabs.Tab value="memberships">{kind.noun === 'organization' ? 'Members' : 'Organizations'}</Tabs.Tab>
          <Tabs.Tab value="history">History</Tabs.Tab>
          <Tabs.Tab value="json">JSON</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="record">
          <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
            <Stack gap="md" miw={0}>
              <ExternalIdsPanel kind={kind} record={record} />
              <FieldsPanel kind={kind} record={record} />
              {panels}
            </Stack>
            <MetadataPanel kind={kind} record={record} />
          </SimpleGrid>
        </Tabs.Panel>
        <Tabs.Panel value="memberships">
          <MembershipsPanel kind={kind} record={record} />
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <HistoryPanel kind={kind} id={record.id} />
        </Tabs.Panel>
        <Tabs.Panel value="json">
          <RawPanel record={record} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
