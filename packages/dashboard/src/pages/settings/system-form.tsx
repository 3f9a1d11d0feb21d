import { knownSystems, type ListedSystem, matchesIdPattern, systemUrl } from '@crosswalk/sdk';
import { Badge, Group, Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { FormDialog } from '../../elements/form-dialog.tsx';
import { notify } from '../../elements/notify.ts';
import { Plain } from '../../elements/plain.tsx';
import { useEnvironment } from '../../session/environment.ts';

/** What is described: a system there is, or a name to begin with, of a known system or empty. */
type SystemFormProps = ({ system: ListedSystem } | { name: string }) & { onClose: () => void };

/** Describes a system, and shows at once what that makes of an ID. */
export function SystemForm({ onClose, ...given }: SystemFormProps) {
  const { id: environmentId, crosswalk } = useEnvironment();
  const queries = useQueryClient();
  const before = 'system' in given ? given.system : undefined;
  const known = knownSystems['system' in given ? given.system.name : given.name];
  // Of one that is only in use nothing is known: what others are like is a beginning.
  const described = before !== undefined && before.id !== null;
  const [name, setName] = useState('system' in given ? given.system.name : given.name);
  const [label, setLabel] = useState((described ? before.label : known?.label) ?? '');
  const [urlPattern, setUrlPattern] = useState((described ? before.url_pattern : known?.url_pattern) ?? '');
  const [idPattern, setIdPattern] = useState((described ? before.id_pattern : known?.id_pattern) ?? '');
  const [example, setExample] = useState('');
  const save = async () => {
    await crosswalk.system.put(
      name.trim(),
      { label: orNull(label), url_pattern: orNull(urlPattern), id_pattern: orNull(idPattern) },
      before?.version == null ? { ifNoneMatch: '*' } : { ifMatch: before.version },
    );
    await queries.invalidateQueries({ queryKey: [environmentId, 'systems'] });
    notify('System saved.');
  };
  return (
    <FormDialog
      opened
      onClose={onClose}
      title={before === undefined ? 'New system' : `System ${before.name}`}
      action="Save system"
      onSubmit={save}
      size="lg"
    >
      {before === undefined && (
        <TextInput
          label="Name"
          description="As code writes it in external_ids, such as stripe or hubspot-eu. It cannot be changed."
          required
          withAsterisk={false}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          {...(name === '' ? { 'data-autofocus': true } : {})}
        />
      )}
      <TextInput
        label="Label"
        description="What people call it."
        value={label}
        onChange={(event) => setLabel(event.currentTarget.value)}
        {...(before === undefined ? {} : { 'data-autofocus': true })}
      />
      <TextInput
        label="Link pattern"
        description="The address of a record in the system, with {id} in the place of the ID."
        placeholder="https://crm.example.com/accounts/{id}"
        value={urlPattern}
        onChange={(event) => setUrlPattern(event.currentTarget.value)}
      />
      <TextInput
        label="ID pattern"
        description="* stands for any text, ? for one character, # for one digit."
        placeholder="cus_*"
        value={idPattern}
        onChange={(event) => setIdPattern(event.currentTarget.value)}
      />
      <TextInput label="Try an ID" value={example} onChange={(event) => setExample(event.currentTarget.value)} />
      {example !== '' && <Example id={example} urlPattern={urlPattern} idPattern={idPattern} />}
    </FormDialog>
  );
}

/** What the patterns make of an ID. */
function Example({ id, urlPattern, idPattern }: { id: string; urlPattern: string; idPattern: string }) {
  const fits = idPattern === '' || matchesIdPattern(idPattern, id);
  return (
    <Group gap="xs" aria-live="polite">
      <Badge color={fits ? 'teal' : 'yellow'} c="var(--mantine-color-text)">
        {fits ? 'looks right' : 'unusual form'}
      </Badge>
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        {urlPattern.includes('{id}') ? <Plain text={systemUrl(urlPattern, id)} /> : 'No link.'}
      </Text>
    </Group>
  );
}

function orNull(text: string): string | null {
  return text.trim() === '' ? null : text.trim();
}
