import { Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Suspense } from 'react';
import { Facts } from '../elements/facts.tsx';
import { Icon } from '../elements/icon.tsx';
import { Value } from '../elements/json-value.tsx';
import { later } from '../elements/later.tsx';
import { Panel } from '../elements/panel.tsx';
import { useKeys } from '../elements/use-keys.ts';
import { useEnvironment } from '../session/environment.ts';
import { type DirectoryRecord, entriesByName, type Kind, type Metadata } from './kind.ts';
import { useChanged } from './use-record.ts';

const MetadataEditor = later(() => import('./metadata-editor.tsx'));

/** The owner's own fields of a record, each with its type, and the way to change them. */
export function MetadataPanel<RecordType extends DirectoryRecord>({ kind, record }: { kind: Kind<RecordType>; record: RecordType }) {
  const { crosswalk, mayEdit } = useEnvironment();
  const changed = useChanged(kind);
  const [editing, { open, close }] = useDisclosure();
  useKeys([['e', () => mayEdit && open()]]);
  const read = async () => {
    const current = await kind.get(crosswalk, record.id, {});
    await changed(current);
    return current;
  };
  const save = async (metadata: Metadata, version: number) =>
    changed(await kind.replaceMetadata(crosswalk, record.id, metadata, { ifMatch: version }));
  const entries = entriesByName(record.metadata);
  return (
    <Panel
      title="Metadata"
      actions={
        mayEdit && (
          <Button size="compact-sm" variant="default" leftSection={<Icon name="pencil" size={14} />} onClick={open}>
            Edit metadata
          </Button>
        )
      }
    >
      {entries.length === 0 ? (
        <Text size="sm" c="dimmed">
          None yet. Metadata is your own: a plan, seats, an owner. Values keep their types and can be searched.
        </Text>
      ) : (
        <Facts facts={entries.map(([key, value]) => ({ name: key, value: <Value value={value} /> }))} />
      )}
      <Suspense>{editing && <MetadataEditor record={record} read={read} save={save} onClose={close} />}</Suspense>
    </Panel>
  );
}
