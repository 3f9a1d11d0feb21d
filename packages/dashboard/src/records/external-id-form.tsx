import { Autocomplete, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { FormDialog } from '../elements/form-dialog.tsx';
import { notify } from '../elements/notify.ts';
import { useEnvironment } from '../session/environment.ts';
import type { DirectoryRecord, Kind } from './kind.ts';
import { useChanged } from './use-record.ts';

interface ExternalIdFormProps<RecordType extends DirectoryRecord> {
  kind: Kind<RecordType>;
  record: RecordType;
  /** what is changed; without `value` one is added */
  given: { system?: string | null; value?: string };
  /** names of systems to suggest */
  systems: string[];
  onClose: () => void;
}

/** Adds an external ID or changes one. */
export function ExternalIdForm<RecordType extends DirectoryRecord>({
  kind,
  record,
  given,
  systems,
  onClose,
}: ExternalIdFormProps<RecordType>) {
  const { crosswalk } = useEnvironment();
  const changed = useChanged(kind);
  // What is changed is the version that was there when the form opened: the record behind it is read again.
  const [base] = useState(record);
  const adding = given.value === undefined;
  const [system, setSystem] = useState(given.system ?? '');
  const [value, setValue] = useState(given.value ?? '');
  const replaced = adding ? (system === '' ? base.external_id : idIn(base, system)) : undefined;
  const save = async () => {
    const change = system === '' ? { external_id: value } : { external_ids: { [system]: value } };
    await changed(await kind.update(crosswalk, base.id, change, { ifMatch: base.version }));
    notify(adding ? 'External ID added.' : 'External ID changed.');
  };
  return (
    <FormDialog
      opened
      onClose={onClose}
      title={adding ? 'Add external ID' : 'Change external ID'}
      action={adding ? 'Add ID' : 'Change ID'}
      incomplete={value === '' || value === given.value}
      onSubmit={save}
    >
      {adding && (
        <Autocomplete
          label="System"
          description="Where the ID comes from, such as stripe. Leave it empty for the ID of your own product."
          placeholder="own product"
          data={systems}
          value={system}
          onChange={setSystem}
          data-autofocus
        />
      )}
      <TextInput
        label={system === '' ? 'External ID' : `ID in ${system}`}
        description="Compared exactly: capital letters count."
        required
        withAsterisk={false}
        value={value}
        onChange={(event) => setValue(event.currentTarget.value)}
        {...(adding ? {} : { 'data-autofocus': true })}
      />
      {replaced !== undefined && replaced !== null && (
        <Text size="sm">
          It takes the place of <bdi>{replaced}</bdi>.
        </Text>
      )}
      {(!adding || (replaced !== undefined && replaced !== null)) && (
        <Text size="sm" c="dimmed">
          The old ID still leads here for a while, unless another record claims it.
        </Text>
      )}
    </FormDialog>
  );
}

/** The ID of a record in a system. What every object has, such as `constructor`, is none. */
function idIn({ external_ids: ids }: DirectoryRecord, system: string): string | undefined {
  return Object.hasOwn(ids, system) ? ids[system] : undefined;
}
