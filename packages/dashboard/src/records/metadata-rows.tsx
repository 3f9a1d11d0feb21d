import { ActionIcon, Button, NativeSelect, Stack, TextInput } from '@mantine/core';
import { Icon } from '../elements/icon.tsx';
import { type DraftRow, type RowType, retyped, rowTypes } from './metadata-draft.ts';
import classes from './metadata-rows.module.css';

interface MetadataRowsProps {
  rows: DraftRow[];
  /** what is wrong, by row */
  problems: Map<number, string>;
  onChange: (rows: DraftRow[]) => void;
}

const typeLabels: Record<RowType, string> = { text: 'Text', number: 'Number', boolean: 'Boolean', json: 'JSON' };

/** Metadata as rows: key, type, value. */
export function MetadataRows({ rows, problems, onChange }: MetadataRowsProps) {
  const replace = (row: DraftRow) => onChange(rows.map((other) => (other.id === row.id ? row : other)));
  const add = () => onChange([...rows, { id: Math.max(-1, ...rows.map(({ id }) => id)) + 1, key: '', type: 'text', text: '' }]);
  return (
    <Stack gap={6}>
      {rows.map((row) => {
        const name = row.key === '' ? 'new key' : row.key;
        return (
          <div className={classes.row} key={row.id}>
            <TextInput
              aria-label={`Key of ${name}`}
              placeholder="key"
              value={row.key}
              autoFocus={row.key === ''}
              onChange={(event) => replace({ ...row, key: event.currentTarget.value })}
            />
            <NativeSelect
              aria-label={`Type of ${name}`}
              data={rowTypes.map((value) => ({ value, label: typeLabels[value] }))}
              value={row.type}
              onChange={(event) => {
                const type = rowTypes.find((candidate) => candidate === event.currentTarget.value);
                if (type !== undefined) replace(retyped(row, type));
              }}
            />
            {row.type === 'boolean' ? (
              <NativeSelect
                aria-label={`Value of ${name}`}
                data={['true', 'false']}
                value={row.text}
                onChange={(event) => replace({ ...row, text: event.currentTarget.value })}
              />
            ) : (
              <TextInput
                aria-label={`Value of ${name}`}
                data-autofocus={row === rows[0] || undefined}
                placeholder={row.type === 'json' ? '{ } or [ ]' : 'value'}
                value={row.text}
                inputMode={row.type === 'number' ? 'decimal' : 'text'}
                error={problems.get(row.id)}
                styles={row.type === 'text' ? {} : { input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
                onChange={(event) => replace({ ...row, text: event.currentTarget.value })}
              />
            )}
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={`Remove ${name}`}
              onClick={() => onChange(rows.filter(({ id }) => id !== row.id))}
            >
              <Icon name="trash" />
            </ActionIcon>
          </div>
        );
      })}
      <Button
        variant="default"
        size="xs"
        leftSection={<Icon name="plus" size={14} />}
        style={{ alignSelf: 'flex-start' }}
        data-autofocus={rows.length === 0 || undefined}
        onClick={add}
      >
        Add key
      </Button>
    </Stack>
  );
}
