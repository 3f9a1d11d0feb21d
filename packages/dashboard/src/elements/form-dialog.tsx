import { Button, Group, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Dialog } from './dialog.tsx';
import { Failure } from './failure.tsx';
import { useFormChanges, useUnsaved } from './unsaved.ts';

interface FormDialogProps<Result> {
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
  onSubmit: () => Promise<Result>;
  /** What comes after it, such as another page: not when the dialog was closed meanwhile. */
  onDone?: (result: Result) => void;
  size?: string;
  children: ReactNode;
}

/**
 * A form in a dialog. Its fields keep their state outside of it: in a component that is there while it is open. It asks before it loses
 * what was typed; Cancel is an answer already.
 */
export function FormDialog<Result>({
  opened,
  onClose,
  title,
  action,
  failed = 'Not saved',
  incomplete = false,
  onSubmit,
  onDone,
  size = 'md',
  children,
}: FormDialogProps<Result>) {
  const { ref, hasChanges, setSaved } = useFormChanges();
  const mayLeave = useUnsaved(hasChanges);
  const save = useMutation({ mutationFn: onSubmit });
  const submit = () =>
    save.mutate(undefined, {
      onSuccess: (result) => {
        setSaved();
        onDone?.(result);
        onClose();
      },
    });
  return (
    <Dialog opened={opened} onClose={() => mayLeave() && onClose()} title={title} size={size}>
      <form
        ref={ref}
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack>
          {children}
          {save.error !== null && <Failure title={failed} error={save.error} onCurrent={onClose} />}
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
    </Dialog>
  );
}
