import { Box, Button, Group, NativeSelect, Popover, Select, Stack, TagsInput, TextInput } from '@mantine/core';
import { useRef, useState } from 'react';
import { textOf, textsOf } from '../../data/location.ts';
import type { SearchParams } from '../../data/search-params.ts';
import { Icon } from '../../elements/icon.tsx';
import { useKeys } from '../../elements/use-keys.ts';
import { typeFilters } from '../../events/event-names.ts';
import { OrganizationSelect } from '../../records/organization-select.tsx';
import { useActors } from '../../session/actors.ts';
import { spans } from './wanted.ts';

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

/** A span of time by its ends, in the time zone of the browser. */
function SpanMenu({ from, to, onChange }: { from: string; to: string; onChange: (span: { from: string; to: string }) => void }) {
  const [opened, setOpened] = useState(false);
  const [draft, setDraft] = useState({ from: localOf(from), to: localOf(to) });
  const isBackwards = draft.from !== '' && draft.to !== '' && draft.from >= draft.to;
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus width={280}>
      <Popover.Target>
        <Button variant="default" onClick={() => setOpened(!opened)}>
          From … to
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (isBackwards) return;
            setOpened(false);
            onChange({ from: momentOf(draft.from), to: momentOf(draft.to) });
          }}
        >
          <Stack gap="sm">
            <TextInput
              type="datetime-local"
              label="From"
              value={draft.from}
              onChange={(event) => setDraft({ ...draft, from: event.currentTarget.value })}
              data-autofocus
            />
            <TextInput
              type="datetime-local"
              label="To"
              description="Without an end new events are shown as they come."
              value={draft.to}
              onChange={(event) => setDraft({ ...draft, to: event.currentTarget.value })}
              error={isBackwards ? 'The end is before the beginning.' : undefined}
            />
            <Button type="submit">Show</Button>
          </Stack>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

/** A moment as the field of a form has it, in the time zone of the browser; empty for none. */
function localOf(text: string): string {
  const time = new Date(text);
  if (text === '' || Number.isNaN(time.getTime())) return '';
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The moment that the field of a form names, so that it is the same wherever the address is opened. */
function momentOf(local: string): string {
  return local === '' ? '' : new Date(local).toISOString();
}
