import { Modal, type ModalProps } from '@mantine/core';
import { useOpenDialog } from './open-dialogs.ts';

/** Something that is asked or shown over the page: its keys rest meanwhile, and the focus comes back to where it was. */
export function Dialog(props: ModalProps) {
  useOpenDialog(props.opened);
  return <Modal returnFocus={false} {...props} />;
}
