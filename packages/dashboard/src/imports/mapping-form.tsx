import { type ImportPreset, importPreset, importPresets } from '@crosswalk/sdk';
import { Alert, Autocomplete, Button, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { Icon } from '../elements/icon.tsx';
import { Plain } from '../elements/plain.tsx';
import { useSystems } from '../records/use-systems.ts';
import {
  type CellType,
  type ColumnTarget,
  fieldsOf,
  type MappedKind,
  metadataField,
  nowhere,
  presetFields,
  systemField,
} from './columns.ts';
import classes from './imports.module.css';
import { draftOfKind, isOwnFile, type MappingDraft } from './mapping-draft.ts';
import type { SourceFile } from './source-file.ts';
import { StrayNote } from './stray-note.tsx';
import { keyOf, presetNames } from './suggestions.ts';

interface MappingFormProps {
  source: SourceFile;
  draft: MappingDraft;
  onChange: (draft: MappingDraft) => void;
  problem: string | undefined;
}

const kinds: { value: MappedKind; label: string }[] = [
  { value: 'organization', label: 'Organizations' },
  { value: 'user', label: 'Users' },
  { value: 'membership', label: 'Memberships' },
];

/** Says what the columns of a file become. */
export function MappingForm({ source, draft, onChange, problem }: MappingFormProps) {
  const systems = useSystems();
  const preset = draft.origin === 'own' || draft.origin === 'custom' ? undefined : importPreset(draft.origin);
  const kind = preset?.rows[0].kind ?? draft.kind;
  const chooseOrigin = (value: string) => {
    const origin = presetNames.find((name) => name === value) ?? (value === 'own' ? 'own' : 'custom');
    onChange({ ...draft, origin });
  };
  return (
    <Stack gap="sm">
      <Group gap="sm" align="flex-start">
        <NativeSelect
          label="What the file is"
          data={[
            ...(isOwnFile(source) ? [{ value: 'own', label: 'Rows with the columns of an import' }] : []),
            { value: 'custom', label: 'A list with columns of its own' },
            ...presetNames.map((name) => ({ value: name, label: importPresets[name].label })),
          ]}
          value={draft.origin}
          onChange={(event) => chooseOrigin(event.currentTarget.value)}
          flex="1 1 260px"
        />
        {draft.origin === 'custom' && (
          <NativeSelect
            label="Each line is one of"
            data={kinds}
            value={draft.kind}
            onChange={(event) => {
              const chosen = kinds.find(({ value }) => value === event.currentTarget.value);
              if (chosen !== undefined) onChange(draftOfKind(draft, chosen.value, source, systems.names));
            }}
            flex="0 1 200px"
          />
        )}
        {draft.origin !== 'own' && kind === 'user' && (
          <TextInput
            label="Members of (external ID)"
            placeholder="No organization"
            value={draft.organization}
            onChange={(event) => onChange({ ...draft, organization: event.currentTarget.value })}
            flex="0 1 220px"
          />
        )}
      </Group>
      {draft.origin === 'own' ? (
        <Text size="sm" c="dimmed">
          The first line names the fields of the rows, as in an export: the file is sent as it is.
        </Text>
      ) : (
        <div className={classes.columns}>
          <div className={`${classes.column} ${classes.titles}`}>
            <span>Column of the file</span>
            <span>Values</span>
            <span>Becomes</span>
          </div>
          {preset === undefined ? (
            <ColumnsByHand source={source} draft={draft} onChange={onChange} systems={systems.names} />
          ) : (
            <ColumnsOfPreset source={source} preset={preset} />
          )}
        </div>
      )}
      {preset !== undefined && (
        <Group>
          <Button
            size="xs"
            variant="default"
            onClick={() => onChange(draftOfKind(draft, preset.rows[0].kind === 'user' ? 'user' : 'organization', source, systems.names))}
          >
            Choose columns by hand
          </Button>
        </Group>
      )}
      {problem !== undefined && (
        <Alert color="orange" icon={<Icon name="warning" />}>
          {problem}
        </Alert>
      )}
    </Stack>
  );
}

function ColumnsOfPreset({ source, preset }: { source: SourceFile; preset: ImportPreset }) {
  const fields = presetFields(source.header, preset);
  return source.header.map((column, index) => (
    <div key={index} className={classes.column}>
      <ColumnName column={column} />
      <Samples source={source} index={index} />
      <span className={classes.target}>
        {fields[index]?.length === 0 ? (
          <Text span size="sm" c="dimmed">
            not imported
          </Text>
        ) : (
          fields[index]?.join(', ')
        )}
      </span>
    </div>
  ));
}

function ColumnsByHand({ source, draft, onChange, systems }: Omit<MappingFormProps, 'problem'> & { systems: string[] }) {
  const { header } = source;
  const change = (index: number, target: ColumnTarget) =>
    onChange({ ...draft, targets: draft.targets.map((before, place) => (place === index ? target : before)) });
  return header.map((column, index) => {
    const target = draft.targets[index] ?? { field: nowhere, name: '', type: 'text' };
    const isRepeated = column !== '' && header.indexOf(column) !== index;
    return (
      <div key={index} className={classes.column}>
        <ColumnName column={column} />
        <Samples source={source} index={index} />
        <div className={classes.target}>
          {column === '' || isRepeated ? (
            <Text size="sm" c="dimmed">
              {isRepeated ? 'not imported: an earlier column has this name' : 'not imported: it has no name'}
            </Text>
          ) : (
            <>
              <Target column={column} target={target} kind={draft.kind} systems={systems} onChange={(next) => change(index, next)} />
              {target.field === metadataField && target.type === 'text' && <StrayNote source={source} index={index} />}
            </>
          )}
        </div>
      </div>
    );
  });
}

interface TargetProps {
  column: string;
  target: ColumnTarget;
  kind: MappedKind;
  systems: string[];
  onChange: (target: ColumnTarget) => void;
}

const types: { value: CellType; label: string }[] = [
  { value: 'text', label: 'Text' },
  { value: 'number', label: 'Number' },
  { value: 'boolean', label: 'True or false' },
  { value: 'json', label: 'JSON' },
];

function Target({ column, target, kind, systems, onChange }: TargetProps) {
  const { field, name, type } = target;
  const choose = (chosen: string) => {
    const known = chosen === metadataField ? keyOf(column) : chosen === systemField ? (systems[0] ?? '') : '';
    onChange({ field: chosen, name: field === chosen ? name : known, type });
  };
  return (
    <Group gap={6} wrap="nowrap">
      <NativeSelect
        size="xs"
        aria-label={`What ${column} becomes`}
        data={[{ value: nowhere, label: 'Not imported' }, ...fieldsOf[kind].map((one) => ({ value: one.field, label: one.label }))]}
        value={field}
        onChange={(event) => choose(event.currentTarget.value)}
        flex="1 1 130px"
      />
      {field === systemField && (
        <Autocomplete
          size="xs"
          aria-label={`System whose ID ${column} is`}
          placeholder="System"
          data={systems}
          value={name}
          onChange={(value) => onChange({ ...target, name: value })}
          error={name.trim() === ''}
          flex="1 1 100px"
        />
      )}
      {field === metadataField && (
        <>
          <TextInput
            size="xs"
            aria-label={`Metadata key of ${column}`}
            placeholder="Key"
            value={name}
            onChange={(event) => onChange({ ...target, name: event.currentTarget.value })}
            error={name.trim() === ''}
            flex="1 1 90px"
          />
          <NativeSelect
            size="xs"
            aria-label={`Type of ${column}`}
            data={types}
            value={type}
            onChange={(event) => {
              const chosen = types.find(({ value }) => value === event.currentTarget.value);
              if (chosen !== undefined) onChange({ ...target, type: chosen.value });
            }}
            flex="0 1 92px"
          />
        </>
      )}
    </Group>
  );
}

function ColumnName({ column }: { column: string }) {
  return (
    <span className={classes.name}>
      <Plain text={column} />
    </span>
  );
}

/** The first values of a column, of the first few records. */
function Samples({ source, index }: { source: SourceFile; index: number }) {
  const values = source.records.map(({ cells }) => cells[index] ?? '').filter((cell) => cell.trim() !== '');
  return (
    <span className={classes.samples}>
      <Plain text={values.length === 0 ? '–' : values.slice(0, 3).join(' · ')} />
    </span>
  );
}
