import { Drawer, type DrawerProps } from '@mantine/core';
import { useOpenDialog } from './open-dialogs.ts';

/** A dialog beside the page, for the details of a row. */
export function SideDialog(props: DrawerProps) {
  useOpenDialog(props.opened);
  return <Drawer returnFocus={false} position="right" size="lg" {...props} />;
}
