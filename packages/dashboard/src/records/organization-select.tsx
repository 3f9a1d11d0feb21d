import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useEnvironment } from '../session/environment.ts';
import { readNames } from './names.ts';

interface OrganizationSelectProps {
  /** its ID; empty: none is chosen */
  value: string;
  onChange: (id: string) => void;
}

/** Chooses an organization by its name or any of its IDs; one that was deleted by the ID that it had here. */
export function OrganizationSelect({ value, onChange }: OrganizationSelectProps) {
  const { id: environmentId, crosswalk } = useEnvironment();
  const [typed, setTyped] = useState('');
  const [text] = useDebouncedValue(typed.trim(), 200);
  const name = useQuery({
    queryKey: [environmentId, 'organizations', 'name', value],
    queryFn: async ({ signal }) => (await readNames(crosswalk, [value], signal)).get(value) ?? value,
    enabled: value !== '',
  });
  const chosen = value === '' ? [] : [{ value, label: name.data ?? value }];
  const searched = text !== '' && text !== name.data;
  const found = useQuery({
    queryKey: [environmentId, 'organizations', 'select', text],
    queryFn: async ({ signal }) => {
      const { matches } = await crosswalk.search(text, { limit: 20 }, { signal });
      return matches.filter(({ kind }) => kind === 'organization').map(({ id, display_name: label }) => ({ value: id, label }));
    },
    enabled: searched,
    placeholderData: (before) => before,
  });
  const isUnknown = found.data?.length === 0 && !found.isFetching && /^org_[0-9]{1,19}$/.test(text);
  const options = !searched ? [] : isUnknown ? [{ value: text, label: text }] : (found.data ?? []);
  return (
    <Select
      aria-label="Organization"
      placeholder="All organizations"
      searchable
      clearable
      data={[...chosen.filter(({ value: id }) => !options.some((option) => option.value === id)), ...options]}
      // The server has looked already, in more than the names.
      filter={({ options: all }) => all}
      nothingFoundMessage={text === '' ? 'Type a name or any ID' : found.isFetching ? 'Looking…' : 'No organization matches'}
      searchValue={typed}
      onSearchChange={setTyped}
      value={value === '' ? null : value}
      onChange={(id) => onChange(id ?? '')}
      clearButtonProps={{ 'aria-label': 'All organizations' }}
    />
  );
}
