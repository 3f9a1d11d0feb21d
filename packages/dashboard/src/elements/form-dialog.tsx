import { Button, Group, Modal, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Failure } from './failure.tsx';

interface FormDialogProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** what the button says: a verb and its object */
  action: string;
  /** The title over an error; default "Not saved". */
  failed?: string;
  /** Nothing can be sent as it is. */
  incomplete?: boolean;
  /** Saves; the dialog closes when it has succeeded and shows the error when not. */
  onSubmit: () => Promise<unknown>;
  size?: string;
  children: ReactNode;
}

/** A form in a dialog. Its fields keep their state outside of it: in a component that is there while it is open. */
export function FormDialog({ opened, onClose, title, size = 'md', ...form }: FormDialogProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={title} size={size}>
      <Form onClose={onClose} {...form} />
    </Modal>
  );
}

function Form({
  onClose,
  action,
  failed = 'Not saved',
  incomplete = false,
  onSubmit,
  children,
}: Omit<FormDialogProps, 'opened' | 'title' | 'size'>) {
  const save = useMutation({ mutationFn: onSubmit, onSuccess: onClose });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack>
        {children}
        {save.error !== null && <Failure title={failed} error={save.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending} disabled={incomplete}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
