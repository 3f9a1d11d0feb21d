import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { messageOf } from './errors.ts';
import { UsageError } from './exit.ts';
import type { Streams } from './streams.ts';

/** A file that is read as it is sent. */
export interface SourceFile {
  /** for people */
  name: string;
  /** `ndjson` or `csv`, by the ending of its name; undefined when that does not tell */
  format: 'ndjson' | 'csv' | undefined;
  /** bytes; undefined when they come through a pipe */
  size: number | undefined;
  bytes: AsyncIterable<Uint8Array>;
}

/** Bytes that are read at a time. */
const chunk = 256 * 1024;

const endings: Record<string, 'ndjson' | 'csv'> = { '.csv': 'csv', '.ndjson': 'ndjson', '.jsonl': 'ndjson' };

/** Opens a file; `-` is standard input. A `UsageError` when it cannot be read or is none of text. */
export async function openFile(path: string, { input }: Streams): Promise<SourceFile> {
  if (path === '-') return { name: 'standard input', format: undefined, size: undefined, bytes: textOf(path, bytesOf(input ?? [])) };
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw new Error('it is a directory');
    const size = found.isFile() ? found.size : undefined;
    return { name: path, format: endings[extname(path).toLowerCase()], size, bytes: textOf(path, bytesAt(path)) };
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** The bytes of a file, which is opened when they are asked for: what is refused before that leaves nothing open. */
async function* bytesAt(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: chunk });
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): UsageError {
  return new UsageError(`${path} cannot be read: ${messageOf(error)}`);
}

async function* bytesOf(input: AsyncIterable<string | Uint8Array> | Iterable<never>): AsyncGenerator<Uint8Array> {
  for await (const part of input) yield typeof part === 'string' ? Buffer.from(part) : part;
}

/** What files begin with that are not text, and what to do about them. */
const others: [beginning: number[], what: string][] = [
  [[0x50, 0x4b, 0x03, 0x04], 'is an Excel workbook or a ZIP file: save the sheet as CSV UTF-8'],
  [[0x1f, 0x8b], 'is compressed: gunzip -c FILE | crosswalk … -'],
  [[0xff, 0xfe], 'is in UTF-16: save it as CSV UTF-8'],
  [[0xfe, 0xff], 'is in UTF-16: save it as CSV UTF-8'],
];

/** The same bytes; a `UsageError` at the first when they begin as something else than text does. */
async function* textOf(path: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for await (const part of bytes) {
    const what = isFirst ? others.find(([beginning]) => beginning.every((byte, index) => part[index] === byte))?.[1] : undefined;
    if (what !== undefined) throw new UsageError(`${path === '-' ? 'standard input' : path} ${what}`);
    isFirst = false;
    yield part;
  }
}
