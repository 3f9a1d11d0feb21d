import { CrosswalkError, type DomainType } from '@crosswalk/sdk';
import { NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { FormDialog } from '../elements/form-dialog.tsx';
import { notify } from '../elements/notify.ts';
import { useEnvironment } from '../session/environment.ts';

const types: { value: DomainType; label: string; meaning: string }[] = [
  {
    value: 'ORGANIZATION_DOMAIN',
    label: 'Its own',
    meaning: 'The organization owns it, and proves that by a TXT record. One organization can have it.',
  },
  {
    value: 'ALLOWED_EMAIL_DOMAIN',
    label: 'For joining',
    meaning: 'People with an address of it may join. Any number of organizations can have it.',
  },
];

interface DomainFormProps {
  organizationId: string;
  onClose: () => void;
  onAdded: () => Promise<void>;
}

/** Gives a domain to an organization. */
export function DomainForm({ organizationId, onClose, onAdded }: DomainFormProps) {
  const { crosswalk } = useEnvironment();
  const [domain, setDomain] = useState('');
  const [type, setType] = useState<DomainType>('ORGANIZATION_DOMAIN');
  /** what the server has against the name as it is; told by the alert, which names the field */
  const [isRefused, setRefused] = useState(false);
  const save = async () => {
    try {
      await crosswalk.domain.create(organizationId, { domain: domain.trim(), domain_type: type });
    } catch (error) {
      setRefused(error instanceof CrosswalkError && error.fieldViolations.some(({ field }) => field === 'domain'));
      throw error;
    }
    await onAdded();
    notify('Domain added.');
  };
  return (
    <FormDialog
      opened
      onClose={onClose}
      title="Add domain"
      action="Add domain"
      failed="Not added"
      incomplete={domain.trim() === ''}
      onSubmit={save}
    >
      <TextInput
        label="Domain"
        description="Such as acme.example, without an address before it or a path behind it."
        required
        withAsterisk={false}
        data-autofocus
        value={domain}
        onChange={(event) => {
          setDomain(event.currentTarget.value);
          setRefused(false);
        }}
        error={isRefused}
      />
      <NativeSelect
        label="What it is"
        description={types.find(({ value }) => value === type)?.meaning}
        data={types.map(({ value, label }) => ({ value, label }))}
        value={type}
        onChange={(event) => setType(types.find(({ value }) => value === event.currentTarget.value)?.value ?? type)}
      />
    </FormDialog>
  );
}
