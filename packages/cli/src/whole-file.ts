import { open, rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { UsageError } from './exit.ts';

/**
 * Writes a file that is there when it is whole, or not at all: until then it has another name. A `UsageError` when nothing can be written
 * there.
 */
export async function writeWhole(path: string, parts: AsyncIterable<Uint8Array | string>): Promise<void> {
  const unfinished = `${path}.unfinished`;
  const file = await open(unfinished, 'w').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${path} cannot be written (${error.code}): name a file in a folder that is there and that you may write to`);
  });
  try {
    await pipeline(parts, file.createWriteStream());
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
