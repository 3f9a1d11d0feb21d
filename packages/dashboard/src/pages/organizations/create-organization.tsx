import { TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useOpen } from '../../data/location.ts';
import { FormDialog } from '../../elements/form-dialog.tsx';
import { useEnvironment } from '../../session/environment.ts';

/** Makes an organization and opens it. */
export function CreateOrganization({ onClose }: { onClose: () => void }) {
  const { id: environmentId, crosswalk } = useEnvironment();
  const queries = useQueryClient();
  const open = useOpen();
  const [name, setName] = useState('');
  const [externalId, setExternalId] = useState('');
  const create = async () => {
    const made = await crosswalk.organization.create({ display_name: name, ...(externalId === '' ? {} : { external_id: externalId }) });
    await queries.invalidateQueries({ queryKey: [environmentId, 'organizations'] });
    return made;
  };
  return (
    <FormDialog
      opened
      onClose={onClose}
      title="New organization"
      action="Create organization"
      failed="Not created"
      onSubmit={create}
      onDone={({ id }) => void open(`/organizations/${id}`)}
    >
      <TextInput
        label="Name"
        required
        withAsterisk={false}
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <TextInput
        label="External ID"
        description="The ID of this customer in your own system, exactly. IDs in other systems can be added afterwards."
        value={externalId}
        onChange={(event) => setExternalId(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
