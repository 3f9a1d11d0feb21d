import type { WebhookEndpoint } from '@crosswalk/sdk';
import { TagsInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { FormDialog } from '../elements/form-dialog.tsx';
import { typeFilters } from '../events/event-names.ts';

/** What people say of an endpoint. */
export interface EndpointDraft {
  url: string;
  description: string;
  event_types: string[];
}

interface EndpointFormProps {
  /** the endpoint to change; without one a new one is made */
  endpoint?: WebhookEndpoint;
  onClose: () => void;
  onSave: (draft: EndpointDraft) => Promise<unknown>;
}

/** Makes or changes an endpoint. */
export function EndpointForm({ endpoint, onClose, onSave }: EndpointFormProps) {
  const [url, setUrl] = useState(endpoint?.url ?? '');
  const [description, setDescription] = useState(endpoint?.description ?? '');
  const [types, setTypes] = useState(endpoint?.event_types ?? []);
  return (
    <FormDialog
      opened
      onClose={onClose}
      title={endpoint === undefined ? 'New webhook endpoint' : 'Edit the endpoint'}
      action={endpoint === undefined ? 'Create endpoint' : 'Save'}
      failed={endpoint === undefined ? 'Not created' : 'Not saved'}
      onSubmit={() => onSave({ url: url.trim(), description, event_types: types })}
    >
      <TextInput
        label="Address"
        description="An https address in public networks. Redirects are not followed."
        placeholder="https://app.example.com/hooks/crosswalk"
        required
        withAsterisk={false}
        value={url}
        onChange={(event) => setUrl(event.currentTarget.value)}
        data-autofocus
      />
      <TextInput
        label="Description"
        description="What listens there."
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
      <TagsInput
        label="Events"
        description="Types, or whole groups such as organization. None: every event."
        data={[...typeFilters]}
        value={types}
        onChange={setTypes}
        maxDropdownHeight={240}
      />
    </FormDialog>
  );
}
