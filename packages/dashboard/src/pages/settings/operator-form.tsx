import { ConflictError, type Operator, type OperatorRole } from '@crosswalk/sdk';
import { NativeSelect, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { FormDialog } from '../../elements/form-dialog.tsx';
import { notify } from '../../elements/notify.ts';
import { useEnvironment } from '../../session/environment.ts';
import { NewPassword } from '../../session/new-password.tsx';
import { useSession } from '../../session/session.ts';

const roles: { value: OperatorRole; label: string }[] = [
  { value: 'viewer', label: 'Viewer: reads' },
  { value: 'editor', label: 'Editor: changes records' },
  { value: 'admin', label: 'Admin: changes settings too' },
];

interface OperatorFormProps {
  /** the operator to change; without it one is let in */
  operator?: Operator;
  onClose: () => void;
  onChanged: () => Promise<void>;
}

/** Lets somebody in, or changes their name, role or password. */
export function OperatorForm({ operator, onClose, onChanged }: OperatorFormProps) {
  const { id: environmentId, crosswalk } = useEnvironment();
  const { operator: self } = useSession();
  const [email, setEmail] = useState('');
  const [name, setName] = useState(operator?.name ?? '');
  const [password, setPassword] = useState('');
  const [role, setRole] = useState<OperatorRole>(operator?.roles[environmentId] ?? 'viewer');
  const add = async () => {
    try {
      await crosswalk.operator.create({ email: email.trim(), name: orNull(name), password, role });
      notify('Operator added. Tell them the password: they can change it.');
    } catch (error) {
      const holder = error instanceof ConflictError && error.errorCode === 'OPERATOR_EXISTS' ? error.resource?.id : undefined;
      if (holder === undefined) throw error;
      // Who has a role here keeps it: this form is to let somebody in.
      const here = (await crosswalk.operator.list()).find(({ id }) => id === holder)?.roles[environmentId];
      if (here !== undefined) {
        throw new Error(`${email.trim()} is an operator here already, as ${here}. To change that, edit them in the list.`);
      }
      await crosswalk.operator.update(holder, { role });
      notify('They are an operator already, and have this role now. Their password is as it was.');
    }
  };
  const change = async ({ id, version, name: before, roles: had }: Operator) => {
    await crosswalk.operator.update(
      id,
      {
        ...(orNull(name) === before ? {} : { name: orNull(name) }),
        ...(role === had[environmentId] ? {} : { role }),
        ...(password === '' ? {} : { password }),
      },
      { ifMatch: version },
    );
    notify('Operator changed.');
  };
  const save = async () => {
    await (operator === undefined ? add() : change(operator));
    await onChanged();
  };
  return (
    <FormDialog
      opened
      onClose={onClose}
      title={operator === undefined ? 'New operator' : 'Edit operator'}
      action={operator === undefined ? 'Add operator' : 'Save operator'}
      failed={operator === undefined ? 'Not added' : 'Not saved'}
      onSubmit={save}
    >
      {operator === undefined && (
        <TextInput
          label="Email"
          type="email"
          required
          withAsterisk={false}
          autoComplete="off"
          data-autofocus
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
      )}
      <TextInput
        label="Name"
        autoComplete="off"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        {...(operator === undefined ? {} : { 'data-autofocus': true })}
      />
      <NativeSelect
        label="Role in this environment"
        data={roles}
        value={role}
        onChange={(event) => setRole(roles.find(({ value }) => value === event.currentTarget.value)?.value ?? role)}
      />
      {operator === undefined ? (
        <NewPassword label="Password to begin with" value={password} onChange={setPassword} />
      ) : operator.id === self.id ? (
        <Text size="sm" c="dimmed">
          Your own email and password are changed in the menu at the top.
        </Text>
      ) : (
        <NewPassword label="New password" value={password} onChange={setPassword} optional />
      )}
    </FormDialog>
  );
}

function orNull(text: string): string | null {
  return text.trim() === '' ? null : text.trim();
}
