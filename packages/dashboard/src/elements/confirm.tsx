import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { Dialog } from './dialog.tsx';
import { Failure } from './failure.tsx';

interface ConfirmProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** what will be gone */
  children: ReactNode;
  /** what the button says: a verb and its object, such as "Delete organization" */
  action: string;
  /** A text to be typed first, for what cannot be undone. */
  typed?: string;
  /** Does it; the dialog closes when it has succeeded and shows the error when not. */
  onConfirm: () => Promise<unknown>;
  /** What comes after it, such as another page: not when the dialog was closed meanwhile. */
  onDone?: () => void;
}

/** Asks before something is destroyed. */
export function Confirm(props: ConfirmProps) {
  return (
    <Dialog opened={props.opened} onClose={props.onClose} title={props.title}>
      <Question {...props} />
    </Dialog>
  );
}

function Question({ onClose, children, action, typed, onConfirm, onDone }: ConfirmProps) {
  const [text, setText] = useState('');
  const act = useMutation({ mutationFn: onConfirm });
  const confirm = () =>
    act.mutate(undefined, {
      onSuccess: () => {
        onDone?.();
        onClose();
      },
    });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        confirm();
      }}
    >
      <Stack gap="md">
        <Text size="sm" component="div">
          {children}
        </Text>
        {typed !== undefined && (
          <TextInput
            label={
              <>
                Type <bdi>{typed}</bdi> to confirm
              </>
            }
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            autoComplete="off"
            data-autofocus
          />
        )}
        {act.error !== null && <Failure title="It was not done" error={act.error} onCurrent={onClose} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" color="red" loading={act.isPending} disabled={typed !== undefined && asRead(text) !== asRead(typed)}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** A text as one reads it: a page shows one space for several, and none at the ends. */
function asRead(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}
