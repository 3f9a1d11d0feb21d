import { open, rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { UsageError } from './exit.ts';

/** A `UsageError` when a path is that of a directory, to be told before what takes long. */
export async function refuseDirectory(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) throw new UsageError(`${path} is a directory: name a file in it`);
}

/**
 * Writes a file that is there when it is whole, or not at all: until then it has another name. A `UsageError` when nothing can be written
 * there.
 */
export async function writeWhole(path: string, parts: AsyncIterable<Uint8Array | string>): Promise<void> {
  await refuseDirectory(path);
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
