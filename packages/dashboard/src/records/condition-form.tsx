import { Autocomplete, Button, NativeSelect, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { type Comparison, comparisons, conditionOf, likelyType, pathOf, type Subject, type ValueType } from './filter.ts';

interface ConditionFormProps {
  /** keys of metadata to suggest */
  keys: string[];
  /** names of systems to suggest */
  systems: string[];
  /** hears of a comparison in the filter grammar */
  onAdd: (condition: string) => void;
}

/** Makes a condition on metadata, or on the ID of a system. */
export function ConditionForm({ keys, systems, onAdd }: ConditionFormProps) {
  const [subject, setSubject] = useState<Subject>('metadata');
  const [path, setPath] = useState('');
  const [operator, setOperator] = useState<Comparison>('=');
  const [value, setValue] = useState('');
  const [chosenType, setType] = useState<ValueType>();
  const needsValue = operator !== ':*' && operator !== 'NOT';
  const ofSystem = subject === 'external_ids';
  const type = operator === '^=' || ofSystem ? 'text' : (chosenType ?? likelyType(value));
  const fits = type === 'text' || likelyType(value) === type;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation();
        if (fits || !needsValue) onAdd(conditionOf(subject, path.trim(), operator, value, type));
      }}
    >
      <Stack gap="sm">
        <SegmentedControl
          size="xs"
          fullWidth
          aria-label="What the condition is about"
          data={[
            { value: 'metadata', label: 'Metadata' },
            { value: 'external_ids', label: 'ID of a system' },
          ]}
          value={subject}
          onChange={(chosen) => {
            setSubject(chosen === 'external_ids' ? chosen : 'metadata');
            setOperator(chosen === 'external_ids' ? ':*' : '=');
            setPath('');
          }}
        />
        <Autocomplete
          label={ofSystem ? 'System' : 'Metadata key'}
          description={ofSystem ? 'Such as stripe' : 'Of a nested one its path: billing.contact. A key with a dot: ["plan.tier"]'}
          data={(ofSystem ? systems : keys).slice(0, 100).map(pathOf)}
          required
          withAsterisk={false}
          value={path}
          onChange={setPath}
          comboboxProps={{ withinPortal: false }}
          // The popover gave the focus to itself before this was loaded.
          autoFocus
        />
        <NativeSelect
          label="Comparison"
          data={comparisons.filter(({ ofIds }) => ofIds || !ofSystem).map(({ operator: name, label }) => ({ value: name, label }))}
          value={operator}
          onChange={(event) => {
            const chosen = comparisons.find(({ operator: name }) => name === event.currentTarget.value);
            if (chosen !== undefined) setOperator(chosen.operator);
          }}
        />
        {needsValue && (
          <>
            <TextInput
              label="Value"
              required
              withAsterisk={false}
              value={value}
              onChange={(event) => setValue(event.currentTarget.value)}
              error={fits ? undefined : type === 'number' ? 'This is no number.' : 'true or false'}
            />
            {operator !== '^=' && !ofSystem && (
              <SegmentedControl
                size="xs"
                aria-label="Type of the value"
                data={[
                  { value: 'text', label: 'Text' },
                  { value: 'number', label: 'Number' },
                  { value: 'boolean', label: 'True or false' },
                ]}
                value={type}
                onChange={(chosen) => setType(chosen === 'number' || chosen === 'boolean' ? chosen : 'text')}
              />
            )}
            {!ofSystem && (
              <Text size="xs" c="dimmed">
                Values are compared with their type: the number 250 is not the text “250”.
              </Text>
            )}
          </>
        )}
        <Button type="submit">Add condition</Button>
      </Stack>
    </form>
  );
}
