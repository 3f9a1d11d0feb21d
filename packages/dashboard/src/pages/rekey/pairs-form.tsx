import { Alert, Autocomplete, Group, NativeSelect, Stack } from '@mantine/core';
import { Icon } from '../../elements/icon.tsx';
import { Plain } from '../../elements/plain.tsx';
import { SimpleTable } from '../../elements/simple-table.tsx';
import type { SourceFile } from '../../imports/source-file.ts';
import { useSystems } from '../../records/use-systems.ts';
import { columnsOf, type PairsDraft } from './pairs.ts';

interface PairsFormProps {
  source: SourceFile;
  draft: PairsDraft;
  onChange: (draft: PairsDraft) => void;
  problem: string | undefined;
}

/** Pairs that are shown before anything is decided. */
const shown = 3;

/** Says whose IDs a file has, and in which columns. */
export function PairsForm({ source, draft, onChange, problem }: PairsFormProps) {
  const systems = useSystems();
  const columns = [{ value: '', label: 'Choose a column' }, ...columnsOf(source).map((name) => ({ value: name, label: name }))];
  const cell = (cells: readonly string[], column: string) => cells[source.header.indexOf(column)] ?? '';
  return (
    <Stack gap="sm">
      <Group gap="sm" align="flex-start">
        <NativeSelect
          label="Each ID is of"
          data={[
            { value: 'organization', label: 'An organization' },
            { value: 'user', label: 'A user' },
          ]}
          value={draft.kind}
          onChange={(event) => onChange({ ...draft, kind: event.currentTarget.value === 'user' ? 'user' : 'organization' })}
          flex="1 1 160px"
        />
        <Autocomplete
          label="System whose IDs these are"
          placeholder="Primary external IDs"
          data={systems.names}
          value={draft.system}
          onChange={(system) => onChange({ ...draft, system })}
          flex="1 1 200px"
        />
        {source.format === 'csv' && (
          <>
            <NativeSelect
              label="Old IDs"
              data={columns}
              value={draft.old}
              onChange={(event) => onChange({ ...draft, old: event.currentTarget.value })}
              flex="1 1 160px"
            />
            <NativeSelect
              label="New IDs"
              data={columns}
              value={draft.new}
              onChange={(event) => onChange({ ...draft, new: event.currentTarget.value })}
              flex="1 1 160px"
            />
          </>
        )}
      </Group>
      {problem === undefined && source.records.length > 0 && (
        <SimpleTable
          label="The first pairs of the file"
          minWidth={320}
          rows={source.records.slice(0, shown)}
          keyOf={({ line }) => String(line)}
          columns={[
            { title: 'Line', width: 80, render: ({ line }) => line },
            { title: 'Old ID', render: ({ cells }) => <Plain text={cell(cells, draft.old)} mark /> },
            { title: 'New ID', render: ({ cells }) => <Plain text={cell(cells, draft.new)} mark /> },
          ]}
        />
      )}
      {problem !== undefined && (
        <Alert color="orange" icon={<Icon name="warning" />}>
          {problem}
        </Alert>
      )}
    </Stack>
  );
}
