import { randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { isSystemError } from './system-error.ts';

/**
 * Writes a small text file unless it is there already, and resolves to what it holds then, without the white space at
 * its ends. It is there whole or not at all, whenever the power fails, and of processes that write at once one wins.
 */
export async function writeOnce(path: string, text: string, mode = 0o644): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error;
  }
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, `${text}\n`, { mode, flush: true });
  try {
    // A link is made whole or not at all, and never over what is there.
    await link(draft, path);
  } catch (error) {
    if (!isSystemError(error, 'EEXIST')) throw error;
  } finally {
    await rm(draft);
  }
  return (await readFile(path, 'utf8')).trim();
}
