import { useHotkeys } from '@mantine/hooks';
import { isDialogOpen } from './open-dialogs.ts';

/** Keys of a page. They rest while a dialog is open: none of them takes somebody away from what is half typed there. */
export function useKeys(keys: [key: string, run: () => void][], ignoredIn?: string[]): void {
  useHotkeys(
    keys.map(([key, run]): [string, () => void] => [
      key,
      () => {
        if (!isDialogOpen()) run();
      },
    ]),
    ignoredIn,
  );
}
