import { constants } from 'node:fs';
import { type FileHandle, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Cli, CommonOptions } from './cli.ts';
import { UsageError } from './exit.ts';

/** Stands for standard output where a file to write is named. */
export const standardOutput = '-';

/** A `UsageError` when nothing can be written to what is named, to be told before what takes long. */
export async function refuseUnwritable(path: string, { json }: CommonOptions): Promise<void> {
  if (path === standardOutput && json === true)
    throw new UsageError('--json prints to standard output, where - would write too: name a file');
  const found = path === standardOutput ? undefined : await stat(path).catch(() => undefined);
  if (found?.isDirectory()) throw new UsageError(`${path} is a directory: name a file in it`);
}

/**
 * Writes a file that is there when it is whole, or not at all: until then it has another name. What is there and is no file, such as a pipe or
 * a device, is written to as it is, and `-` is standard output. A `UsageError` when nothing can be written there.
 */
export async function writeWhole(cli: Cli, path: string, parts: AsyncIterable<Uint8Array | string>): Promise<void> {
  if (path === standardOutput) return cli.printBytes(parts);
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && !found.isFile()) {
    const sink = await opened(path, () => open(path, constants.O_WRONLY));
    return pipeline(parts, sink.createWriteStream());
  }
  const target = await targetOf(path);
  const unfinished = `${target}.unfinished`;
  const file = await opened(path, async () => {
    // One that an earlier run left behind may be readable by others, or be a link to somewhere else.
    await rm(unfinished, { force: true });
    // What is written names people: whoever else may read it, the owner says.
    const made = await open(unfinished, 'wx', 0o600);
    if (found !== undefined) await made.chmod(found.mode & 0o777);
    return made;
  });
  try {
    await pipeline(parts, file.createWriteStream());
    await rename(unfinished, target);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/** The file that symbolic links lead to, also when it is not there yet: it is replaced, and they stay. */
async function targetOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const next = Object(error).code === 'ENOENT' ? await readlink(path).catch(() => undefined) : undefined;
    return next === undefined ? path : targetOf(resolve(dirname(path), next));
  }
}

async function opened(path: string, open: () => Promise<FileHandle>): Promise<FileHandle> {
  try {
    return await open();
  } catch (error) {
    throw new UsageError(
      `${path} cannot be written (${Object(error).code}): name a file in a folder that is there and that you may write to`,
    );
  }
}
