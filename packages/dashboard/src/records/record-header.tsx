import { ActionIcon, Group, Menu, Text } from '@mantine/core';
import { useState } from 'react';
import { useOpen } from '../data/location.ts';
import { CodeExample, type Example } from '../elements/code-example.tsx';
import { Confirm } from '../elements/confirm.tsx';
import { Copyable } from '../elements/copyable.tsx';
import { Icon } from '../elements/icon.tsx';
import { notify } from '../elements/notify.ts';
import { PageHeader } from '../elements/page-header.tsx';
import { PageLink } from '../elements/page-link.tsx';
import { Plain } from '../elements/plain.tsx';
import { RelativeTime } from '../elements/relative-time.tsx';
import { useEnvironment } from '../session/environment.ts';
import type { DirectoryRecord, Kind } from './kind.ts';
import { useChanged } from './use-record.ts';

interface RecordHeaderProps<RecordType extends DirectoryRecord> {
  kind: Kind<RecordType>;
  record: RecordType;
  /** how to read what is below by code */
  example: Example;
}

/** What a record is called, its ID, and what can be done with it as a whole. */
export function RecordHeader<RecordType extends DirectoryRecord>({ kind, record, example }: RecordHeaderProps<RecordType>) {
  const { crosswalk, mayEdit } = useEnvironment();
  const changed = useChanged(kind);
  const open = useOpen();
  // The record as it was when the question was asked: the page goes on reading it.
  const [deleting, setDeleting] = useState<RecordType>();
  const title = kind.nameOf(record);
  const remove = async ({ id, version }: RecordType) => {
    await kind.delete(crosswalk, id, { ifMatch: version });
    notify(`${title} was deleted.`);
  };
  const leave = async () => {
    await open(kind.path, { replace: true });
    // Not before: this page would read the record that is gone.
    await changed();
  };
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
            <Copyable text={record.id} label={`${kind.noun} ID`} />
            <span>version {record.version}</span>
            <span>
              changed <RelativeTime time={record.update_time} />
            </span>
          </Group>
        }
      >
        <CodeExample example={example} />
        {mayEdit && (
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon variant="default" size={36} aria-label="More">
                <Icon name="more" size={18} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item color="red" leftSection={<Icon name="trash" />} onClick={() => setDeleting(record)}>
                Delete {kind.noun}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </PageHeader>
      {deleting !== undefined && (
        <Confirm
          opened
          onClose={() => setDeleting(undefined)}
          title={`Delete this ${kind.noun}?`}
          action={`Delete ${kind.noun}`}
          typed={deleting.external_id ?? kind.nameOf(deleting)}
          onConfirm={() => remove(deleting)}
          onDone={() => void leave()}
        >
          {kind.noun === 'organization'
            ? 'It goes with its memberships, domains and IDs. Its users stay. '
            : 'They go with their memberships and IDs. Organizations stay. '}
          This cannot be undone; its history stays.
        </Confirm>
      )}
    </>
  );
}
