import { Button, Group, Modal, PasswordInput, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Failure } from '../elements/failure.tsx';
import { notify } from '../elements/notify.ts';
import { NewPassword } from './new-password.tsx';
import { dashboardSession } from './session.ts';

/** Changes one's own password, which ends one's sessions in other browsers. */
export function ChangePassword({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="Change password">
      <Form onClose={onClose} />
    </Modal>
  );
}

function Form({ onClose }: { onClose: () => void }) {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const change = useMutation({
    mutationFn: () => dashboardSession.changePassword({ current_password: current, new_password: next }),
    onSuccess: () => {
      notify('Password changed. Your sessions in other browsers have ended.');
      onClose();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate();
      }}
    >
      <Stack>
        <Text size="sm" c="dimmed">
          Sessions in other browsers end; this one goes on.
        </Text>
        <PasswordInput
          label="Current password"
          required
          withAsterisk={false}
          autoComplete="current-password"
          data-autofocus
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
        <NewPassword label="New password" value={next} onChange={setNext} />
        {change.error !== null && <Failure title="Not changed" error={change.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={change.isPending}>
            Change password
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
