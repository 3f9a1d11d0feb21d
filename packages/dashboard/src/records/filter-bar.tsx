import { Button, Group, Pill, Popover, Skeleton } from '@mantine/core';
import { Suspense, useState } from 'react';
import { Icon } from '../elements/icon.tsx';
import { later } from '../elements/later.tsx';

const ConditionForm = later(async () => ({ default: (await import('./condition-form.tsx')).ConditionForm }));

interface FilterBarProps {
  /** keys of metadata to suggest */
  keys: string[];
  /** names of systems to suggest */
  systems: string[];
  /** comparisons in the filter grammar; all hold */
  conditions: string[];
  onChange: (conditions: string[]) => void;
  /** why conditions do not count now */
  disabled?: string;
}

/** The conditions on metadata: each as the filter grammar writes it, taken away by a click, added by a form. */
export function FilterBar({ keys, systems, conditions, onChange, disabled }: FilterBarProps) {
  const [opened, setOpened] = useState(false);
  return (
    <>
      <Popover opened={opened} onChange={setOpened} width={320} position="bottom-start" trapFocus>
        <Popover.Target>
          <Button
            variant="default"
            leftSection={<Icon name="filter" />}
            onClick={() => setOpened(!opened)}
            disabled={disabled !== undefined}
            title={disabled}
          >
            Filter
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <Suspense fallback={<Skeleton height={330} />}>
            <ConditionForm
              keys={keys}
              systems={systems}
              onAdd={(condition) => {
                setOpened(false);
                onChange([...conditions.filter((other) => other !== condition), condition]);
              }}
            />
          </Suspense>
        </Popover.Dropdown>
      </Popover>
      {conditions.length > 0 && (
        <Group gap={6} style={{ alignSelf: 'center' }} role="list" aria-label="Conditions">
          {conditions.map((condition) => (
            <Pill
              key={condition}
              role="listitem"
              withRemoveButton
              size="md"
              removeButtonProps={{ 'aria-label': `Remove ${condition}`, 'aria-hidden': false, tabIndex: 0 }}
              onRemove={() => onChange(conditions.filter((other) => other !== condition))}
              style={disabled === undefined ? {} : { textDecoration: 'line-through' }}
            >
              <bdi>{condition.replace(/^(NOT )?(?:metadata|external_ids)\./, '$1')}</bdi>
            </Pill>
          ))}
        </Group>
      )}
    </>
  );
}
