import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Facts } from '../elements/facts.tsx';
import { FormDialog } from '../elements/form-dialog.tsx';
import { Icon } from '../elements/icon.tsx';
import { notify } from '../elements/notify.ts';
import { Panel } from '../elements/panel.tsx';
import { Plain } from '../elements/plain.tsx';
import { ExactTime } from '../elements/relative-time.tsx';
import { useEnvironment } from '../session/environment.ts';
import type { DirectoryRecord, Field, Kind } from './kind.ts';
import { useChanged } from './use-record.ts';

/** The fields that every record of the kind has. */
export function FieldsPanel<RecordType extends DirectoryRecord>({ kind, record }: { kind: Kind<RecordType>; record: RecordType }) {
  const { mayEdit } = useEnvironment();
  const [editing, setEditing] = useState(false);
  return (
    <Panel
      title="Details"
      actions={
        mayEdit && (
          <Button size="compact-sm" variant="default" leftSection={<Icon name="pencil" size={14} />} onClick={() => setEditing(true)}>
            Edit details
          </Button>
        )
      }
    >
      <Facts
        facts={[
          ...kind.fields.flatMap(({ name, label, value }) => {
            const text = value(record);
            return text === '' ? [] : [{ name: label, value: <Plain text={text} mark={name === 'display_name'} /> }];
          }),
          { name: 'Created', value: <ExactTime time={record.create_time} /> },
          { name: 'Changed', value: <ExactTime time={record.update_time} /> },
        ]}
      />
      {editing && <Form kind={kind} record={record} onClose={() => setEditing(false)} />}
    </Panel>
  );
}

interface FormProps<RecordType extends DirectoryRecord> {
  kind: Kind<RecordType>;
  record: RecordType;
  onClose: () => void;
}

function Form<RecordType extends DirectoryRecord>({ kind, record, onClose }: FormProps<RecordType>) {
  const { crosswalk } = useEnvironment();
  const changed = useChanged(kind);
  // What is compared and saved is the version that was there when editing began.
  const [base] = useState(record);
  const [values, setValues] = useState<Record<string, string>>({});
  const textOf = (field: Field<RecordType>) => values[field.name] ?? field.value(base);
  const changes = kind.fields.filter((field) => textOf(field) !== field.value(base));
  const save = async () => {
    const given = new Map(changes.map((field) => [field.name, textOf(field)]));
    await changed(await kind.updateFields(crosswalk, base.id, given, { ifMatch: base.version }));
    notify('Details saved.');
  };
  return (
    <FormDialog opened onClose={onClose} title="Edit details" action="Save details" incomplete={changes.length === 0} onSubmit={save}>
      {kind.fields.map((field, index) => (
        <TextInput
          key={field.name}
          label={field.label}
          required={field.required === true}
          withAsterisk={false}
          value={textOf(field)}
          onChange={(event) => setValues({ ...values, [field.name]: event.currentTarget.value })}
          {...(field.description === undefined ? {} : { description: field.description })}
          {...(index === 0 ? { 'data-autofocus': true } : {})}
        />
      ))}
    </FormDialog>
  );
}
