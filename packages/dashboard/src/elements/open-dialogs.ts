import { useLayoutEffect, useRef } from 'react';

/** For each open dialog, where the focus goes back to: what had it when the dialog opened, then what had it before an outer dialog did. */
const open: HTMLElement[][] = [];

/** Whether something is asked or shown over the page. */
export function isDialogOpen(): boolean {
  return open.length > 0;
}

/**
 * Counts a dialog as open, and gives the focus back when it closes. The library does it for dialogs that stay in the page while they are
 * closed; most of ours are made when they open.
 */
export function useOpenDialog(opened: boolean): void {
  const origins = useRef<HTMLElement[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // Before the dialog takes the focus, which it does in an effect.
  useLayoutEffect(() => {
    if (!opened) return;
    clearTimeout(timer.current);
    const found = originsOfFocus();
    // Nothing of the page had the focus where it comes back from behind the sign-in: what had it before counts.
    if (found.length > 0) origins.current = found;
    const mine = origins.current;
    open.push(mine);
    return () => {
      open.splice(open.indexOf(mine), 1);
      const left = document.activeElement;
      // What closes the dialog may open another or move the focus itself.
      timer.current = setTimeout(() => giveBack(mine, left), 0);
    };
  }, [opened]);
}

/** What had the focus last: the item of a menu that opens a dialog is gone when the dialog is there. */
let last: HTMLElement | undefined;
document.addEventListener('focusin', ({ target }) => {
  if (!(target instanceof HTMLElement)) return;
  // Of a menu its button stays.
  last = document.getElementById(target.closest('[role=menu]')?.getAttribute('aria-labelledby') ?? '') ?? target;
});

function originsOfFocus(): HTMLElement[] {
  if (last?.isConnected !== true) return [];
  return [last, ...(last.closest('[role=dialog]') === null ? [] : (open.at(-1) ?? []))];
}

function giveBack(origins: HTMLElement[], left: Element | null): void {
  const active = document.activeElement;
  if (active !== null && active !== document.body && active !== left) return;
  // What opened it may be gone with what was deleted: the page itself takes the focus then.
  const target = [...origins, document.getElementById('content')].find((element) => element?.isConnected && element.checkVisibility());
  if (target == null || (isDialogOpen() && target.closest('[role=dialog]') === null)) return;
  target.focus({ preventScroll: true });
}
