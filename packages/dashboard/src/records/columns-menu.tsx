import { Button, Checkbox, Group, Popover, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Icon } from '../elements/icon.tsx';

interface ColumnsMenuProps {
  columns: { id: string; title: string }[];
  /** keys of metadata that rows on screen have */
  keys: string[];
  /** IDs of columns, `metadata.KEY` for those of metadata */
  chosen: string[];
  onChange: (chosen: string[]) => void;
}

/** Chooses the columns of a table, those of metadata too. */
export function ColumnsMenu({ columns, keys, chosen, onChange }: ColumnsMenuProps) {
  const [key, setKey] = useState('');
  const ofMetadata = [...new Set([...chosen.filter((id) => id.startsWith('metadata.')), ...keys.map((name) => `metadata.${name}`)])];
  const box = (id: string, title: string) => (
    <Checkbox
      key={id}
      size="xs"
      label={<bdi>{title}</bdi>}
      checked={chosen.includes(id)}
      onChange={(event) => onChange(event.currentTarget.checked ? [...chosen, id] : chosen.filter((other) => other !== id))}
    />
  );
  return (
    <Popover width={280} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<Icon name="columns" />} visibleFrom="sm">
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs" mah={420} style={{ overflowY: 'auto' }}>
          {columns.map(({ id, title }) => box(id, title))}
          <Text size="xs" fw={600} c="dimmed" mt={4}>
            Metadata
          </Text>
          {ofMetadata.slice(0, 100).map((id) => box(id, id.slice('metadata.'.length)))}
          <form
            onSubmit={(event) => {
              event.preventDefault();
              const name = key.trim();
              if (name !== '' && !chosen.includes(`metadata.${name}`)) onChange([...chosen, `metadata.${name}`]);
              setKey('');
            }}
          >
            <Group gap={6} wrap="nowrap">
              <TextInput
                size="xs"
                flex={1}
                aria-label="Another metadata key"
                placeholder="Another key"
                value={key}
                onChange={(event) => setKey(event.currentTarget.value)}
              />
              <Button size="xs" variant="default" type="submit">
                Add
              </Button>
            </Group>
          </form>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
