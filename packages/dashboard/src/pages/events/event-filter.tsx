import { Box, Button, Group, NativeSelect, Popover, Select, TagsInput } from '@mantine/core';
import { Suspense, useRef, useState } from 'react';
import { textOf, textsOf } from '../../data/location.ts';
import type { SearchParams } from '../../data/search-params.ts';
import { Icon } from '../../elements/icon.tsx';
import { later } from '../../elements/later.tsx';
import { useKeys } from '../../elements/use-keys.ts';
import { typeFilters } from '../../events/event-names.ts';
import { OrganizationSelect } from '../../records/organization-select.tsx';
import { useActors } from '../../session/actors.ts';
import { spans } from './wanted.ts';

const SpanForm = later(() => import('./span-form.tsx'));

interface EventFilterProps {
  address: SearchParams;
  onChange: (changes: Record<string, string | string[] | undefined>) => void;
}

/** The filters of the events: all of it is in the address, so that it can be sent to somebody. */
export function EventFilter({ address, onChange }: EventFilterProps) {
  const { list: actors } = useActors();
  const types = useRef<HTMLInputElement>(null);
  useKeys([['/', () => types.current?.focus()]]);
  const [from, to, last] = [textOf(address, 'from'), textOf(address, 'to'), textOf(address, 'last')];
  const custom = from !== '' || to !== '';
  return (
    <Group gap="xs" mb="sm" align="flex-start">
      <TagsInput
        ref={types}
        aria-label="Types of events"
        placeholder={textsOf(address, 'type').length === 0 ? 'Every type' : ''}
        data={[...typeFilters]}
        value={textsOf(address, 'type')}
        onChange={(chosen) => onChange({ type: chosen.filter((type) => typeFilters.includes(type)) })}
        maxDropdownHeight={320}
        leftSection={<Icon name="event" />}
        flex="2 1 240px"
      />
      <Box flex="1 1 180px">
        <OrganizationSelect value={textOf(address, 'organization')} onChange={(organization) => onChange({ organization })} />
      </Box>
      <Select
        aria-label="Made by"
        placeholder="By anyone"
        data={actors.map(({ id, name }) => ({ value: id, label: name }))}
        value={textOf(address, 'actor') || null}
        onChange={(actor) => onChange({ actor: actor ?? undefined })}
        clearable
        searchable
        leftSection={<Icon name="user" />}
        flex="1 1 160px"
      />
      <NativeSelect
        aria-label="Time"
        data={[
          { value: '', label: 'Any time' },
          ...Object.entries(spans).map(([value, { label }]) => ({ value, label })),
          ...(custom ? [{ value: 'custom', label: 'A span of time' }] : []),
        ]}
        value={custom ? 'custom' : last}
        onChange={(event) => {
          const { value } = event.currentTarget;
          if (value !== 'custom') onChange({ last: value, from: undefined, to: undefined });
        }}
        flex="0 1 150px"
      />
      <SpanMenu from={from} to={to} onChange={(span) => onChange({ ...span, last: undefined })} />
    </Group>
  );
}

/** Asks for a span of time by its ends. */
function SpanMenu({ from, to, onChange }: { from: string; to: string; onChange: (span: { from: string; to: string }) => void }) {
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus width={280}>
      <Popover.Target>
        <Button variant="default" onClick={() => setOpened(!opened)}>
          From … to
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Suspense>
          <SpanForm
            from={from}
            to={to}
            onChange={(span) => {
              setOpened(false);
              onChange(span);
            }}
          />
        </Suspense>
      </Popover.Dropdown>
    </Popover>
  );
}
