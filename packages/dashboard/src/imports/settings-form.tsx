import type { ImportOptions } from '@crosswalk/sdk';
import { Checkbox, Group, NativeSelect, Stack } from '@mantine/core';
import type { Systems } from '../records/use-systems.ts';

/** What is asked of an import, beside its rows. */
export type ImportChoices = Pick<ImportOptions, 'mode' | 'match_by' | 'on_conflict' | 'atomic' | 'send_invitations' | 'unescape_formulas'>;

/** What an import does unless somebody says otherwise. */
export const usualChoices: ImportChoices = {
  mode: 'upsert',
  match_by: 'any',
  on_conflict: 'reject',
  atomic: false,
  send_invitations: false,
  unescape_formulas: false,
};

const modes = [
  { value: 'upsert', label: 'Create and update' },
  { value: 'create_only', label: 'Create only' },
  { value: 'update_only', label: 'Update only' },
] as const;
/** What records are matched by, beside a system. */
const matches: readonly { value: string; label: string }[] = [
  { value: 'any', label: 'Any ID or address' },
  { value: 'external_id', label: 'External ID' },
  { value: 'email', label: 'Address (users)' },
];

/** What an import matches records by, in words. */
export function matchLabel(matchBy: string, { labelOf }: Pick<Systems, 'labelOf'>): string {
  return matches.find(({ value }) => value === matchBy)?.label ?? `ID of ${labelOf(matchBy)}`;
}

const conflicts = [
  { value: 'reject', label: 'Reject the row' },
  { value: 'leave', label: 'Leave the ID, take the rest' },
] as const;

/** The choices of an import. */
export function SettingsForm({
  choices,
  onChange,
  isCsv,
  systems,
}: {
  choices: ImportChoices;
  onChange: (choices: ImportChoices) => void;
  isCsv: boolean;
  systems: Systems;
}) {
  const ofSystems = systems.names.filter((name) => !matches.some(({ value }) => value === name));
  return (
    <Stack gap="sm">
      <Group gap="sm" align="flex-start">
        <NativeSelect
          label="Records"
          data={[...modes]}
          value={choices.mode}
          onChange={(event) => {
            const mode = modes.find(({ value }) => value === event.currentTarget.value);
            if (mode !== undefined) onChange({ ...choices, mode: mode.value });
          }}
          flex="0 1 200px"
        />
        <NativeSelect
          label="Match by"
          data={[...matches, ...ofSystems.map((name) => ({ value: name, label: matchLabel(name, systems) }))]}
          value={choices.match_by}
          onChange={(event) => onChange({ ...choices, match_by: event.currentTarget.value })}
          flex="0 1 200px"
        />
        <NativeSelect
          label="An ID that another record has"
          data={[...conflicts]}
          value={choices.on_conflict}
          onChange={(event) => {
            const found = conflicts.find(({ value }) => value === event.currentTarget.value);
            if (found !== undefined) onChange({ ...choices, on_conflict: found.value });
          }}
          flex="0 1 230px"
        />
      </Group>
      <Checkbox
        label="All or nothing: one rejected row undoes everything (up to 100,000 rows)"
        checked={choices.atomic}
        onChange={(event) => onChange({ ...choices, atomic: event.currentTarget.checked })}
      />
      <Checkbox
        label="Invite new members by mail"
        checked={choices.send_invitations}
        onChange={(event) => onChange({ ...choices, send_invitations: event.currentTarget.checked })}
      />
      {isCsv && (
        <Checkbox
          label="Take the apostrophe from cells such as '=1+1, where an export for spreadsheets put it"
          checked={choices.unescape_formulas}
          onChange={(event) => onChange({ ...choices, unescape_formulas: event.currentTarget.checked })}
        />
      )}
    </Stack>
  );
}
