import { importPreset, importPresets, listPreset } from '@crosswalk/sdk';
import { Alert, Autocomplete, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { Icon } from '../../elements/icon.tsx';
import { Plain } from '../../elements/plain.tsx';
import { type CellType, presetFields } from '../../imports/columns.ts';
import classes from '../../imports/imports.module.css';
import type { SourceFile } from '../../imports/source-file.ts';
import { StrayNote } from '../../imports/stray-note.tsx';
import { presetNames } from '../../imports/suggestions.ts';
import { useSystems } from '../../records/use-systems.ts';
import type { ListDraft, ListTarget } from './list.ts';

interface ListFormProps {
  source: SourceFile;
  draft: ListDraft;
  onChange: (draft: ListDraft) => void;
  problem: string | undefined;
}

const kinds = ['organization', 'user'] as const;
const types: { value: CellType; label: string }[] = [
  { value: 'text', label: 'Text' },
  { value: 'number', label: 'Number' },
  { value: 'boolean', label: 'True or false' },
  { value: 'json', label: 'JSON' },
];

/** Says what a list is of and what its columns are. */
export function ListForm({ source, draft, onChange, problem }: ListFormProps) {
  const systems = useSystems();
  const preset = draft.origin === 'custom' ? undefined : importPreset(draft.origin);
  const fields = preset === undefined ? [] : presetFields(source.header, listPreset(preset));
  const choose = (value: string) => {
    const origin = presetNames.find((name) => name === value) ?? 'custom';
    const chosen = origin === 'custom' ? undefined : importPreset(origin);
    onChange({
      ...draft,
      origin,
      ...(chosen === undefined ? {} : { system: chosen.system, kind: chosen.rows[0].kind === 'user' ? 'user' : 'organization' }),
    });
  };
  const change = (index: number, target: ListTarget) =>
    onChange({ ...draft, targets: draft.targets.map((before, place) => (place === index ? target : before)) });
  return (
    <Stack gap="sm">
      <Group gap="sm" align="flex-start">
        {source.format === 'csv' && (
          <NativeSelect
            label="What the file is"
            data={[
              { value: 'custom', label: 'A list with columns of its own' },
              ...presetNames.map((name) => ({ value: name, label: importPresets[name].label })),
            ]}
            value={draft.origin}
            onChange={(event) => choose(event.currentTarget.value)}
            flex="1 1 240px"
          />
        )}
        <NativeSelect
          label="Each entry is"
          data={[
            { value: 'organization', label: 'An organization' },
            { value: 'user', label: 'A user' },
          ]}
          value={draft.kind}
          onChange={(event) => onChange({ ...draft, kind: kinds.find((kind) => kind === event.currentTarget.value) ?? draft.kind })}
          flex="0 1 170px"
        />
        <Autocomplete
          label="System whose IDs these are"
          placeholder="Primary external IDs"
          data={systems.names}
          value={draft.system}
          onChange={(system) => onChange({ ...draft, system })}
          flex="0 1 220px"
        />
      </Group>
      {source.format === 'csv' && (
        <div className={classes.columns}>
          <div className={`${classes.column} ${classes.titles}`}>
            <span>Column of the file</span>
            <span>Values</span>
            <span>Is</span>
          </div>
          {source.header.map((column, index) => (
            <div key={index} className={classes.column}>
              <span className={classes.name}>
                <Plain text={column} />
              </span>
              <span className={classes.samples}>
                <Plain
                  text={
                    source.records
                      .slice(0, 3)
                      .map(({ cells }) => cells[index] ?? '')
                      .filter(Boolean)
                      .join(' · ') || '–'
                  }
                />
              </span>
              <div className={classes.target}>
                {preset === undefined ? (
                  <>
                    <Target
                      column={column}
                      kind={draft.kind}
                      target={draft.targets[index] ?? { field: '', name: '', type: 'text' }}
                      onChange={(target) => change(index, target)}
                    />
                    {draft.targets[index]?.field === 'metadata' && draft.targets[index].type === 'text' && (
                      <StrayNote source={source} index={index} />
                    )}
                  </>
                ) : (
                  fields[index]?.join(', ') || (
                    <Text span size="sm" c="dimmed">
                      not compared
                    </Text>
                  )
                )}
              </div>
            </div>
          ))}
        </div>
      )}
      {problem !== undefined && (
        <Alert color="orange" icon={<Icon name="warning" />}>
          {problem}
        </Alert>
      )}
    </Stack>
  );
}

interface TargetProps {
  column: string;
  kind: ListDraft['kind'];
  target: ListTarget;
  onChange: (target: ListTarget) => void;
}

function Target({ column, kind, target, onChange }: TargetProps) {
  return (
    <Group gap={6} wrap="nowrap">
      <NativeSelect
        size="xs"
        aria-label={`What ${column} is`}
        data={[
          { value: '', label: 'Not compared' },
          { value: 'id', label: 'ID in that system' },
          { value: 'name', label: 'Name' },
          { value: 'email', label: 'Email' },
          ...(kind === 'organization' ? [{ value: 'domain', label: 'Domain' }] : []),
          { value: 'metadata', label: 'Metadata…' },
        ]}
        value={target.field}
        onChange={(event) => onChange({ ...target, field: event.currentTarget.value })}
        flex="1 1 130px"
      />
      {target.field === 'metadata' && (
        <>
          <TextInput
            size="xs"
            aria-label={`Metadata key of ${column}`}
            value={target.name}
            onChange={(event) => onChange({ ...target, name: event.currentTarget.value })}
            error={target.name.trim() === ''}
            flex="1 1 90px"
          />
          <NativeSelect
            size="xs"
            aria-label={`Type of ${column}`}
            data={types}
            value={target.type}
            onChange={(event) =>
              onChange({ ...target, type: types.find(({ value }) => value === event.currentTarget.value)?.value ?? target.type })
            }
            flex="0 1 92px"
          />
        </>
      )}
    </Group>
  );
}
