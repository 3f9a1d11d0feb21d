import { readStored, writeStored } from '../data/stored.ts';
import { type LeftOut, nothingLeftOut } from './left-out.ts';

/** What this browser knows of an import that it sent, and the server does not. */
export interface RememberedImport {
  id: string;
  /** the name of the file */
  name: string;
  /** lines of the file that was sent for each line of the file that was chosen */
  rowsPerRecord: number;
  /** lines of that file that were not sent; not there when nothing was left out, or the dashboard was older */
  leftOut?: LeftOut;
}

/** Imports that a browser remembers, the newest. */
const most = 50;

/** What this browser remembers of an import. */
export function rememberedImport(id: string): RememberedImport | undefined {
  return all().find((one) => one.id === id);
}

/** Remembers an import. */
export function rememberImport({ leftOut = nothingLeftOut, ...found }: RememberedImport): void {
  const one: RememberedImport = leftOut.count === 0 ? found : { ...found, leftOut };
  writeStored('imports', JSON.stringify([one, ...all()].slice(0, most)));
}

function all(): RememberedImport[] {
  try {
    const list: unknown = JSON.parse(readStored('imports') ?? '[]');
    return Array.isArray(list) ? list.filter(isRemembered) : [];
  } catch {
    return [];
  }
}

function isRemembered(value: unknown): value is RememberedImport {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string' &&
    'name' in value &&
    typeof value.name === 'string' &&
    'rowsPerRecord' in value &&
    typeof value.rowsPerRecord === 'number' &&
    (!('leftOut' in value) || isLeftOut(value.leftOut))
  );
}

function isLeftOut(value: unknown): value is LeftOut {
  return (
    typeof value === 'object' &&
    value !== null &&
    'count' in value &&
    typeof value.count === 'number' &&
    'first' in value &&
    Array.isArray(value.first) &&
    value.first.every(isRagged)
  );
}

function isRagged(value: unknown): boolean {
  const { line, cells, columns } = Object(value);
  return [line, cells, columns].every((count) => typeof count === 'number');
}
