import type { CreateMetadataIndex, MetadataIndex } from '@crosswalk/sdk';
import { NativeSelect, Text, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { exampleOfReading } from '../../elements/client-code.ts';
import { Confirm } from '../../elements/confirm.tsx';
import { Empty } from '../../elements/empty.tsx';
import { FormDialog } from '../../elements/form-dialog.tsx';
import { notify } from '../../elements/notify.ts';
import { Plain } from '../../elements/plain.tsx';
import { RelativeTime } from '../../elements/relative-time.tsx';
import { RowActions } from '../../elements/row-actions.tsx';
import { SimpleTable } from '../../elements/simple-table.tsx';
import { State } from '../../elements/state.tsx';
import { useEnvironment } from '../../session/environment.ts';
import { Section } from './section.tsx';

/** How often the list is read while an index is built. Milliseconds. */
const interval = 2_000;

const kinds = { organization: 'Organizations', user: 'Users' } as const;
const types = { number: 'numbers', text: 'texts' } as const;
const states = {
  BUILDING: <State mood="busy">building</State>,
  READY: <State mood="good">ready</State>,
  FAILED: <State mood="bad">failed</State>,
};

/** The keys of metadata whose comparisons find records by an index. */
export default function IndexSettings() {
  const { id: environmentId, crosswalk } = useEnvironment();
  const queries = useQueryClient();
  const [creating, setCreating] = useState(false);
  const [deleting, setDeleting] = useState<MetadataIndex>();
  const key = [environmentId, 'metadata indexes'];
  const indexes = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => crosswalk.metadataIndex.list({ signal }),
    refetchInterval: ({ state: { data } }) => (data?.some(({ state }) => state === 'BUILDING') === true ? interval : false),
  });
  const changed = () => queries.invalidateQueries({ queryKey: key });
  const remove = async ({ id }: MetadataIndex) => {
    await crosswalk.metadataIndex.delete(id);
    await changed();
    notify('Index deleted.');
  };
  return (
    <>
      <Section
        about="Filters by equality are always fast. Comparisons (<, <=, >, >=, begins with) read the records in turn unless their key has an index. Writing a record takes a little longer with each."
        action={{ label: 'New index', run: () => setCreating(true) }}
        example={exampleOfReading('/api/v1/metadata_indexes', 'crosswalk.metadataIndex.list()', 'indexes list')}
        query={indexes}
      >
        {(list) =>
          list.length === 0 ? (
            <Empty icon="search" title="No indexes" text="Make one when a filter by comparison takes long, or ends with QUERY_TOO_SLOW." />
          ) : (
            <SimpleTable
              label="Indexes"
              minWidth={640}
              rows={list}
              keyOf={({ id }) => id}
              columns={[
                {
                  title: 'Key',
                  render: ({ key: name }) => (
                    <code style={{ overflowWrap: 'anywhere' }}>
                      <Plain text={name} />
                    </code>
                  ),
                },
                {
                  title: 'State',
                  render: ({ state, error }) => (
                    <>
                      {states[state]}
                      {error !== null && (
                        <Text size="xs" c="dimmed">
                          <Plain text={error} />
                        </Text>
                      )}
                    </>
                  ),
                },
                { title: 'Of', render: ({ kind }) => kinds[kind] },
                { title: 'Values', render: ({ type }) => types[type] },
                { title: 'Made', render: ({ create_time: time }) => <RelativeTime time={time} /> },
                {
                  title: 'Actions',
                  hidden: true,
                  width: 60,
                  render: (index) => (
                    <RowActions actions={[{ icon: 'trash', label: `Delete the index of ${index.key}`, run: () => setDeleting(index) }]} />
                  ),
                },
              ]}
            />
          )
        }
      </Section>
      {creating && <CreateIndex onClose={() => setCreating(false)} onMade={changed} />}
      {deleting !== undefined && (
        <Confirm
          opened
          onClose={() => setDeleting(undefined)}
          title="Delete this index?"
          action="Delete index"
          onConfirm={() => remove(deleting)}
        >
          Filters by <Plain text={deleting.key} /> find the same records without it; among very many that takes long.
        </Confirm>
      )}
    </>
  );
}

function CreateIndex({ onClose, onMade }: { onClose: () => void; onMade: () => Promise<void> }) {
  const { crosswalk } = useEnvironment();
  const [kind, setKind] = useState<CreateMetadataIndex['kind']>('organization');
  const [type, setType] = useState<CreateMetadataIndex['type']>('number');
  const [key, setKey] = useState('metadata.');
  const save = async () => {
    await crosswalk.metadataIndex.create({ kind, key: key.trim(), type });
    await onMade();
    notify('The index is being built.');
  };
  return (
    <FormDialog opened onClose={onClose} title="New index" action="Create index" failed="Not created" onSubmit={save}>
      <NativeSelect
        label="Whose metadata"
        value={kind}
        onChange={(event) => setKind(event.currentTarget.value === 'user' ? 'user' : 'organization')}
        data={[
          { value: 'organization', label: 'Organizations' },
          { value: 'user', label: 'Users' },
        ]}
      />
      <TextInput
        label="Key"
        description={'As a filter writes it: metadata.seats, or metadata["a key"].city'}
        required
        withAsterisk={false}
        value={key}
        onChange={(event) => setKey(event.currentTarget.value)}
        data-autofocus
      />
      <NativeSelect
        label="Values"
        value={type}
        onChange={(event) => setType(event.currentTarget.value === 'text' ? 'text' : 'number')}
        data={[
          { value: 'number', label: 'Numbers' },
          { value: 'text', label: 'Texts' },
        ]}
      />
    </FormDialog>
  );
}
