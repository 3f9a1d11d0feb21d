import { Box, Button, Group, TextInput } from '@mantine/core';
import { type ReactNode, useRef } from 'react';
import { useKeysetRows } from '../data/keyset-rows.ts';
import { textOf, textsOf, useAddress, useAddressField } from '../data/location.ts';
import { useStoredList } from '../data/stored.ts';
import { CodeExample } from '../elements/code-example.tsx';
import { type Column, DataTable } from '../elements/data-table.tsx';
import { Empty } from '../elements/empty.tsx';
import { Failure } from '../elements/failure.tsx';
import { Icon } from '../elements/icon.tsx';
import { Value } from '../elements/json-value.tsx';
import { PageHeader } from '../elements/page-header.tsx';
import { Total } from '../elements/total.tsx';
import { useKeys } from '../elements/use-keys.ts';
import { useEnvironment } from '../session/environment.ts';
import { ColumnsMenu } from './columns-menu.tsx';
import { exampleOfList } from './examples.ts';
import { allOf, metadataKeys } from './filter.ts';
import { FilterBar } from './filter-bar.tsx';
import type { DirectoryRecord, Kind, Wanted } from './kind.ts';
import { ExportButton, useListExport } from './list-export.tsx';
import { useSystems } from './use-systems.ts';

/** The fewest characters that the server looks for within names and IDs. */
const leastText = 3;

interface RecordListProps<RecordType extends DirectoryRecord> {
  kind: Kind<RecordType>;
  title: string;
  /** the first is the link to the record */
  columns: Column<RecordType>[];
  /** of `columns`, the IDs of those that are shown until somebody chooses */
  initial: string[];
  phone: (record: RecordType) => ReactNode;
  /** in place of the table when the environment has none */
  empty: ReactNode;
  /** Opens the form for a new one. */
  onCreate: () => void;
}

/** The table of all organizations or all users: filters in the address, columns as this browser remembers them for the environment. */
export function RecordList<RecordType extends DirectoryRecord>({
  kind,
  title,
  columns,
  initial,
  phone,
  empty,
  onCreate,
}: RecordListProps<RecordType>) {
  const { id: environmentId, crosswalk, mayEdit } = useEnvironment();
  const [address, setAddress] = useAddress();
  const text = textOf(address, 'text');
  const conditions = textsOf(address, 'where');
  const systems = useSystems();
  const [typed, setTyped] = useAddressField('text');
  const input = useRef<HTMLInputElement>(null);
  const [chosen, setChosen] = useStoredList(`columns ${kind.plural} ${environmentId}`, initial);
  const search = text.length >= leastText ? { text } : {};
  const filter = allOf(conditions);
  const wanted: Wanted = 'text' in search || filter === undefined ? search : { filter };
  const rows = useKeysetRows([environmentId, kind.plural, 'list', wanted], (page, signal) =>
    kind.page(crosswalk, wanted, page, { signal }),
  );
  useKeys([
    ['/', () => input.current?.focus()],
    ['c', () => mayEdit && onCreate()],
  ]);
  const exported = useListExport(kind, wanted);
  const keys = metadataKeys(rows.loaded);
  const shown = [
    ...columns.slice(0, 1),
    ...chosen.flatMap((name): Column<RecordType>[] => {
      const known = columns.slice(1).find(({ id }) => id === name);
      if (known !== undefined) return [known];
      if (!name.startsWith('metadata.')) return [];
      const key = name.slice('metadata.'.length);
      return [{ id: name, title: key, render: ({ metadata }) => <Value value={metadata[key]} /> }];
    }),
  ];
  const narrowed = text !== '' || conditions.length > 0;
  return (
    <>
      <PageHeader title={title} description={<Total total={rows.total} noun={kind.plural} />}>
        <CodeExample example={exampleOfList(kind, wanted)} />
        <ExportButton of={exported} wanted={wanted} />
        {mayEdit && (
          <Button leftSection={<Icon name="plus" />} onClick={onCreate}>
            New {kind.noun}
          </Button>
        )}
      </PageHeader>
      {exported.error !== null && (
        <Box mb="sm">
          <Failure title="Not exported" error={exported.error} onRetry={() => exported.mutate(wanted)} />
        </Box>
      )}
      <Group gap="xs" mb="sm" align="flex-start">
        <TextInput
          ref={input}
          aria-label={`Filter ${kind.plural} by name or ID`}
          placeholder={kind.noun === 'user' ? 'Name, email or ID contains…' : 'Name or ID contains…'}
          leftSection={<Icon name="search" />}
          flex="1 1 220px"
          maw={360}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          description={typed.trim().length > 0 && typed.trim().length < leastText ? `${leastText} characters or more` : undefined}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
        />
        <FilterBar
          keys={keys}
          systems={systems.names}
          conditions={conditions}
          onChange={(where) => setAddress({ where })}
          {...('text' in search ? { disabled: 'A text and conditions cannot be combined: clear the text to filter by metadata.' } : {})}
        />
        <ColumnsMenu columns={columns.slice(1)} keys={keys} chosen={chosen} onChange={setChosen} />
      </Group>
      <DataTable
        key={JSON.stringify(wanted)}
        label={title}
        columns={shown}
        rows={rows}
        pageOf={({ id }) => `${kind.path}/${id}`}
        phone={phone}
        empty={
          narrowed ? (
            <Empty
              icon="filter"
              title={`No ${kind.noun} matches`}
              text="Texts are looked for in names and IDs whatever their case; metadata is compared with its type: 250 is not “250”."
            >
              <Button
                variant="default"
                onClick={() => {
                  setAddress({ text: undefined, where: undefined });
                }}
              >
                Show all
              </Button>
            </Empty>
          ) : (
            empty
          )
        }
      />
    </>
  );
}
