import { Group, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useOpen } from '../../data/location.ts';
import { FormDialog } from '../../elements/form-dialog.tsx';
import { useEnvironment } from '../../session/environment.ts';

/** Makes a user without a membership and opens their page. */
export function CreateUser({ onClose }: { onClose: () => void }) {
  const { id: environmentId, crosswalk } = useEnvironment();
  const queries = useQueryClient();
  const open = useOpen();
  const [email, setEmail] = useState('');
  const [givenName, setGivenName] = useState('');
  const [familyName, setFamilyName] = useState('');
  const [externalId, setExternalId] = useState('');
  const create = async () => {
    const made = await crosswalk.user.createUser({
      email: email.trim(),
      ...(externalId === '' ? {} : { external_id: externalId }),
      user_profile: {
        ...(givenName === '' ? {} : { given_name: givenName }),
        ...(familyName === '' ? {} : { family_name: familyName }),
      },
    });
    await queries.invalidateQueries({ queryKey: [environmentId, 'users'] });
    return made;
  };
  return (
    <FormDialog
      opened
      onClose={onClose}
      title="New user"
      action="Create user"
      failed="Not created"
      onSubmit={create}
      onDone={({ id }) => void open(`/users/${id}`)}
    >
      <TextInput
        label="Email"
        type="email"
        required
        withAsterisk={false}
        data-autofocus
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
      <Group grow>
        <TextInput label="Given name" value={givenName} onChange={(event) => setGivenName(event.currentTarget.value)} />
        <TextInput label="Family name" value={familyName} onChange={(event) => setFamilyName(event.currentTarget.value)} />
      </Group>
      <TextInput
        label="External ID"
        description="The ID of this person in your own system, exactly."
        value={externalId}
        onChange={(event) => setExternalId(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
