import { useCallback, useState } from 'react';

/** What this browser remembers under a name, or undefined. Storage may be refused: nothing is remembered then. */
export function readStored(name: string): string | undefined {
  try {
    return window.localStorage.getItem(`crosswalk ${name}`) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Remembers a text in this browser; undefined forgets it. */
export function writeStored(name: string, text: string | undefined): void {
  try {
    if (text === undefined) window.localStorage.removeItem(`crosswalk ${name}`);
    else window.localStorage.setItem(`crosswalk ${name}`, text);
  } catch {
    // A choice that is not remembered is made again.
  }
}

/** A list of texts that this browser remembers under a name. */
export function useStoredList(name: string, initial: readonly string[]): [string[], (list: string[]) => void] {
  const [lists, setLists] = useState<Record<string, string[]>>({});
  const write = useCallback(
    (list: string[]) => {
      setLists((before) => ({ ...before, [name]: list }));
      writeStored(name, JSON.stringify(list));
    },
    [name],
  );
  return [lists[name] ?? parseList(readStored(name)) ?? [...initial], write];
}

function parseList(text: string | undefined): string[] | undefined {
  try {
    const list: unknown = JSON.parse(text ?? 'null');
    return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : undefined;
  } catch {
    return undefined;
  }
}
