import { Kbd } from '@mantine/core';
import { useEffect } from 'react';
import { useOpen } from '../data/location.ts';
import { Dialog } from '../elements/dialog.tsx';
import { isDialogOpen } from '../elements/open-dialogs.ts';
import { useEnvironment } from '../session/environment.ts';
import { entriesFor } from './navigation.ts';
import classes from './shell.module.css';

/** How long the second key may come after `g`. Milliseconds. */
const patience = 1200;

/** Keys that work on pages with a table or a record; the pages bring them to life. */
const ofPages: [string, string[]][] = [
  ['Search everything', ['Ctrl', 'K']],
  ['Filter the table', ['/']],
  ['Next and previous row', ['↓', '↑']],
  ['Open the row', ['Enter']],
  ['New record', ['c']],
  ['Edit metadata', ['e']],
  ['Close a dialog', ['Esc']],
  ['These shortcuts', ['?']],
];

/** Opens a page by `g` and its key, wherever one is not typing and no dialog is open. */
export function useGoKeys(): void {
  const open = useOpen();
  const { mayAdminister } = useEnvironment();
  useEffect(() => {
    let pressed = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || isDialogOpen()) return;
      if (event.key === 'g') {
        pressed = Date.now();
        return;
      }
      if (Date.now() - pressed > patience) return;
      pressed = 0;
      const entry = entriesFor(mayAdminister).find(({ key }) => key === event.key);
      if (entry === undefined) return;
      event.preventDefault();
      open(entry.to);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [open, mayAdminister]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));
}

/** Tells the keys. */
export function Shortcuts({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { mayAdminister } = useEnvironment();
  const pages = entriesFor(mayAdminister).map(({ label, key }): [string, string[]] => [label, ['g', key]]);
  return (
    <Dialog opened={opened} onClose={onClose} title="Keyboard shortcuts">
      <dl className={classes.keys}>
        {[...ofPages, ...pages].map(([label, keys]) => (
          <Row key={label} label={label} keys={keys} />
        ))}
      </dl>
    </Dialog>
  );
}

function Row({ label, keys }: { label: string; keys: string[] }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>
        {keys.map((key) => (
          <Kbd key={key}>{key}</Kbd>
        ))}
      </dd>
    </>
  );
}
