import { notifications } from '@mantine/notifications';

/** Tells that something was done, for a few seconds. Errors are shown where they happened instead, and stay. */
export function notify(message: string): void {
  notifications.show({ message, autoClose: 4000, withBorder: true, closeButtonProps: { 'aria-label': 'Close' } });
}
