import { NativeSelect, Text } from '@mantine/core';
import { useState } from 'react';
import { FormDialog } from '../../elements/form-dialog.tsx';
import { useEnvironment } from '../../session/environment.ts';

const overlaps = [
  { value: '24', label: '24 hours' },
  { value: '1', label: '1 hour' },
  { value: '168', label: '7 days' },
  { value: '0', label: 'Not at all: the old secret is known to others' },
];

/** Gives an endpoint a new secret; the old one signs too for a while. */
export function RotateForm({ id, onClose, onRotated }: { id: string; onClose: () => void; onRotated: (secret: string) => void }) {
  const { crosswalk } = useEnvironment();
  const [hours, setHours] = useState('24');
  return (
    <FormDialog
      opened
      onClose={onClose}
      title="Rotate the secret"
      action="Make a new secret"
      failed="Not rotated"
      onSubmit={async () => {
        const { secret } = await crosswalk.webhookEndpoint.rotateSecret(id, { overlapHours: Number(hours) });
        onRotated(secret);
      }}
    >
      <Text size="sm">Messages are signed with both secrets for a while, so that your receiver can change over without missing any.</Text>
      <NativeSelect
        label="The old secret signs too for"
        data={overlaps}
        value={hours}
        onChange={(event) => setHours(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
