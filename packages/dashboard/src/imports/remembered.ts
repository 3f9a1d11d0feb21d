import { readStored, writeStored } from '../data/stored.ts';

/** What this browser knows of an import that it sent, and the server does not. */
export interface RememberedImport {
  id: string;
  /** the name of the file */
  name: string;
  /** lines of the file that was sent for each line of the file that was chosen */
  rowsPerRecord: number;
}

/** Imports that a browser remembers, the newest. */
const most = 50;

/** What this browser remembers of an import. */
export function rememberedImport(id: string): RememberedImport | undefined {
  return all().find((one) => one.id === id);
}

/** Remembers an import. */
export function rememberImport(found: RememberedImport): void {
  writeStored('imports', JSON.stringify([found, ...all()].slice(0, most)));
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
    typeof value.rowsPerRecord === 'number'
  );
}
