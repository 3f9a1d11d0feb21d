import { Alert, Button, Group, Radio, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { Dialog } from '../elements/dialog.tsx';
import { Icon } from '../elements/icon.tsx';
import { Value } from '../elements/json-value.tsx';
import { Plain } from '../elements/plain.tsx';
import { RelativeTime } from '../elements/relative-time.tsx';
import type { Metadata, WithMetadata } from './kind.ts';
import { type Difference, differencesOf, equal, withChanges } from './metadata-draft.ts';

interface MetadataConflictProps {
  /** the record as both began with it */
  base: WithMetadata;
  /** what was to be saved */
  mine: Metadata;
  /** the record as it is now */
  theirs: WithMetadata;
  /** Takes what is stored as it is. */
  onCancel: () => void;
  /** Goes on with the newest version and the changes that are wanted on top of it. */
  onMerge: (metadata: Metadata) => void;
}

/** Somebody else changed the record meanwhile: shows both versions, key by key, and lets the person choose where they differ. */
export function MetadataConflict({ base, mine, theirs, onCancel, onMerge }: MetadataConflictProps) {
  const own = differencesOf(base.metadata, mine);
  const others = differencesOf(base.metadata, theirs.metadata);
  const [taken, setTaken] = useState<Record<string, 'mine' | 'theirs'>>({});
  const rows = new Map<string, { mine?: Difference; theirs?: Difference }>();
  for (const difference of own) rows.set(difference.key, { mine: difference });
  for (const difference of others) rows.set(difference.key, { ...rows.get(difference.key), theirs: difference });
  const isConflict = (row: { mine?: Difference; theirs?: Difference }) =>
    row.mine !== undefined && row.theirs !== undefined && !equal(row.mine.after, row.theirs.after);
  const undecided = [...rows].filter(([key, row]) => isConflict(row) && taken[key] === undefined);
  const merge = () => {
    const wanted = own.filter(({ key }) => taken[key] !== 'theirs');
    onMerge(withChanges(theirs.metadata, wanted));
  };
  return (
    <Dialog opened onClose={onCancel} title="Somebody else changed this meanwhile" size="xl" closeOnClickOutside={false}>
      <Stack>
        <Alert color="yellow" icon={<Icon name="warning" />}>
          You began with version {base.version}; version {theirs.version} was saved <RelativeTime time={theirs.update_time} />. Nothing of
          yours is stored yet.
        </Alert>
        <Table.ScrollContainer minWidth={480}>
          <Table verticalSpacing={6} aria-label="Both versions">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Key</Table.Th>
                <Table.Th>Before</Table.Th>
                <Table.Th>Yours</Table.Th>
                <Table.Th>Theirs</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {[...rows].map(([key, row]) => (
                <Table.Tr key={key}>
                  <Table.Td>
                    <Plain text={key} />
                  </Table.Td>
                  <Table.Td>
                    <Value value={(row.mine ?? row.theirs)?.before} />
                  </Table.Td>
                  {(['mine', 'theirs'] as const).map((side) => {
                    const value =
                      row[side] === undefined ? (
                        <Text span c="dimmed" size="sm">
                          unchanged
                        </Text>
                      ) : (
                        <After difference={row[side]} />
                      );
                    return (
                      <Table.Td key={side}>
                        {isConflict(row) ? (
                          <Radio
                            name={`choice of ${key}`}
                            aria-label={`Take ${side === 'mine' ? 'your' : 'their'} ${key}`}
                            label={value}
                            checked={taken[key] === side}
                            onChange={() => setTaken({ ...taken, [key]: side })}
                          />
                        ) : (
                          value
                        )}
                      </Table.Td>
                    );
                  })}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
        <Text size="sm" c="dimmed" aria-live="polite">
          {undecided.length > 0
            ? 'Where both changed the same key, choose one.'
            : 'What only one of you changed is kept from both. You see the result before it is saved.'}
        </Text>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>
            Discard mine
          </Button>
          <Button onClick={merge} disabled={undecided.length > 0}>
            Review the result
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}

function After({ difference }: { difference: Difference }) {
  return difference.after === undefined ? (
    <Text span c="dimmed" size="sm">
      removed
    </Text>
  ) : (
    <Value value={difference.after} />
  );
}
